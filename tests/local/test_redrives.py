"""Redriven executions on the embedded AWS, and the canary of what adds them.

The canary fails when MiniStack knows RedriveExecution: then drop the extension ``redrives``.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from ministack.services import stepfunctions

from constructs_lib.local import EmbeddedAws
from constructs_lib.local.journal import ExecutionEnded, ExecutionStarted
from tests.local.workflows import ROLE, Workflows

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from tests.local.conftest import WaitUntil

KEY = {"id": {"S": "1"}}


@pytest.fixture
def workflows(aws: EmbeddedAws, wait_until: WaitUntil) -> Iterator[Workflows]:
    with closing(aws.client("stepfunctions")) as client:
        yield Workflows(client, wait_until)


@pytest.fixture
def dynamodb(aws: EmbeddedAws) -> Iterator[DynamoDBClient]:
    with closing(aws.client("dynamodb")) as client:
        yield client


def make_table(dynamodb: DynamoDBClient, name: str) -> None:
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    )


def reading(table: str, **fields: object) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::dynamodb:getItem",
        "Arguments": {"TableName": table, "Key": KEY},
        "End": True,
        **fields,
    }


def test_an_execution_goes_on_from_the_state_that_failed(
    workflows: Workflows, dynamodb: DynamoDBClient
) -> None:
    begin = {"Type": "Pass", "Assign": {"kept": 7}, "Output": {"step": 2}, "Next": "Read"}
    context = "$states.context.Execution"
    told = f"{{% [$kept, $states.input, {context}.Input, {context}.RedriveCount] %}}"
    execution = workflows.start(
        {"Begin": begin, "Read": reading("redriven-later", Output=told)}, {"given": 1}
    )
    assert workflows.end(execution)["error"] == "DynamoDB.ResourceNotFoundException"

    make_table(dynamodb, "redriven-later")
    workflows.client.redrive_execution(executionArn=execution)

    ended = workflows.end(execution)
    assert json.loads(ended["output"]) == [7, {"step": 2}, {"given": 1}, 1]
    assert (ended["redriveCount"], ended["redriveStatus"]) == (1, "NOT_REDRIVABLE")
    assert (json.loads(ended["input"]), "error" in ended) == ({"given": 1}, False)
    assert [event["type"] for event in workflows.events(execution)][-8:] == [
        "ExecutionFailed",
        "ExecutionRedriven",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]


def test_a_parallel_is_run_anew(workflows: Workflows, dynamodb: DynamoDBClient) -> None:
    branches = [
        {"StartAt": "Fine", "States": {"Fine": {"Type": "Pass", "Output": 1, "End": True}}},
        {"StartAt": "Bad", "States": {"Bad": reading("parallel-later", Output=2)}},
    ]
    execution = workflows.start({"Both": {"Type": "Parallel", "Branches": branches, "End": True}})
    workflows.end(execution)

    make_table(dynamodb, "parallel-later")
    workflows.client.redrive_execution(executionArn=execution)

    assert json.loads(workflows.end(execution)["output"]) == [1, 2]


def test_a_redriven_execution_has_the_definition_that_it_began_with(workflows: Workflows) -> None:
    machine = workflows.make({"F": {"Type": "Fail", "Error": "Old"}})
    execution = workflows.client.start_execution(stateMachineArn=machine)["executionArn"]
    workflows.end(execution)
    better = json.dumps({"StartAt": "F", "States": {"F": {"Type": "Succeed"}}})
    workflows.client.update_state_machine(stateMachineArn=machine, definition=better, roleArn=ROLE)

    workflows.client.redrive_execution(executionArn=execution)

    ended = workflows.end(execution)
    assert (ended["error"], ended["redriveCount"], ended["redriveStatus"]) == (
        "Old",
        1,
        "REDRIVABLE",
    )


def test_an_aborted_execution_can_be_redriven(workflows: Workflows) -> None:
    activity = workflows.client.create_activity(name="worked-at-later")["activityArn"]
    execution = workflows.start({"W": {"Type": "Task", "Resource": activity, "End": True}})
    workflows.client.get_activity_task(activityArn=activity)
    workflows.client.stop_execution(executionArn=execution)

    workflows.client.redrive_execution(executionArn=execution)

    token = workflows.client.get_activity_task(activityArn=activity)["taskToken"]
    workflows.client.send_task_success(taskToken=token, output="1")
    assert workflows.end(execution)["status"] == "SUCCEEDED"


def test_the_journal_tells_of_a_redriven_execution_once_and_of_each_end(
    aws: EmbeddedAws, workflows: Workflows, dynamodb: DynamoDBClient
) -> None:
    states = {"Begin": {"Type": "Pass", "Next": "Read"}, "Read": reading("redriven-and-counted")}
    execution = workflows.run(states)["executionArn"]
    make_table(dynamodb, "redriven-and-counted")
    workflows.client.redrive_execution(executionArn=execution)
    workflows.end(execution)

    journal = aws.journal(with_api_calls=False)

    started = [one for one in journal.of(ExecutionStarted) if one.execution_arn == execution]
    ended = [one for one in journal.of(ExecutionEnded) if one.execution_arn == execution]
    assert len(started) == 1
    assert [(one.status, one.states_entered) for one in ended] == [("FAILED", 2), ("SUCCEEDED", 1)]


def test_what_succeeded_is_not_redriven(workflows: Workflows) -> None:
    execution = workflows.run({"P": {"Type": "Pass", "End": True}})["executionArn"]

    with pytest.raises(ClientError) as refused:
        workflows.client.redrive_execution(executionArn=execution)

    assert refused.value.response["Error"] == {
        "Code": "ExecutionNotRedrivable",
        "Message": "Execution is SUCCEEDED and cannot be redriven",
    }


def test_canary_plain_ministack_redrives_nothing() -> None:
    assert "RedriveExecution" not in inspect.getsource(stepfunctions.handle_request)
