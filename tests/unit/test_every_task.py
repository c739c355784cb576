"""Every task of the example's workflows, and the wrong ones that must be found."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from app import build_app
from constructs_lib.orchestration.retry_policies import DYNAMODB_TRANSIENT
from constructs_lib.service_models.service_errors import DYNAMODB_ERRORS
from constructs_lib.templates.state_machines import state_machine_definition, state_machine_ids
from tests.unit.every_task import Finding, findings

_RETRY = {"ErrorEquals": list(DYNAMODB_TRANSIENT.errors), "MaxAttempts": 5}
_CATCH = {"ErrorEquals": ["States.ALL"], "Next": "Failed"}
_PUT = "arn:aws:states:::dynamodb:putItem"


def _task(**changes: Any) -> dict[str, Any]:
    """A task with nothing wrong; a change to None leaves the field out."""
    task = {
        "Type": "Task",
        "Resource": _PUT,
        "TimeoutSeconds": 10,
        "Retry": [_RETRY],
        "Catch": [_CATCH],
        "End": True,
    }
    return {name: value for name, value in (task | changes).items() if value is not None}


def _workflow(**states: Mapping[str, Any]) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": {**states, "Failed": {"Type": "Fail"}}}


@pytest.fixture(scope="module")
def workflows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("assembly")
    build_app(outdir=str(folder)).synth()
    templates = [
        json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.template.json")
    ]
    return {
        logical_id: dict(
            state_machine_definition(template, logical_id, substitutions={}, placeholders=True)
        )
        for template in templates
        for logical_id in state_machine_ids(template)
    }


def test_every_task_of_the_example_has_timeout_retries_and_a_way_out(
    workflows: Mapping[str, dict[str, Any]],
) -> None:
    assert len(workflows) >= 2
    assert {name: findings(definition) for name, definition in workflows.items()} == {
        name: [] for name in workflows
    }


@pytest.mark.parametrize("name", ["TimeoutSeconds", "Retry", "Catch"])
def test_what_is_taken_from_a_task_of_the_example_is_missed(
    workflows: Mapping[str, dict[str, Any]], name: str
) -> None:
    for definition in workflows.values():
        for state, task in definition["States"].items():
            if task["Type"] == "Task":
                poorer = {field: value for field, value in task.items() if field != name}
                states = definition["States"] | {state: poorer}
                assert [found.state for found in findings({"States": states})] == [state]


def test_a_task_with_all_it_needs_is_not_found() -> None:
    assert findings(_workflow(Save=_task())) == []


def test_a_timeout_read_from_the_input_is_a_timeout() -> None:
    task = _task(TimeoutSeconds=None, TimeoutSecondsPath="$.seconds")

    assert findings(_workflow(Save=task)) == []


def test_a_task_without_a_timeout_is_found() -> None:
    assert findings(_workflow(Save=_task(TimeoutSeconds=None))) == [Finding("Save", "no timeout")]


def test_a_task_without_retries_is_found_with_every_transient_error() -> None:
    assert findings(_workflow(Save=_task(Retry=None))) == [
        Finding("Save", "transient not retried", DYNAMODB_ERRORS.transient_errors)
    ]


def test_the_one_transient_error_that_is_not_retried_is_named() -> None:
    first, *others = DYNAMODB_TRANSIENT.errors

    found = findings(_workflow(Save=_task(Retry=[{"ErrorEquals": others}])))

    assert found == [Finding("Save", "transient not retried", (first,))]


def test_the_other_integrations_names_do_not_count() -> None:
    task = _task(Resource="arn:aws:states:::aws-sdk:dynamodb:putItem")

    (found,) = findings(_workflow(Save=task))

    assert found.rule == "transient not retried"
    assert "DynamoDb.ThrottlingException" in found.errors


def test_a_retrier_without_attempts_retries_nothing() -> None:
    task = _task(Retry=[{**_RETRY, "MaxAttempts": 0}])

    assert [found.rule for found in findings(_workflow(Save=task))] == ["transient not retried"]


def test_a_permanent_error_that_is_retried_is_named() -> None:
    permanent = "DynamoDB.ConditionalCheckFailedException"
    task = _task(Retry=[_RETRY, {"ErrorEquals": [permanent]}])

    assert findings(_workflow(Save=task)) == [Finding("Save", "permanent retried", (permanent,))]


@pytest.mark.parametrize("wildcard", ["States.ALL", "States.TaskFailed"])
def test_a_wildcard_retries_the_permanent_errors_too(wildcard: str) -> None:
    task = _task(Retry=[{"ErrorEquals": [wildcard]}])

    assert findings(_workflow(Save=task)) == [
        Finding("Save", "permanent retried", DYNAMODB_ERRORS.permanent_errors)
    ]


def test_a_wildcard_after_a_retrier_that_forbids_the_permanent_errors_is_fine() -> None:
    forbid = {"ErrorEquals": list(DYNAMODB_ERRORS.permanent_errors), "MaxAttempts": 0}
    task = _task(Retry=[forbid, {"ErrorEquals": ["States.ALL"]}])

    assert findings(_workflow(Save=task)) == []


def test_a_task_of_an_unknown_service_needs_some_retry() -> None:
    unknown = "arn:aws:states:::aws-sdk:rekognition:detectFaces"
    bare = _task(Resource=unknown, Retry=None)
    retried = _task(Resource=unknown, Retry=[{"ErrorEquals": ["States.TaskFailed"]}])

    assert findings(_workflow(Bare=bare, Retried=retried)) == [
        Finding("Bare", "transient not retried")
    ]


@pytest.mark.parametrize(
    "catch", [None, [{"ErrorEquals": ["States.TaskFailed"], "Next": "Failed"}]]
)
def test_a_task_that_does_not_catch_everything_is_found(catch: object) -> None:
    assert findings(_workflow(Save=_task(Catch=catch))) == [Finding("Save", "not caught")]


@pytest.mark.parametrize(
    "around",
    [
        lambda inner: {"Type": "Parallel", "Branches": [_workflow(Other=_task()), inner]},
        lambda inner: {"Type": "Map", "ItemProcessor": inner},
        lambda inner: {"Type": "Map", "Iterator": inner},
    ],
    ids=["Parallel", "Map", "Map with the older Iterator"],
)
def test_a_task_inside_another_state_is_found_and_may_be_caught_there(around: Any) -> None:
    inner = around(_workflow(Save=_task(TimeoutSeconds=None, Catch=None)))

    uncaught = findings(_workflow(All=inner))
    caught = findings(_workflow(All=inner | {"Catch": [_CATCH]}))

    assert [found.rule for found in uncaught if found.state == "Save"] == [
        "no timeout",
        "not caught",
    ]
    assert caught == [Finding("Save", "no timeout")]


def test_tasks_two_levels_deep_are_found() -> None:
    deep = _workflow(Save=_task(TimeoutSeconds=None))
    middle = _workflow(Each={"Type": "Map", "ItemProcessor": deep})

    found = findings(_workflow(All={"Type": "Parallel", "Branches": [middle]}))

    assert found == [Finding("Save", "no timeout")]


def test_states_that_are_no_tasks_need_none_of_this() -> None:
    assert findings(_workflow(Wait={"Type": "Wait", "Seconds": 1, "End": True})) == []
