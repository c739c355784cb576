"""Tasks of the embedded AWS that wait for their token: answers, timeouts, heartbeats."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from constructs_lib.local import EmbeddedAws
from tests.local.workflows import Json, Workflows, pass_state, sdk_task, seconds_between

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from tests.local.conftest import WaitUntil


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


@pytest.fixture
def dynamodb(aws: EmbeddedAws) -> Iterator[DynamoDBClient]:
    with closing(aws.client("dynamodb")) as client:
        yield client


@pytest.fixture
def codes(dynamodb: DynamoDBClient) -> Iterator[str]:
    """A table of confirmation codes."""
    name = f"codes-{uuid.uuid4().hex[:8]}"
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "code", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "code", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield name
    dynamodb.delete_table(TableName=name)


def store_token(table: str, code: str = "c1", **fields: object) -> Json:
    """Keep the task's token under a code and wait for the person."""
    item = {"code": {"S": code}, "token": {"S": "{% $states.context.Task.Token %}"}}
    arguments = {"TableName": table, "Item": item}
    return sdk_task("aws-sdk:dynamodb:putItem.waitForTaskToken", arguments, **fields)


def confirm_states(table: str) -> Json:
    """ConfirmEmail as the design has it: look the code up, answer the task."""
    look_up = sdk_task(
        "aws-sdk:dynamodb:getItem",
        {"TableName": table, "Key": {"code": {"S": "{% $states.input.code %}"}}},
        Next="Answer",
    )
    answer = sdk_task(
        "aws-sdk:sfn:sendTaskSuccess",
        {
            "TaskToken": "{% $states.input.Item.token.S %}",
            "Output": {"confirmed": True},
        },
    )
    return {"Look up": {k: v for k, v in look_up.items() if k != "End"}, "Answer": answer}


def stored_token(dynamodb: DynamoDBClient, table: str, code: str = "c1") -> str | None:
    item = dynamodb.get_item(TableName=table, Key={"code": {"S": code}}).get("Item")
    return item["token"]["S"] if item else None


def test_an_express_workflow_answers_the_token_that_another_workflow_stored(
    workflows: Workflows, dynamodb: DynamoDBClient, codes: str, wait_until: WaitUntil
) -> None:
    sign_up = workflows.start({"Wait": store_token(codes, TimeoutSeconds=86_400)})
    wait_until(lambda: stored_token(dynamodb, codes))
    confirm = workflows.make(confirm_states(codes), kind="EXPRESS")
    confirmed = workflows.client.start_sync_execution(
        stateMachineArn=confirm, input=json.dumps({"code": "c1"})
    )
    assert (confirmed["status"], json.loads(confirmed["output"])) == ("SUCCEEDED", {})
    assert json.loads(workflows.end(sign_up)["output"]) == {"confirmed": True}


def test_a_failure_sent_by_a_task_fails_the_waiting_task(
    workflows: Workflows, dynamodb: DynamoDBClient, codes: str, wait_until: WaitUntil
) -> None:
    sign_up = workflows.start({"Wait": store_token(codes)})
    token = wait_until(lambda: stored_token(dynamodb, codes))
    refuse = {"TaskToken": token, "Error": "SignUp.Declined", "Cause": "not me"}
    assert workflows.output({"Refuse": sdk_task("aws-sdk:sfn:sendTaskFailure", refuse)}) == {}
    ended = workflows.end(sign_up)
    assert (ended["error"], ended["cause"]) == ("SignUp.Declined", "not me")


@pytest.mark.parametrize("limit", [86_400, "{% $states.input.hours * 3600 %}"])
def test_an_unanswered_token_times_out_when_its_day_is_over_on_the_clock(
    workflows: Workflows, codes: str, limit: object
) -> None:
    caught = {"ErrorEquals": ["States.Timeout"], "Next": "Not confirmed"}
    waiting = store_token(codes, TimeoutSeconds=limit, Catch=[caught])
    states = {"Wait": waiting, "Not confirmed": pass_state("not confirmed")}
    execution = workflows.start(states, {"hours": 24})
    assert json.loads(workflows.end(execution)["output"]) == "not confirmed"
    [waited] = seconds_between(workflows.events(execution), "TaskScheduled", "TaskTimedOut")
    assert waited == pytest.approx(86_400, abs=5)


def test_an_unanswered_token_times_out_by_the_time_scale(slow_workflows: Workflows) -> None:
    ask = "aws-sdk:sts:getCallerIdentity"
    # The first call of a service loads its model, which is not to count.
    slow_workflows.run({"Ask": sdk_task(ask, {})})
    waiting = sdk_task(f"{ask}.waitForTaskToken", {}, TimeoutSeconds=200)
    execution = slow_workflows.start({"Wait": waiting})
    assert slow_workflows.end(execution)["error"] == "States.Timeout"
    [waited] = seconds_between(slow_workflows.events(execution), "TaskScheduled", "TaskTimedOut")
    assert 1.9 <= waited < 5


def test_a_task_without_heartbeats_ends_before_its_timeout(
    workflows: Workflows, codes: str
) -> None:
    waiting = store_token(codes, TimeoutSeconds=None, HeartbeatSeconds=60)
    del waiting["TimeoutSeconds"]
    ended = workflows.run({"Wait": waiting})
    assert (ended["error"], ended.get("cause")) == ("States.Timeout", None)


