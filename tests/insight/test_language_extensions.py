"""Loops and snippets of templates are written out as AWS does it; what only AWS knows is said."""

import json
from pathlib import Path
from typing import Any

from constructs_lib.insight import load
from constructs_lib.insight.model import Assembly


def _queue(name: str) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": name}}}


def _load(folder: Path, template: dict[str, Any]) -> Assembly:
    path = folder / "template.json"
    path.write_text(json.dumps({"Transform": "AWS::LanguageExtensions", **template}), "utf-8")
    return load(path)


def _queues(assembly: Assembly) -> list[str]:
    return [queue.resource.place.logical_id for queue in assembly.queues]


def test_a_loop_makes_a_resource_of_each_value(tmp_path: Path) -> None:
    loop = {
        "Fn::ForEach::Shops": ["Shop", ["east", "west-2"], {"Queue&{Shop}": _queue("q-${Shop}")}]
    }

    assembly = _load(tmp_path, {"Resources": loop})

    assert _queues(assembly) == ["Queueeast", "Queuewest2"]
    assert assembly.resources["template/Queuewest2"].properties["QueueName"] == {
        "Fn::Sub": "q-west-2"
    }
    assert assembly.notes == ()


def test_a_loop_goes_over_the_default_of_a_list_and_over_what_a_mapping_has(tmp_path: Path) -> None:
    template = {
        "Parameters": {"Names": {"Type": "CommaDelimitedList", "Default": "a, b"}},
        "Mappings": {"More": {"here": {"names": ["c"]}}},
        "Resources": {
            "Fn::ForEach::One": ["Name", {"Ref": "Names"}, {"One${Name}": _queue("x")}],
            "Fn::ForEach::Two": [
                "Name",
                {"Fn::FindInMap": ["More", "here", "names"]},
                {"Two${Name}": _queue("x")},
            ],
        },
    }

    assert _queues(_load(tmp_path, template)) == ["Onea", "Oneb", "Twoc"]


def test_loops_stand_within_loops_and_within_resources(tmp_path: Path) -> None:
    rule = {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventPattern": {"Fn::ForEach::Fields": ["Field", ["source"], {"${Field}": ["shop"]}]}
        },
    }
    inner = {"Fn::ForEach::Kinds": ["Kind", ["Fast", "Slow"], {"${Shop}${Kind}": rule}]}

    assembly = _load(tmp_path, {"Resources": {"Fn::ForEach::Shops": ["Shop", ["A", "B"], inner]}})

    assert [rule.resource.place.logical_id for rule in assembly.rules] == [
        "AFast",
        "ASlow",
        "BFast",
        "BSlow",
    ]
    assert assembly.rules[0].pattern == {"source": ["shop"]}


def test_a_loop_over_what_only_aws_knows_is_read_once_and_said(tmp_path: Path) -> None:
    template = {
        "Parameters": {"Names": {"Type": "CommaDelimitedList"}},
        "Resources": {"Fn::ForEach::One": ["Name", {"Ref": "Names"}, {"One${Name}": _queue("x")}]},
    }

    assembly = _load(tmp_path, template)

    assert _queues(assembly) == ["OneName"]
    assert "Fn::ForEach::One goes over is known in AWS only" in assembly.notes[0].text


def test_a_malformed_loop_is_said(tmp_path: Path) -> None:
    assembly = _load(tmp_path, {"Resources": {"Fn::ForEach::One": ["Name"]}})

    assert "Fn::ForEach::One must be given a name, a list and an object" in assembly.notes[0].text


def _with_definition(location: object) -> dict[str, Any]:
    include = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": location}}}
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"Definition": include}}
    return {"Resources": {"Work": machine}}


def test_a_definition_that_is_included_from_a_local_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "work.yaml").write_text("StartAt: A\nStates: {A: {Type: Succeed}}", "utf-8")

    (workflow,) = _load(tmp_path, _with_definition("./work.yaml")).workflows

    assert [state.name for state in workflow.machine.states] == ["A"]


def test_what_is_included_from_aws_is_said(tmp_path: Path) -> None:
    assembly = _load(tmp_path, _with_definition("s3://bucket/work.yaml"))

    assert "AWS::Include of 's3://bucket/work.yaml' is no local file" in assembly.notes[0].text


def test_a_length_and_the_default_of_a_mapping_are_known(tmp_path: Path) -> None:
    mapped = {"Fn::FindInMap": ["None", "here", "at-all", {"DefaultValue": "kept"}]}
    machine = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Pass", "Comment": mapped, "Result": {"Fn::Length": [1, 2]}, "End": True}
        },
    }
    template = {
        "Resources": {
            "Work": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {"Definition": machine},
            }
        }
    }

    (state,) = _load(tmp_path, template).workflows[0].machine.states

    assert (state.fields["Comment"], state.fields["Result"]) == ("kept", "2")
