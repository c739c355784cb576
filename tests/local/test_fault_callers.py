"""Faults strike callers inside the embedded AWS, too: workflows, functions, rules, pipes."""

from __future__ import annotations

import io
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from constructs_lib.local import EmbeddedAws, Fault
from tests.local.conftest import WaitUntil
from tests.local.faults_world import PUT_ITEM, THROTTLED, World, new_world
from tests.local.workflows import ROLE, sdk_task

RETRY = [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 3}]


@pytest.fixture
def world(aws: EmbeddedAws, wait_until: WaitUntil) -> Iterator[World]:
    with new_world(aws, wait_until) as world:
        yield world


@pytest.mark.parametrize(
    ("resource", "prefix"),
    [("dynamodb:putItem", "DynamoDB"), ("aws-sdk:dynamodb:putItem", "DynamoDb")],
)
def test_tasks_are_struck_once_an_attempt_and_named_in_the_record(
    world: World, resource: str, prefix: str
) -> None:
    world.account.inject(Fault(**PUT_ITEM, error=THROTTLED, count=2))
    item = {"TableName": "Items", "Item": {"pk": {"S": "one"}}}

    ended = world.workflows.run({"Put": sdk_task(resource, item, Retry=RETRY)})

    assert ended["status"] == "SUCCEEDED", ended
    failed = [
        event["taskFailedEventDetails"]["error"]
        for event in world.workflows.events(ended["executionArn"])
        if event["type"] == "TaskFailed"
    ]
    assert failed == [f"{prefix}.{THROTTLED}"] * 2
    struck = world.account.injected_faults()
    assert [one.execution_arn for one in struck] == [ended["executionArn"]] * 2


def test_a_task_whose_answer_is_lost_has_had_its_effect(world: World) -> None:
    lost = Fault(**PUT_ITEM, error="InternalServerError", after_effect=True)
    world.account.inject(lost)
    item = {"TableName": "Items", "Item": {"pk": {"S": "one"}}}

    ended = world.workflows.run({"Put": sdk_task("dynamodb:putItem", item)})

    assert ended.get("error") == "DynamoDB.InternalServerErrorException"
    assert world.keys() == {"one"}


def test_a_nested_execution_that_cannot_start_fails_its_task(world: World) -> None:
    inner = world.workflows.make({"Done": {"Type": "Pass", "End": True}})
    fault = Fault(
        service="stepfunctions",
        action="StartExecution",
        error="ExecutionLimitExceeded",
        parameters={"stateMachineArn": inner},
    )
    world.account.inject(fault)

    start = sdk_task("states:startExecution.sync:2", {"StateMachineArn": inner})
    ended = world.workflows.run({"Start": start})

    assert ended.get("error") == "StepFunctions.ExecutionLimitExceededException"


def _function(world: World, code: str) -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("index.py", code)
    made = world.client("lambda").create_function(
        FunctionName=f"function-{uuid.uuid4().hex[:8]}",
        Runtime="python3.13",
        Role=ROLE,
        Handler="index.handler",
        Code={"ZipFile": archive.getvalue()},
    )
    return str(made["FunctionArn"])


PUTTING = """
import boto3

def handler(event, context):
    client = boto3.client("dynamodb")
    try:
        client.put_item(TableName="Items", Item={"pk": {"S": "one"}})
    except client.exceptions.ConditionalCheckFailedException as error:
        return error.response["Error"]["Code"]
"""


def test_functions_and_the_calls_that_they_make_are_struck(world: World) -> None:
    function = _function(world, PUTTING)
    world.account.inject(
        Fault(service="lambda", action="Invoke", error="TooManyRequestsException", count=1)
    )
    world.account.inject(Fault(**PUT_ITEM, error="ConditionalCheckFailedException", count=1))

    invoke = sdk_task("lambda:invoke", {"FunctionName": function}, Retry=RETRY)
    answer = world.workflows.output({"Invoke": invoke})

    assert answer["Payload"] == "ConditionalCheckFailedException"
    assert world.injected() == [
        ("Invoke", "TooManyRequestsException"),
        ("PutItem", "ConditionalCheckFailedException"),
    ]


