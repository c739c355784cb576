"""No address or name of a person goes into events, notices, execution names or logs."""

import json
import re
from collections.abc import Iterator, Mapping

import pytest

from constructs_lib.templates.json_value import JsonValue
from tests.security.assemblies import Assembly, Template

_PERSONAL = re.compile(r"e-?mail|name|phone|address", re.IGNORECASE)
# What has such a word in it and says nothing of a person.
_HARMLESS = re.compile(
    r"(?:\$states\.context\.|\$\$\.)(?:Execution|State|StateMachine)\.Name|\w*emailHash"
)
#: The tasks by which data leaves a workflow for others, and the parameters that carry it.
#: A mail or a call by address is not among them: it goes to the person.
_OUTWARD = {
    "events:putEvents": ("Detail",),
    "sns:publish": ("Message", "Subject", "MessageAttributes"),
    "states:startExecution": ("Name",),
    "aws-sdk:sfn:startExecution": ("Name",),
}


def _tasks(states: Mapping[str, JsonValue]) -> Iterator[tuple[str, Mapping[str, JsonValue]]]:
    """Every task of a workflow, those in branches and maps included."""
    for name, state in states.items():
        assert isinstance(state, Mapping)
        if state["Type"] == "Task":
            yield name, state
        inner = state.get("Branches", [])
        assert isinstance(inner, list)
        for machine in (*inner, state.get("ItemProcessor"), state.get("Iterator")):
            if isinstance(machine, Mapping) and isinstance(machine["States"], Mapping):
                yield from _tasks(machine["States"])


def _values(value: JsonValue, key: str) -> Iterator[JsonValue]:
    """What stands under ``key``, or ``key.$``, at any depth."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            if name.removesuffix(".$") == key:
                yield part
            else:
                yield from _values(part, key)
    elif isinstance(value, list):
        for part in value:
            yield from _values(part, key)


def _personal_data(definition: Mapping[str, JsonValue]) -> list[str]:
    """The tasks that hand an address or a name to others."""
    states = definition["States"]
    assert isinstance(states, Mapping)
    found = []
    for name, task in _tasks(states):
        resource = str(task["Resource"]).partition(":states:::")[2]
        for suffix in (".waitForTaskToken", ".sync:2", ".sync"):
            resource = resource.removesuffix(suffix)
        arguments = task.get("Parameters", task.get("Arguments", {}))
        for parameter in _OUTWARD.get(resource, ()):
            for value in _values(arguments, parameter):
                if word := _PERSONAL.search(_HARMLESS.sub("", json.dumps(value))):
                    found.append(f"{name}: {parameter} mentions {word.group()!r}")
    return found


def _logged_data(template: Template) -> list[str]:
    """The state machines that write inputs and outputs into their log."""
    return [
        logical_id
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == "AWS::StepFunctions::StateMachine"
        and resource["Properties"].get("LoggingConfiguration", {}).get("IncludeExecutionData")
    ]


def test_no_workflow_hands_personal_data_to_others(assemblies: Mapping[str, Assembly]) -> None:
    assert [
        f"{app}, {workflow}: {finding}"
        for app, assembly in assemblies.items()
        for workflow, definition in assembly.workflows().items()
        for finding in _personal_data(definition)
    ] == []


def test_no_workflow_logs_inputs_and_outputs(assemblies: Mapping[str, Assembly]) -> None:
    assert [
        f"{app}, {stack}: {logical_id}"
        for app, assembly in assemblies.items()
        for stack, template in assembly.read().items()
        for logical_id in _logged_data(template)
    ] == []


@pytest.mark.parametrize(
    ("resource", "arguments"),
    [
        ("events:putEvents", {"Entries": [{"Detail": {"email": "{% $x %}"}}]}),
        ("events:putEvents", {"Entries": [{"Detail": {"who.$": "$.requesterEmail"}}]}),
        ("events:putEvents", {"Entries": [{"Detail": {"who": "{% $name %}"}}]}),
        ("sns:publish", {"Message": {"who": "{% $email %}"}}),
        ("sns:publish", {"Subject.$": "States.Format('{}', $.name)", "Message": "x"}),
        ("states:startExecution.sync:2", {"Name": "{% $email %}"}),
    ],
    ids=str,
)
@pytest.mark.parametrize("nested", [False, True])
def test_personal_data_is_found(
    resource: str, arguments: dict[str, JsonValue], nested: bool
) -> None:
    task: dict[str, JsonValue] = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{resource}",
        "Parameters": arguments,
    }
    states: dict[str, JsonValue] = {"Tell": task}
    if nested:
        states = {"All": {"Type": "Parallel", "Branches": [{"States": states}]}}

    assert _personal_data({"States": states})


def test_the_name_of_an_execution_is_not_a_persons() -> None:
    detail = {"requestId": "{% $states.context.Execution.Name %}", "emailHash": "{% $emailHash %}"}
    task: dict[str, JsonValue] = {
        "Type": "Task",
        "Resource": "arn:aws:states:::events:putEvents",
        "Arguments": {"Entries": [{"Detail": detail}]},
    }

    assert _personal_data({"States": {"Tell": task}}) == []


def test_a_workflow_that_logs_data_is_found() -> None:
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"LoggingConfiguration": {"IncludeExecutionData": True}},
    }

    assert _logged_data({"Resources": {"Workflow": machine}}) == ["Workflow"]
