"""Pipes on the embedded AWS, made and changed through the service's API and by templates."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from constructs_lib.local import EmbeddedAws
from tests.local.clients import Inbox, put, untyped_client

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient

    from tests.local.conftest import Deliveries, Stack, WaitUntil

ROLE = "arn:aws:iam::000000000000:role/any"


@pytest.fixture
def dynamodb(aws: EmbeddedAws) -> Iterator[DynamoDBClient]:
    with closing(aws.client("dynamodb")) as client:
        yield client


@pytest.mark.parametrize(
    ("target", "limits", "condition"),
    [
        ("states:{}:stateMachine:gone", {"MaximumRetryAttempts": 0}, "RetryAttemptsExhausted"),
        ("events:{}:event-bus/gone", {"MaximumRetryAttempts": 1}, "RetryAttemptsExhausted"),
        ("states:{}:stateMachine:gone", {"MaximumRecordAgeInSeconds": 1}, "MaxRecordAgeExceeded"),
    ],
)
def test_records_for_a_missing_target_are_given_up_at_the_limit_that_is_set(
    aws: EmbeddedAws,
    dynamodb: DynamoDBClient,
    sqs: SQSClient,
    wait_until: WaitUntil,
    target: str,
    limits: dict[str, int],
    condition: str,
) -> None:
    table = f"table-{uuid.uuid4().hex[:8]}"
    stream_arn = dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]["LatestStreamArn"]
    put(dynamodb, table, name="early")
    url = sqs.create_queue(QueueName=f"dead-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    source = {
        "StartingPosition": "TRIM_HORIZON",
        "DeadLetterConfig": {"Arn": attributes["QueueArn"]},
        **limits,
    }
    name = f"pipe-{uuid.uuid4().hex[:8]}"
    pipes = untyped_client(aws, "pipes")
    with closing(pipes):
        pipes.create_pipe(
            Name=name,
            RoleArn=ROLE,
            Source=stream_arn,
            SourceParameters={"DynamoDBStreamParameters": source},
            Target=f"arn:aws:{target.format('us-east-1:000000000000')}",
            TargetParameters={
                "StepFunctionStateMachineParameters": {"InvocationType": "FIRE_AND_FORGET"}
            },
        )

        dead = Inbox(sqs, url)
        wait_until(dead.take)
        put(dynamodb, table, name="late")
        wait_until(lambda: len(dead.take()) > 1)

        assert {body["context"]["condition"] for body in dead.bodies} == {condition}
        starts = [body["DDBStreamBatchInfo"]["startSequenceNumber"] for body in dead.bodies]
        assert len(set(starts)) == 2
        kept = pipes.describe_pipe(Name=name)["SourceParameters"]["DynamoDBStreamParameters"]
        assert kept == source
        pipes.delete_pipe(Name=name)


def test_a_pipe_that_is_made_stopped_stays_so_and_is_updated_in_place(aws: EmbeddedAws) -> None:
    name = f"pipe-{uuid.uuid4().hex[:8]}"
    pipes = untyped_client(aws, "pipes")
    with closing(pipes):
        made = pipes.create_pipe(
            Name=name,
            RoleArn=ROLE,
            Source="arn:aws:sqs:us-east-1:000000000000:source",
            Target="arn:aws:sns:us-east-1:000000000000:target",
            DesiredState="STOPPED",
            TargetParameters={"InputTemplate": '{"version": 1}'},
        )

        pipes.update_pipe(
            Name=name, RoleArn=ROLE, TargetParameters={"InputTemplate": '{"version": 2}'}
        )

        found = pipes.describe_pipe(Name=name)
        assert (made["CurrentState"], found["CurrentState"]) == ("STOPPED", "STOPPED")
        assert found["TargetParameters"] == {"InputTemplate": '{"version": 2}'}
        pipes.delete_pipe(Name=name)


def test_an_updated_template_changes_what_the_pipe_delivers(
    stack: Stack,
    sqs: SQSClient,
    events: EventBridgeClient,
    deliveries: Deliveries,
    wait_until: WaitUntil,
) -> None:
    receive = deliveries("default", {"source": ["updated-pipe"]})
    bus_arn = events.describe_event_bus()["Arn"]

    def resources(detail: str) -> dict[str, object]:
        target = {
            "InputTemplate": detail,
            "EventBridgeEventBusParameters": {"Source": "updated-pipe", "DetailType": "T"},
        }
        pipe = {
            "RoleArn": ROLE,
            "Source": {"Fn::GetAtt": ["Queue", "Arn"]},
            "Target": bus_arn,
            "TargetParameters": target,
        }
        return {
            "Queue": {"Type": "AWS::SQS::Queue"},
            "Pipe": {"Type": "AWS::Pipes::Pipe", "Properties": pipe},
        }

    assert stack.create(**resources('{"version": 1}')) == "CREATE_COMPLETE"
    assert stack.update(**resources('{"version": 2, "said": <$.body>}')) == "UPDATE_COMPLETE"
    sqs.send_message(QueueUrl=stack.physical_id("Queue"), MessageBody="plain")

    assert wait_until(receive)["detail"] == {"version": 2, "said": "plain"}


# What each extension adds, as plain MiniStack's source would show it.
GAPS = (
    "FilterCriteria",
    "InputTemplate",
    "EventBridgeEventBusParameters",
    "DeadLetterConfig",
    "SqsQueueParameters",
    "BatchSize",
    "LogConfiguration",
)


@pytest.fixture(scope="module")
def plain_source(tmp_path_factory: pytest.TempPathFactory) -> str:
    program = (
        "import inspect; from ministack.services import pipes; print(inspect.getsource(pipes))"
    )
    environment = {**os.environ, "STATE_DIR": str(tmp_path_factory.mktemp("plain"))}
    return subprocess.check_output(
        [sys.executable, "-c", program], text=True, stderr=subprocess.DEVNULL, env=environment
    )


@pytest.mark.parametrize("parameter", GAPS)
def test_canary_plain_ministack_does_not_heed_the_parameter(
    plain_source: str, parameter: str
) -> None:
    assert parameter not in plain_source
