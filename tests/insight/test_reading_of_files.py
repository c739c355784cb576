"""Files as people have them: with comments, in other encodings, in envelopes, in a folder."""

import json
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.insight import InsightError, load
from constructs_lib.insight.model import Assembly

_MACHINE: dict[str, Any] = {
    "StartAt": "Ask",
    "States": {"Ask": {"Type": "Pass", "Next": "Done"}, "Done": {"Type": "Succeed"}},
}
_TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Work": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {"Definition": _MACHINE},
        }
    }
}


def _read(path: Path, text: str, encoding: str = "utf-8") -> Assembly:
    path.write_bytes(text.encode(encoding))
    return load(path)


def _states(assembly: Assembly) -> list[list[str]]:
    return [[state.name for state in one.machine.all_states()] for one in assembly.workflows]


def _said(assembly: Assembly) -> str:
    return "\n".join(note.text for note in assembly.notes)


def test_comments_between_the_states_are_passed_over_and_said(tmp_path: Path) -> None:
    text = """// how we ask
    {
      "Comment": "see https://example.org/a /* not one */",
      "StartAt": "Ask", /* the first
                           of two */
      'States': {Ask: {Type: "Pass", "Next": "Done"}, "Done": {"Type": "Succeed"},}
    }"""

    assembly = _read(tmp_path / "ask.json5", text)

    assert _states(assembly) == [["Ask", "Done"]]
    assert assembly.workflows[0].machine.comment == "see https://example.org/a /* not one */"
    assert "it was read as JSON5" in _said(assembly)


def test_a_name_that_stands_twice_is_said_once_however_often_the_file_is_tried(
    tmp_path: Path,
) -> None:
    text = '{"StartAt": "A", "StartAt": "A", "States": {"A": {"Type": "Succeed"}}} // end'

    assert _said(_read(tmp_path / "a.json", text)).count("stands twice") == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("name", ["work.asl.json", "work.asl.yaml"])
def test_the_encoding_of_a_file_is_recognized(name: str, encoding: str, tmp_path: Path) -> None:
    text = (
        json.dumps(_MACHINE)
        if name.endswith("json")
        else "StartAt: Ask\nStates: {Ask: {Type: Fail}}"
    )

    assert _states(_read(tmp_path / name, text, encoding))[0][0] == "Ask"


def test_of_several_yaml_documents_the_only_definition_is_read_and_that_is_said(
    tmp_path: Path,
) -> None:
    text = "title: how we ask\n---\nStartAt: Ask\nStates:\n  Ask: {Type: Succeed}\n---\n"

    assembly = _read(tmp_path / "ask.yaml", text)

    assert _states(assembly) == [["Ask"]]
    assert "holds 2 YAML documents" in _said(assembly)


def test_several_yaml_documents_with_definitions_are_refused(tmp_path: Path) -> None:
    text = "StartAt: A\nStates: {A: {Type: Fail}}\n---\nStartAt: B\nStates: {B: {Type: Fail}}\n"

    with pytest.raises(InsightError, match="got 2 YAML documents of which 2 are; put each in"):
        _read(tmp_path / "two.yaml", text)


def test_what_describe_state_machine_prints_is_read_with_its_kind_and_logging(
    tmp_path: Path,
) -> None:
    printed = {
        "stateMachineArn": "arn:aws:states:eu-west-1:111122223333:stateMachine:ask-them",
        "name": "ask-them",
        "status": "ACTIVE",
        "definition": json.dumps(_MACHINE),
        "roleArn": "arn:aws:iam::111122223333:role/ask",
        "type": "EXPRESS",
        "creationDate": "2026-11-27T08:00:00Z",
        "loggingConfiguration": {"level": "ALL", "includeExecutionData": True},
        "tracingConfiguration": {"enabled": True},
    }

    assembly = _read(tmp_path / "described.json", json.dumps(printed))

    (workflow,) = assembly.workflows
    assert workflow.resource.name == "ask-them"
    assert workflow.kind == "EXPRESS"
    assert (workflow.logging_level, workflow.logs_execution_data, workflow.traced) == (
        "ALL",
        True,
        True,
    )
    assert _states(assembly) == [["Ask", "Done"]]


@pytest.mark.parametrize(
    "body",
    [
        _TEMPLATE,
        json.dumps(_TEMPLATE),
        "Resources:\n  Work:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n"
        "      DefinitionString: !Sub '" + json.dumps(_MACHINE) + "'\n",
    ],
    ids=["an object", "JSON", "YAML"],
)
def test_what_get_template_prints_is_read(body: object, tmp_path: Path) -> None:
    printed = {"TemplateBody": body, "StagesAvailable": ["Original", "Processed"]}

    assert _states(_read(tmp_path / "got.json", json.dumps(printed))) == [["Ask", "Done"]]


