"""Tasks of activities on the embedded AWS; their canary stands in ``test_workflow_api``."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from constructs_lib.local import EmbeddedAws
from tests.local.workflows import Json, Workflows

if TYPE_CHECKING:
    from tests.local.conftest import WaitUntil


@pytest.fixture
def workflows(aws: EmbeddedAws, wait_until: WaitUntil) -> Iterator[Workflows]:
    with closing(aws.client("stepfunctions")) as client:
        yield Workflows(client, wait_until)


@pytest.fixture
def activity(workflows: Workflows) -> str:
    name = f"activity-{uuid.uuid4().hex[:8]}"
    return workflows.client.create_activity(name=name)["activityArn"]


def work(activity: str, **fields: object) -> Json:
    return {"Work": {"Type": "Task", "Resource": activity, "End": True, **fields}}


def activity_events(workflows: Workflows, execution: str) -> dict[str, Any]:
    """The details of the activity's events, by their type."""
    return {
        event["type"]: next((each for name, each in event.items() if "Details" in name), None)
        for event in workflows.events(execution)
        if event["type"].startswith("Activity")
    }


def test_the_history_tells_of_the_worker_and_the_limits(
    workflows: Workflows, activity: str
) -> None:
    states = work(activity, TimeoutSeconds=60, HeartbeatSeconds=10)
    execution = workflows.start(states, {"n": 1})
    task = workflows.client.get_activity_task(activityArn=activity, workerName="Ada")
    workflows.client.send_task_success(taskToken=task["taskToken"], output="2")
    workflows.end(execution)

    assert activity_events(workflows, execution) == {
        "ActivityScheduled": {
            "resource": activity,
            "input": json.dumps({"n": 1}),
            "timeoutInSeconds": 60,
            "heartbeatInSeconds": 10,
        },
        "ActivityStarted": {"workerName": "Ada"},
        "ActivitySucceeded": {"output": "2"},
    }


@pytest.mark.parametrize("limit", ["TimeoutSeconds", "HeartbeatSeconds"])
def test_a_worker_has_as_long_as_the_task_allows(
    workflows: Workflows, activity: str, limit: str
) -> None:
    execution = workflows.start(work(activity, **{limit: 60}))
    workflows.client.get_activity_task(activityArn=activity)
    ended = workflows.end(execution)

    assert (ended["error"], ended.get("cause")) == ("States.Timeout", None)
    assert activity_events(workflows, execution)["ActivityTimedOut"] == {"error": "States.Timeout"}


def test_an_activity_that_is_not_there_ends_the_execution_uncaught(
    workflows: Workflows, activity: str
) -> None:
    workflows.client.delete_activity(activityArn=activity)
    caught = {"ErrorEquals": ["States.ALL"], "Next": "Work"}

    ended = workflows.run(work(activity, Catch=[caught]))

    assert (ended["error"], ended["cause"]) == (
        "States.Runtime",
        "An error occurred while executing the state 'Work' (entered at the event id #2). "
        f"The activity {activity} does not exist.",
    )
    assert activity_events(workflows, ended["executionArn"]) == {}


def test_no_worker_gets_the_task_of_an_execution_that_is_over(
    workflows: Workflows, activity: str
) -> None:
    stopped = workflows.start(work(activity), {"n": 1})
    workflows.client.stop_execution(executionArn=stopped)
    workflows.start(work(activity), {"n": 2})

    task = workflows.client.get_activity_task(activityArn=activity)
    workflows.client.send_task_success(taskToken=task["taskToken"], output="{}")

    assert task["input"] == json.dumps({"n": 2})


def test_the_token_of_a_task_is_good_for_one_answer(workflows: Workflows, activity: str) -> None:
    client = workflows.client
    execution = workflows.start(work(activity))
    token = client.get_activity_task(activityArn=activity)["taskToken"]
    client.send_task_success(taskToken=token, output="1")
    assert workflows.end(execution)["output"] == "1"
    with pytest.raises(ClientError, match="TaskTimedOut"):
        client.send_task_success(taskToken=token, output="1")