class Rule:
    """A rule from the default bus to one queue, with another for what it does not take."""

    def __init__(self, world: World, retries: int) -> None:
        self._sqs, self._events = world.client("sqs"), world.client("events")
        urls = [
            self._sqs.create_queue(QueueName=f"{kind}-{uuid.uuid4().hex[:8]}")["QueueUrl"]
            for kind in ("orders", "dead")
        ]
        self.orders, self.dead = urls
        arns = [
            self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
                "QueueArn"
            ]
            for url in urls
        ]
        self._events.put_rule(Name="orders", EventPattern='{"source": ["shop"]}')
        target = {
            "Id": "queue",
            "Arn": arns[0],
            "DeadLetterConfig": {"Arn": arns[1]},
            "RetryPolicy": {"MaximumRetryAttempts": retries},
        }
        self._events.put_targets(Rule="orders", Targets=[target])

    def publish(self) -> None:
        entry = {"Source": "shop", "DetailType": "OrderPlaced", "Detail": "{}"}
        assert self._events.put_events(Entries=[entry])["FailedEntryCount"] == 0

    def message(self, url: str) -> dict[str, Any] | None:
        messages = self._sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])
        return next(iter(messages.get("Messages", [])), None)


def test_an_event_whose_target_is_throttled_is_tried_again(
    world: World, wait_until: WaitUntil
) -> None:
    rule = Rule(world, retries=3)
    world.account.inject(
        Fault(service="sqs", action="SendMessage", error="RequestThrottled", count=2)
    )

    rule.publish()

    assert wait_until(lambda: rule.message(rule.orders))
    assert world.injected() == [("SendMessage", "RequestThrottled")] * 2


def test_an_event_whose_target_stays_throttled_becomes_a_dead_letter(
    world: World, wait_until: WaitUntil
) -> None:
    rule = Rule(world, retries=2)
    world.account.inject(
        Fault(
            service="sqs",
            action="SendMessage",
            error="RequestThrottled",
            parameters={"QueueUrl": "*:orders-*"},
        )
    )

    rule.publish()

    dead = wait_until(lambda: rule.message(rule.dead))
    told = {name: value["StringValue"] for name, value in dead["MessageAttributes"].items()}
    assert told["ERROR_CODE"] == "THROTTLING"
    assert told["RETRY_ATTEMPTS"] == "2"
    assert len(world.injected()) == 3


def test_an_event_whose_target_refuses_access_is_not_tried_again(
    world: World, wait_until: WaitUntil
) -> None:
    rule = Rule(world, retries=2)
    world.account.inject(Fault(service="sqs", action="SendMessage", error="AccessDeniedException"))

    rule.publish()

    dead = wait_until(lambda: rule.message(rule.dead))
    assert dead["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    assert len(world.injected()) == 1


def test_a_slow_target_keeps_nobody_waiting(wait_until: WaitUntil) -> None:
    # At this scale 200 seconds, far beyond what a client waits for its answer.
    slow = Fault(service="sqs", action="SendMessage", latency_seconds=1_000_000)
    with EmbeddedAws(time_scale=0.0002) as aws, closing(World(aws, wait_until)) as world:
        rule = Rule(world, retries=0)
        aws.inject(slow)

        rule.publish()

        assert rule.message(rule.orders) is None


def test_a_pipe_tries_what_its_target_refused_again(world: World, wait_until: WaitUntil) -> None:
    sqs, pipes = world.client("sqs"), world.client("pipes")
    url = sqs.create_queue(QueueName="source", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
    machine = world.workflows.make({"Done": {"Type": "Pass", "End": True}})
    world.account.inject(
        Fault(
            service="stepfunctions",
            action="StartExecution",
            error="ExecutionLimitExceeded",
            count=2,
        )
    )
    pipes.create_pipe(
        Name="pipe",
        RoleArn=ROLE,
        Source=sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ],
        Target=machine,
        TargetParameters={
            "StepFunctionStateMachineParameters": {"InvocationType": "FIRE_AND_FORGET"}
        },
    )

    sqs.send_message(QueueUrl=url, MessageBody="{}")

    client = world.workflows.client
    wait_until(lambda: client.list_executions(stateMachineArn=machine)["executions"])
    assert world.injected() == [("StartExecution", "ExecutionLimitExceeded")] * 2
    pipes.delete_pipe(Name="pipe")
