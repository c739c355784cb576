"""Workflows on the embedded AWS: limits, retries, branches and their history, events."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from constructs_lib.local import EmbeddedAws
from tests.local.workflows import Json, Workflows, pass_state, sdk_task, seconds_between

if TYPE_CHECKING:
    from tests.local.conftest import Deliveries, WaitUntil


@pytest.fixture
def workflows(aws: EmbeddedAws, wait_until: WaitUntil) -> Iterator[Workflows]:
    with closing(aws.client("stepfunctions")) as client:
        yield Workflows(client, wait_until)


@pytest.fixture(scope="module")
def slow_aws() -> Iterator[EmbeddedAws]:
    """An AWS whose workflows wait a hundredth of their time."""
    with EmbeddedAws(time_scale=0.01) as running:
        yield running


@pytest.fixture
def slow_workflows(slow_aws: EmbeddedAws, wait_until: WaitUntil) -> Iterator[Workflows]:
    with closing(slow_aws.client("stepfunctions")) as client:
        yield Workflows(client, wait_until)


# ── The workflow's own limits ────────────────────────────────────────────────────────────────────


def test_a_workflow_over_its_limit_is_timed_out(workflows: Workflows) -> None:
    caught = {"ErrorEquals": ["States.ALL"], "Next": "After"}
    waiting = sdk_task("aws-sdk:sts:getCallerIdentity.waitForTaskToken", {}, Catch=[caught])
    execution = workflows.start({"Wait": waiting, "After": pass_state()}, TimeoutSeconds=1)
    assert workflows.end(execution)["status"] == "TIMED_OUT"
    assert workflows.events(execution)[-1]["type"] == "ExecutionTimedOut"
    assert ("entered", "After") not in workflows.trace(execution)


def test_a_workflow_within_its_limit_succeeds(workflows: Workflows) -> None:
    assert workflows.run({"A": pass_state()}, TimeoutSeconds=1)["status"] == "SUCCEEDED"


def test_an_execution_starts_at_once(workflows: Workflows) -> None:
    machine = workflows.make({"A": pass_state("done")}, kind="EXPRESS")
    seconds = []
    for _ in range(5):
        before = time.perf_counter()
        workflows.client.start_sync_execution(stateMachineArn=machine)
        seconds.append(time.perf_counter() - before)
    # MiniStack alone takes 0.15 s more than its work.
    assert min(seconds) < 0.1


def test_another_program_runs_an_express_workflow_at_once(
    aws: EmbeddedAws, workflows: Workflows
) -> None:
    machine = workflows.make({"A": pass_state("done")}, kind="EXPRESS")
    program = (
        "import boto3, sys; "
        "client = boto3.client('stepfunctions'); "
        "print(client.start_sync_execution(stateMachineArn=sys.argv[1])['output'])"
    )
    # The SDK would call sync-127.0.0.1, which no name server knows.
    output = subprocess.check_output(
        [sys.executable, "-c", program, machine], text=True, env=aws.environment()
    )
    assert json.loads(output) == "done"


def test_a_wait_as_long_as_the_start_was_is_kept(slow_workflows: Workflows) -> None:
    states = {"Pause": {"Type": "Wait", "Seconds": 15, "End": True}}
    execution = slow_workflows.start(states)
    slow_workflows.end(execution)
    [waited] = seconds_between(
        slow_workflows.events(execution), "WaitStateEntered", "WaitStateExited"
    )
    assert waited >= 0.15


# ── Retries ──────────────────────────────────────────────────────────────────────────────────────


def retried(**fields: object) -> Json:
    """A task that always fails, in a Pass-less workflow."""
    retrier = {"ErrorEquals": ["Sqs.QueueDoesNotExistException"], **fields}
    gone = {"QueueUrl": "http://127.0.0.1/000000000000/gone", "MessageBody": "m"}
    return {"Try": sdk_task("aws-sdk:sqs:sendMessage", gone, Retry=[retrier])}


def delays(workflows: Workflows, execution: str) -> list[float]:
    events = [
        e for e in workflows.events(execution) if e["type"] in ("TaskFailed", "TaskScheduled")
    ]
    pairs = itertools.pairwise(events)
    return [
        (after["timestamp"] - before["timestamp"]).total_seconds()
        for before, after in pairs
        if before["type"] == "TaskFailed"
    ]


def test_the_delay_between_retries_grows_up_to_its_maximum(slow_workflows: Workflows) -> None:
    execution = slow_workflows.start(
        retried(IntervalSeconds=5, BackoffRate=4, MaxDelaySeconds=20, MaxAttempts=4)
    )
    assert slow_workflows.end(execution)["error"] == "Sqs.QueueDoesNotExistException"
    found = delays(slow_workflows, execution)
    assert len(found) == 4
    assert 0.05 <= found[0] < 0.15
    assert all(0.2 <= delay < 0.4 for delay in found[1:])


def test_full_jitter_makes_each_delay_another_one_below_the_maximum(
    slow_workflows: Workflows,
) -> None:
    execution = slow_workflows.start(
        retried(IntervalSeconds=30, BackoffRate=1, JitterStrategy="FULL", MaxAttempts=6)
    )
    slow_workflows.end(execution)
    found = delays(slow_workflows, execution)
    assert all(delay < 0.4 for delay in found)
    assert max(found) - min(found) > 0.02


def test_a_stopped_workflow_retries_no_more(
    slow_aws: EmbeddedAws, slow_workflows: Workflows, wait_until: WaitUntil
) -> None:
    name = f"tries-{uuid.uuid4().hex[:8]}"
    with closing(slow_aws.client("events")) as events, closing(slow_aws.client("sqs")) as sqs:
        queue = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
        events.put_targets(
            Rule=name, Targets=[{"Id": "queue", "Arn": arn["Attributes"]["QueueArn"]}]
        )
        # Each attempt delivers the good entry and fails for the other one.
        good = {"Source": name, "DetailType": "Try", "Detail": {}}
        retrier = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 60, "MaxAttempts": 5}
        attempt = sdk_task(
            "events:putEvents", {"Entries": [good, {**good, "Source": "aws.no"}]}, Retry=[retrier]
        )
        execution = slow_workflows.start({"Try": attempt})
        wait_until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
        slow_workflows.client.stop_execution(executionArn=execution)
        last = {"Entries": [{**good, "DetailType": "Last"}]}
        slow_workflows.run({"Last": sdk_task("events:putEvents", last)})
        [message] = wait_until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
        assert json.loads(message["Body"])["detail-type"] == "Last"


def test_what_aws_lets_nothing_catch_is_not_caught(workflows: Workflows) -> None:
    unknown = sdk_task("aws-sdk:sqs:listQueues", {"NoParameter": 1})
    unknown["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": "After"}]
    ended = workflows.run({"Try": unknown, "After": pass_state()})
    assert ended["error"] == "States.Runtime"


# ── Parallel and Map ─────────────────────────────────────────────────────────────────────────────


def parallel(*branches: Json, **fields: object) -> Json:
    made = [{"StartAt": next(iter(states)), "States": states} for states in branches]
    return {"Type": "Parallel", "Branches": made, "End": True, **fields}


def test_parallel_takes_arguments_and_gives_its_output_and_assigns(workflows: Workflows) -> None:
    state = parallel(
        {"A": pass_state("{% $states.input.n + 1 %}")},
        {"B": pass_state("{% $states.input.n + 2 %}")},
        Arguments={"n": "{% $states.input.start %}"},
        Output={"sum": "{% $sum($states.result) %}", "start": "{% $states.input.start %}"},
        Assign={"first": "{% $states.result[0] %}"},
        Next="After",
    )
    del state["End"]
    after = pass_state({"in": "{% $states.input %}", "first": "{% $first %}"})
    output = workflows.output({"P": state, "After": after}, {"start": 10})
    assert output == {"in": {"sum": 23, "start": 10}, "first": 11}


def test_the_history_tells_which_state_assigned_what(workflows: Workflows) -> None:
    inner = {"Type": "Pass", "Assign": {"i": 1}, "Output": {}, "End": True}
    item = {"StartAt": "Item", "States": {"Item": inner}}
    branch = {"StartAt": "Branch", "States": {"Branch": inner}}
    assign = {"all": "{% $states.result %}"}
    states = {
        "Set": {"Type": "Pass", "Assign": {"n": "{% 1 + 1 %}", "text": "t"}, "Next": "Each"},
        "Each": {"Type": "Map", "Items": [0], "ItemProcessor": item, "Next": "Both"},
        "Both": {"Type": "Parallel", "Branches": [branch], "Assign": assign, "End": True},
    }
    execution = workflows.run(states)["executionArn"]

    exits = [
        event["stateExitedEventDetails"]
        for event in workflows.events(execution)
        if event["type"].endswith("Exited")
    ]
    assert {told["name"]: told.get("assignedVariables") for told in exits} == {
        "Set": {"n": "2", "text": '"t"'},
        "Item": {"i": "1"},
        "Each": None,
        "Branch": {"i": "1"},
        "Both": {"all": "[{}]"},
    }


def test_a_branch_reads_outer_variables_and_keeps_its_own(workflows: Workflows) -> None:
    def inner(suffix: str) -> Json:
        mine = {"mine": "{% $outer & '-in' %}"}
        return {
            f"Set{suffix}": {"Type": "Pass", "Assign": mine, "Next": f"Read{suffix}"},
            f"Read{suffix}": pass_state("{% $mine %}"),
        }

    each = {
        "Type": "Map",
        "Items": [1, 2],
        "ItemProcessor": {"StartAt": "Set item", "States": inner(" item")},
        "Next": "After",
    }
    both = parallel(inner(" branch"), Next="Each")
    del both["End"]
    states = {
        "Start": {"Type": "Pass", "Assign": {"outer": "out"}, "Next": "Both"},
        "Both": {**both, "Assign": {"parallel": "{% $states.result %}"}},
        "Each": {**each, "Assign": {"map": "{% $states.result %}"}},
        "After": pass_state({"all": "{% [$parallel, $map] %}", "left": "{% $exists($mine) %}"}),
    }
    assert workflows.output(states) == {"all": ["out-in"] * 3, "left": False}


def test_every_state_inside_parallel_and_map_is_in_the_history(workflows: Workflows) -> None:
    nested = parallel({"Deep": pass_state()}, {"Done": {"Type": "Succeed"}})
    mapped = {
        "Type": "Map",
        "Items": [1, 2],
        "ItemProcessor": {"StartAt": "Item", "States": {"Item": pass_state()}},
        "End": True,
    }
    execution = workflows.start({"Outer": parallel({"Nested": nested}, {"Mapped": mapped})})
    assert workflows.end(execution)["status"] == "SUCCEEDED"
    trace = workflows.trace(execution)
    once = ["Outer", "Nested", "Deep", "Done", "Mapped"]
    twice = ["Item", "Item"]
    for moment in ("entered", "exited"):
        assert sorted(name for what, name in trace if what == moment) == sorted(once + twice)
    assert trace.index(("entered", "Nested")) < trace.index(("entered", "Deep"))
    assert trace.index(("exited", "Deep")) < trace.index(("exited", "Nested"))
    ids = [event["id"] for event in workflows.events(execution)]
    assert ids == list(range(1, len(ids) + 1))


def test_a_state_that_fails_inside_a_branch_is_entered_and_never_exited(
    workflows: Workflows,
) -> None:
    execution = workflows.start(
        {"P": parallel({"No": {"Type": "Fail", "Error": "SignUp.No", "Cause": "c"}})}
    )
    assert workflows.end(execution)["error"] == "SignUp.No"
    assert workflows.trace(execution) == [("entered", "P"), ("entered", "No")]


def test_succeed_gives_its_output(workflows: Workflows) -> None:
    succeed = {"Type": "Succeed", "Output": "{% $states.input.n * 2 %}"}
    assert workflows.output({"S": succeed}, {"n": 2}) == 4
    assert workflows.output({"P": parallel({"S": succeed})}, {"n": 3}) == [6]


# ── Events ───────────────────────────────────────────────────────────────────────────────────────


def test_a_published_event_names_the_execution_and_its_workflow(
    workflows: Workflows, deliveries: Deliveries, wait_until: WaitUntil
) -> None:
    source = f"shop-{uuid.uuid4().hex[:8]}"
    receive = deliveries("default", {"source": [source]})
    entry = {"Source": source, "DetailType": "T", "Detail": {}, "Resources": ["mine"]}
    publish = {"Publish": sdk_task("events:putEvents", {"Entries": [entry]})}
    # In a branch, as the sign-up does its last steps.
    execution = workflows.start({"P": parallel(publish)})
    ended = workflows.end(execution)
    assert wait_until(receive)["resources"] == ["mine", execution, ended["stateMachineArn"]]