def test_a_template_that_was_printed_as_one_text_is_read(tmp_path: Path) -> None:
    text = json.dumps(json.dumps(_TEMPLATE, indent=2))

    assert _states(_read(tmp_path / "got.json", text)) == [["Ask", "Done"]]


def test_a_definition_under_a_name_of_its_own_is_read_and_said(tmp_path: Path) -> None:
    assembly = _read(tmp_path / "case.json", json.dumps({"given": _MACHINE, "expected": "SUCCESS"}))

    assert _states(assembly) == [["Ask", "Done"]]
    assert "what stands under 'given' was read" in _said(assembly)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("main.tf", "resource {}", "got a .tf file; Terraform is not read"),
        ("app.py", "import aws_cdk", "got a .py file; run cdk synth, and name cdk.out"),
        ("manifest.json", '{"version": "55", "artifacts": {}}', "name the folder it is in"),
        ("list.json", '{"stateMachines": []}', "describe-state-machine"),
        ("stacks.json", '{"Stacks": []}', "save that of aws cloudformation get-template"),
        ("api.yaml", "openapi: 3.1.0\n", "got an OpenAPI document"),
        (
            "serverless.yml",
            "service: a\nprovider: {name: aws}\nresources: {Resources: {}}\n",
            "run serverless package",
        ),
    ],
)
def test_other_files_are_refused_with_what_they_are_and_what_to_name(
    name: str, text: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(InsightError, match=said):
        _read(tmp_path / name, text)


def test_a_folder_is_read_with_all_templates_and_definitions_in_it(tmp_path: Path) -> None:
    bus = {"Resources": {"Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "b"}}}}
    (tmp_path / "template.json").write_text(json.dumps(_TEMPLATE), encoding="utf-8")
    (tmp_path / "bus.template.json").write_text(json.dumps(bus), encoding="utf-8")
    (tmp_path / "alone.asl.json").write_text(json.dumps(_MACHINE), encoding="utf-8")
    (tmp_path / "package.json").write_text('{"name": "shop"}', encoding="utf-8")
    (tmp_path / "broken.asl.json").write_text('{"StartAt":', encoding="utf-8")

    assembly = load(tmp_path)

    assert set(assembly.stacks) == {"template", "bus"}
    assert [one.resource.key for one in assembly.workflows] == ["template/Work", "alone"]
    assert [bus.key for bus in assembly.buses] == ["bus/Bus"]
    assert "not read: package.json" in _said(assembly)
    assert "broken.asl.json must be JSON" in _said(assembly)


def test_what_a_template_of_a_folder_names_is_not_read_a_second_time(tmp_path: Path) -> None:
    parent = {
        "Resources": {
            "Child": {
                "Type": "AWS::CloudFormation::Stack",
                "Properties": {"TemplateURL": "./child.json"},
            },
            "Own": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {"DefinitionS3Location": {"Bucket": "b", "Key": "own.asl.json"}},
            },
        }
    }
    (tmp_path / "a-parent.json").write_text(json.dumps(parent), encoding="utf-8")
    (tmp_path / "child.json").write_text(json.dumps(_TEMPLATE), encoding="utf-8")
    (tmp_path / "own.asl.json").write_text(json.dumps(_MACHINE), encoding="utf-8")

    assembly = load(tmp_path)

    assert sorted(one.resource.key for one in assembly.workflows) == [
        "a-parent.Child/Work",
        "a-parent/Own",
    ]


def test_files_of_one_name_in_a_folder_are_told_apart(tmp_path: Path) -> None:
    for name in ("work.json", "work.template", "work.asl.yaml"):
        content = _MACHINE if ".asl" in name else _TEMPLATE
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")

    assert [one.resource.key for one in load(tmp_path).workflows] == [
        "work/Work",
        "work#2/Work",
        "work",
    ]


def test_a_folder_of_an_app_that_was_synthesized_says_which_folder_to_name(tmp_path: Path) -> None:
    (tmp_path / "cdk.out").mkdir()
    (tmp_path / "cdk.json").write_text("{}", encoding="utf-8")

    with pytest.raises(InsightError, match=r"name .*cdk\.out"):
        load(tmp_path)


def test_nothing_after_a_name_is_no_text(tmp_path: Path) -> None:
    text = (
        "StartAt: A\nStates:\n  A:\n    Type: Pass\n    Result:\n    ResultPath: ~\n    End: true\n"
    )

    (state,) = _read(tmp_path / "a.yaml", text).workflows[0].machine.states

    assert (state.fields["Result"], state.fields["ResultPath"]) == (None, None)


def test_what_is_wrong_besides_a_substitution_is_what_is_told(tmp_path: Path) -> None:
    text = '{"StartAt": "A", "TimeoutSeconds": ${seconds},\n"States": {"A": %(state)s}'

    with pytest.raises(InsightError, match=r"must be JSON, got: .* line 2 column 17"):
        _read(tmp_path / "a.asl.json", text)
