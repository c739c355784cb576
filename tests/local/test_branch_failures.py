"""A branch that fails ends the Parallel or Map around it, and the other branches."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from constructs_lib.local import EmbeddedAws
from tests.local.workflows import Json, Workflows, pass_state, sdk_task

if TYPE_CHECKING:
    from tests.local.conftest import WaitUntil


@pytest.fixture(scope="module")
def slow_aws() -> Iterator[EmbeddedAws]:
    """An AWS on which waiting for somebody takes longer than a test may."""
    with EmbeddedAws(time_scale=1) as running:
        yield running


@pytest.fixture
def workflows(slow_aws: EmbeddedAws, wait_until: WaitUntil) -> Iterator[Workflows]:
    with closing(slow_aws.client("stepfunctions")) as client:
        yield Workflows(client, wait_until)


def wait_for_token(**fields: object) -> Json:
    resource = "aws-sdk:sts:getCallerIdentity.waitForTaskToken"
    return {"Wait for somebody": sdk_task(resource, {}, TimeoutSeconds=86_400, **fields)}


def fail(error: str) -> Json:
    return {"Type": "Fail", "Error": error, "Cause": "c"}


def parallel(*branches: Json) -> Json:
    made = [{"StartAt": next(iter(states)), "States": states} for states in branches]
    caught = {"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput.Error %}"}
    return {
        "Type": "Parallel",
        "Branches": made,
        "Catch": [{**caught, "Next": "After"}],
        "Next": "After",
    }


def test_a_branch_that_fails_ends_another_that_waits_for_its_token(workflows: Workflows) -> None:
    states = {"Both": parallel(wait_for_token(), {"No": fail("No")}), "After": pass_state()}

    execution = workflows.start(states)

    ended = workflows.end(execution)
    assert json.loads(ended["output"]) == "No"
    kinds = [event["type"] for event in workflows.events(execution)]
    assert "TaskFailed" not in kinds
    assert ("exited", "Wait for somebody") not in workflows.trace(execution)


def test_the_first_failure_is_the_parallels_whatever_the_order_of_branches(
    workflows: Workflows,
) -> None:
    late = {
        "Pause": {"Type": "Wait", "Seconds": 86_400, "Next": "Late"},
        "Late": fail("Late"),
    }

    states = {"Both": parallel(late, {"Early": fail("Early")}), "After": pass_state()}

    assert workflows.output(states) == "Early"


def test_a_branch_that_is_ended_catches_and_starts_nothing(workflows: Workflows) -> None:
    caught = [{"ErrorEquals": ["States.ALL"], "Next": "Never"}]
    retried = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 3}]
    waiting = {**wait_for_token(Catch=caught, Retry=retried), "Never": pass_state()}
    states = {"Both": parallel(waiting, {"No": fail("No")}), "After": pass_state()}

    execution = workflows.start(states)

    assert json.loads(workflows.end(execution)["output"]) == "No"
    entered = [name for what, name in workflows.trace(execution) if what == "entered"]
    assert "Never" not in entered
    assert entered.count("Wait for somebody") <= 1


def test_an_inner_parallel_is_ended_with_the_branch_that_it_is_in(workflows: Workflows) -> None:
    inner = parallel(wait_for_token(), {"Pass": pass_state()})
    nested = {"Inner": {**inner, "Catch": [], "Next": "Never"}, "Never": pass_state()}
    states = {"Both": parallel(nested, {"No": fail("No")}), "After": pass_state()}

    assert workflows.output(states) == "No"


def test_a_failure_that_its_branch_catches_ends_nothing(workflows: Workflows) -> None:
    inner = parallel({"No": fail("No")}, {"Pass": pass_state()})
    nested = {"Inner": inner, "After": pass_state("caught")}
    beside = {"Pause": {"Type": "Wait", "Seconds": 1, "End": True, "Output": "waited"}}
    states = {"Both": {**parallel(nested, beside), "End": True}}
    del states["Both"]["Next"], states["Both"]["Catch"]

    assert workflows.output(states) == ["caught", "waited"]


def test_an_iteration_that_fails_ends_the_other_iterations_of_its_map(
    workflows: Workflows,
) -> None:
    check = {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $states.input = 'wait' %}", "Next": "Wait for somebody"}],
        "Default": "No",
    }
    each = {"Check": check, **wait_for_token(), "No": fail("No")}
    caught = {"ErrorEquals": ["No"], "Output": "{% $states.errorOutput.Error %}"}
    states = {
        "Each": {
            "Type": "Map",
            "Items": ["wait", "fail"],
            "ItemProcessor": {"StartAt": "Check", "States": each},
            "Catch": [{**caught, "Next": "After"}],
            "End": True,
        },
        "After": pass_state(),
    }

    assert workflows.output(states) == "No"


def test_a_parallel_that_is_tried_again_starts_all_its_branches(workflows: Workflows) -> None:
    states = {
        "Both": {
            **parallel(wait_for_token(), {"No": fail("No")}),
            "Retry": [{"ErrorEquals": ["No"], "IntervalSeconds": 1, "MaxAttempts": 1}],
        },
        "After": pass_state(),
    }

    execution = workflows.start(states)

    assert json.loads(workflows.end(execution)["output"]) == "No"
    assert workflows.trace(execution).count(("entered", "No")) == 2