@pytest.mark.parametrize("name", ["States.Timeout", "States.HeartbeatTimeout"])
def test_heartbeats_that_stay_away_are_caught_by_either_name(
    workflows: Workflows, codes: str, name: str
) -> None:
    caught = {"ErrorEquals": [name], "Next": "Quiet", "Output": "{% $states.errorOutput %}"}
    waiting = store_token(codes, HeartbeatSeconds=60, Catch=[caught])
    states = {"Wait": waiting, "Quiet": {"Type": "Succeed"}}
    assert workflows.output(states) == {"Error": "States.Timeout", "Cause": ""}


def test_a_timeout_is_told_without_a_cause(workflows: Workflows, codes: str) -> None:
    execution = workflows.start({"Wait": store_token(codes, TimeoutSeconds=60)})
    workflows.end(execution)
    [told] = [
        event["taskTimedOutEventDetails"]
        for event in workflows.events(execution)
        if event["type"] == "TaskTimedOut"
    ]
    assert told == {
        "resourceType": "aws-sdk:dynamodb",
        "resource": "putItem.waitForTaskToken",
        "error": "States.Timeout",
    }


def test_a_task_is_scheduled_with_its_limits_and_submitted_with_an_answer(
    workflows: Workflows, codes: str
) -> None:
    waiting = store_token(codes, TimeoutSeconds="{% 30 + 30 %}", HeartbeatSeconds=20)
    execution = workflows.start({"Wait": waiting})
    workflows.end(execution)
    told: Json = {event["type"]: dict(event) for event in workflows.events(execution)}
    scheduled = told["TaskScheduled"]["taskScheduledEventDetails"]
    assert (scheduled["timeoutInSeconds"], scheduled["heartbeatInSeconds"]) == (60, 20)
    assert json.loads(scheduled["parameters"])["TableName"] == codes
    assert json.loads(told["TaskSubmitted"]["taskSubmittedEventDetails"]["output"]) == {}


def test_heartbeats_keep_a_task_waiting(
    workflows: Workflows, dynamodb: DynamoDBClient, codes: str, wait_until: WaitUntil
) -> None:
    execution = workflows.start({"Wait": store_token(codes, HeartbeatSeconds=60)})
    token = wait_until(lambda: stored_token(dynamodb, codes))
    started = time.monotonic()

    def longer_than_a_heartbeat() -> bool:
        workflows.client.send_task_heartbeat(taskToken=token)
        return time.monotonic() - started > 1.5

    wait_until(longer_than_a_heartbeat)
    workflows.client.send_task_success(taskToken=token, output='"alive"')
    assert json.loads(workflows.end(execution)["output"]) == "alive"


def test_a_token_is_good_for_one_answer(
    workflows: Workflows, dynamodb: DynamoDBClient, codes: str, wait_until: WaitUntil
) -> None:
    workflows.start({"Wait": store_token(codes)})
    token = wait_until(lambda: stored_token(dynamodb, codes))
    answer = {"TaskToken": token, "Output": {"n": 1}}
    task = {"Answer": sdk_task("aws-sdk:sfn:sendTaskSuccess", answer)}
    assert workflows.output(task) == {}
    assert workflows.run(task)["error"] == "Sfn.TaskTimedOutException"


def test_a_token_whose_time_is_over_is_refused(
    workflows: Workflows, dynamodb: DynamoDBClient, codes: str
) -> None:
    workflows.run({"Wait": store_token(codes, TimeoutSeconds=1)})
    token = stored_token(dynamodb, codes)
    with pytest.raises(ClientError, match="TaskTimedOut"):
        workflows.client.send_task_success(taskToken=str(token), output="{}")


@pytest.mark.parametrize(
    ("token", "output", "error"),
    [("never made", "{}", "InvalidToken"), ("any", "{", "InvalidOutput")],
)
def test_a_wrong_answer_is_refused(
    workflows: Workflows, token: str, output: str, error: str
) -> None:
    with pytest.raises(ClientError, match=error):
        workflows.client.send_task_success(taskToken=token, output=output)


def test_branches_wait_for_tokens_of_their_own(
    workflows: Workflows, dynamodb: DynamoDBClient, codes: str, wait_until: WaitUntil
) -> None:
    names = [f"c{number}" for number in range(6)]
    branches = [{"StartAt": name, "States": {name: store_token(codes, name)}} for name in names]
    execution = workflows.start({"All": {"Type": "Parallel", "Branches": branches, "End": True}})
    for name in reversed(names):
        token = wait_until(lambda name=name: stored_token(dynamodb, codes, name))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        workflows.client.send_task_success(taskToken=token, output=json.dumps(name))
    assert json.loads(workflows.end(execution)["output"]) == names


def test_a_stopped_workflow_stays_stopped(
    workflows: Workflows, dynamodb: DynamoDBClient, codes: str, wait_until: WaitUntil
) -> None:
    caught = {"ErrorEquals": ["States.ALL"], "Next": "After"}
    branch = {
        "StartAt": "Wait",
        "States": {"Wait": store_token(codes, Catch=[caught]), "After": pass_state()},
    }
    execution = workflows.start({"P": {"Type": "Parallel", "Branches": [branch], "End": True}})
    token = wait_until(lambda: stored_token(dynamodb, codes))
    workflows.client.stop_execution(executionArn=execution)

    def task_is_over() -> bool:
        try:
            workflows.client.send_task_heartbeat(taskToken=token)
        except ClientError as error:
            return error.response["Error"]["Code"] == "TaskTimedOut"
        return False

    wait_until(task_is_over)
    assert workflows.end(execution)["status"] == "ABORTED"
    assert workflows.events(execution)[-1]["type"] == "ExecutionAborted"
    assert ("entered", "After") not in workflows.trace(execution)
