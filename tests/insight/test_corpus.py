"""Definitions and templates of every kind are read whole: what is not understood is said."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.insight import load
from constructs_lib.insight.findings import find_all
from constructs_lib.insight.model import Assembly
from constructs_lib.states_language.fields import STATE_FIELDS

_CORPUS = Path(__file__).parent / "corpus"
_SHARED = Path(
    os.environ.get("DUET_PARITY_FOLDER", Path(__file__).parents[3] / "shared" / "parity")
)
_OWN = (
    *sorted(_CORPUS.glob("*.*")),
    _CORPUS / "sam" / "template.yaml",
    _CORPUS / "nested" / "parent.json",
)
#: Published ones, where they are kept beside the project.
_PUBLISHED = tuple(sorted((_SHARED / "asl").glob("*.asl.*")))


def _name(path: Path) -> str:
    return path.name


def _states_in(definition: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every state of a definition, found without knowing what has branches."""
    if isinstance(definition, Mapping):
        states = definition.get("States")
        if isinstance(states, Mapping):
            yield from states.items()
        for inner in definition.values():
            yield from _states_in(inner)
    elif isinstance(definition, list):
        for inner in definition:
            yield from _states_in(inner)


@pytest.mark.parametrize("path", [*_OWN, *_PUBLISHED], ids=_name)
def test_every_state_of_a_file_is_read_with_all_its_fields(path: Path) -> None:
    assembly = load(path)

    assert assembly.workflows
    for workflow in assembly.workflows:
        read = sorted((state.name, dict(state.fields)) for state in workflow.machine.all_states())
        assert read == sorted(
            (name, dict(fields)) for name, fields in _states_in(workflow.machine.definition)
        )


@pytest.mark.parametrize("path", [*_OWN, *_PUBLISHED], ids=_name)
def test_a_field_that_is_not_known_is_said(path: Path) -> None:
    assembly = load(path)
    said = " ".join(note.text for note in assembly.notes)

    for workflow in assembly.workflows:
        for state in workflow.machine.all_states():
            known = STATE_FIELDS.get(state.type)
            for field in state.fields if known else ():
                assert known is not None
                assert field in known or (field in state.unknown_fields and field in said)


@pytest.mark.parametrize("path", [*_OWN, *_PUBLISHED], ids=_name)
def test_the_rules_can_be_applied_to_a_file(path: Path) -> None:
    for finding in find_all(load(path)):
        assert finding.what


def _kinds(path: str) -> dict[str, tuple[str, str, str, str]]:
    (workflow,) = load(_CORPUS / path).workflows
    return {
        state.name: (state.task.kind, state.task.service, state.task.action, state.task.pattern)
        for state in workflow.machine.all_states()
        if state.task
    }


def test_a_task_is_told_by_its_resource() -> None:
    kinds = _kinds("integrations.asl.json")

    assert kinds["Ecs"] == ("optimized", "ecs", "runTask", "sync")
    assert kinds["Api"] == ("optimized", "apigateway", "invoke", "wait_for_task_token")
    assert kinds["Gov"] == ("sdk", "sfn", "sendTaskSuccess", "request_response")
    assert kinds["Placeholder"] == ("sdk", "s3", "getObject", "request_response")
    assert kinds["Unknown"] == ("unknown", "", "", "request_response")
    assert _kinds("distributed_map.asl.json")["Child"][0] == "nested"
    assert _kinds("every_state_jsonata.asl.json")["Ask"][0] == "http"
    assert {"activity", "lambda"} <= {
        one[0] for one in _kinds("every_state_jsonpath.asl.json").values()
    }


def test_transitions_have_their_kinds_and_labels() -> None:
    (workflow,) = load(_CORPUS / "every_state_jsonpath.asl.json").workflows
    choice = workflow.machine.state("How paid")

    assert choice is not None
    assert [(way.kind, way.target) for way in choice.transitions] == [
        ("choice", "Both"),
        ("choice", "Both"),
        ("choice", "Later"),
        ("choice", "Later"),
        ("default", "Broken"),
    ]
    assert choice.transitions[0].label == "($.paid is present) and ($.paid = true)"
    assert choice.transitions[1].label == '($.method = "card") or ($.method matches "card-*")'
    assert choice.transitions[2].label == "not ($.total > $.limit)"


def test_a_query_language_may_be_set_by_state() -> None:
    (workflow,) = load(_CORPUS / "mixed_languages.asl.yaml").workflows

    languages = {state.name: state.query_language for state in workflow.machine.all_states()}

    assert languages == {"on": "JSONPath", "404": "JSONata", "merged": "JSONPath"}


def test_short_forms_are_read_with_conditions_and_mappings_decided() -> None:
    assembly = load(_CORPUS / "template_short_forms.yaml")
    (workflow,) = assembly.workflows
    states = {state.name: state for state in workflow.machine.states}
    (rule,) = assembly.rules

    assert workflow.kind == "EXPRESS"
    assert states["Wait"].fields["Seconds"] == 1
    assert states["Store"].task is not None
    assert states["Store"].task.target is not None
    assert states["Store"].task.target.key == "template_short_forms/Table"
    assert states["Store"].task.parameters["Item"] == {"pk": {"S": "ORDER#b"}}
    assert rule.bus == "template_short_forms/Bus"
    assert not rule.enabled


def _sam() -> Assembly:
    return load(_CORPUS / "sam" / "template.yaml")


def test_a_sam_application_is_read_with_its_definition_file_and_events() -> None:
    assembly = _sam()
    orders = next(one for one in assembly.workflows if one.resource.key == "template/Orders")
    (rule,) = assembly.rules

    assert [state.fields.get("Seconds") for state in orders.machine.states] == [5, None]
    assert orders.traced
    assert rule.bus == "template/Bus"
    assert rule.targets[0].destination.key == "template/Orders"
    assert rule.targets[0].dead_letter is not None
    assert [source.source.key for source in assembly.functions[0].sources] == ["template/Inbox"]


def test_what_sam_refuses_is_said_and_read_as_it_stands() -> None:
    assembly = _sam()
    refused = next(one for one in assembly.workflows if one.resource.key == "template/Refused")

    assert [state.name for state in refused.machine.states] == ["Still read"]
    assert re.search(r"Refused.*Telepathy", " ".join(note.text for note in assembly.notes))


def test_an_application_that_lies_in_aws_is_said_and_not_asked_for() -> None:
    assembly = _sam()

    assert "application 'Store' lies in AWS" in " ".join(note.text for note in assembly.notes)
    assert assembly.resources["template/Store"].type == "AWS::Serverless::Application"


def test_nested_stacks_are_read_and_joined() -> None:
    assembly = load(_CORPUS / "nested" / "parent.json")
    (rule,) = assembly.rules
    (pipe,) = assembly.pipes

    assert assembly.stacks == ("parent", "parent.Child")
    assert rule.bus == "parent/Bus"
    assert rule.pattern == {"source": ["shop"]}
    assert rule.targets[0].destination.key == "parent.Child/Work"
    assert pipe.target.key == "parent.Child/Work"
    assert "parent/Lost" in " ".join(note.text for note in assembly.notes)


def test_substitutions_without_a_value_do_not_hide_a_definition() -> None:
    assembly = load(_CORPUS / "substitutions.asl.json")
    (workflow,) = assembly.workflows

    assert workflow.machine.states[0].fields["Seconds"] == "${Seconds}"
    assert "substitutions" in assembly.notes[0].text
