"""What EventBridge cannot deliver on the embedded AWS ends in a dead-letter queue, as on AWS."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from constructs_lib.local import EmbeddedAws

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

    from tests.local.conftest import WaitUntil

ACCOUNT = "000000000000"
FAILING_HANDLER = """
def handler(event, context):
    raise ValueError("no")
"""


class DeadLetterQueue:
    """A queue of one test."""

    def __init__(self, sqs: SQSClient) -> None:
        self._sqs = sqs
        self.url = sqs.create_queue(QueueName=f"dead-{uuid.uuid4().hex[:8]}")["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn = attributes["Attributes"]["QueueArn"]

    def receive(self) -> MessageTypeDef | None:
        answer = self._sqs.receive_message(QueueUrl=self.url, MessageAttributeNames=["All"])
        return next(iter(answer.get("Messages", [])), None)


@pytest.fixture
def dead_letters(sqs: SQSClient) -> DeadLetterQueue:
    return DeadLetterQueue(sqs)


@pytest.fixture
def functions(aws: EmbeddedAws) -> Iterator[LambdaClient]:
    with closing(aws.client("lambda")) as client:
        yield client


def publish_to(
    events: EventBridgeClient, target_arn: str, dead_letter_arn: str | None = None
) -> tuple[str, str]:
    """Put an event in front of one target; the rule's ARN and the event's id."""
    name = f"rule-{uuid.uuid4().hex[:8]}"
    rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"]
    if dead_letter_arn:
        dead_letter = {"Arn": dead_letter_arn}
        target = {"Id": "t", "Arn": target_arn, "Input": "{}", "DeadLetterConfig": dead_letter}
    else:
        target = {"Id": "t", "Arn": target_arn}
    events.put_targets(Rule=name, Targets=[target])  # type: ignore[list-item]  # the stub wants its own TypedDict
    entry = {"Source": name, "DetailType": "T", "Detail": '{"n": 1}'}
    return rule, events.put_events(Entries=[entry])["Entries"][0]["EventId"]  # type: ignore[list-item]  # as above


@pytest.mark.parametrize(
    "resource",
    [
        "sqs:us-east-1:000000000000:gone",
        "sns:us-east-1:000000000000:gone",
        "lambda:us-east-1:000000000000:function:gone",
        "states:us-east-1:000000000000:stateMachine:gone",
        "events:us-east-1:000000000000:event-bus/gone",
    ],
)
def test_an_event_for_a_missing_target_goes_to_the_dead_letter_queue(
    events: EventBridgeClient, dead_letters: DeadLetterQueue, wait_until: WaitUntil, resource: str
) -> None:
    rule_arn, event_id = publish_to(events, f"arn:aws:{resource}", dead_letters.arn)
    message = wait_until(dead_letters.receive)
    body = json.loads(message["Body"])
    assert (body["id"], body["detail"]) == (event_id, {"n": 1})
    attributes = {k: v["StringValue"] for k, v in message["MessageAttributes"].items()}
    assert attributes == {
        "RULE_ARN": rule_arn,
        "TARGET_ARN": f"arn:aws:{resource}",
        "ERROR_CODE": "NO_RESOURCE",
        "ERROR_MESSAGE": "The target does not exist.",
    }


def test_an_event_that_its_function_fails_goes_to_the_functions_failure_destination(
    events: EventBridgeClient,
    functions: LambdaClient,
    dead_letters: DeadLetterQueue,
    wait_until: WaitUntil,
) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("index.py", FAILING_HANDLER)
    name = f"failing-{uuid.uuid4().hex[:8]}"
    function = functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Handler="index.handler",
        Role=f"arn:aws:iam::{ACCOUNT}:role/any",
        Code={"ZipFile": archive.getvalue()},
        DeadLetterConfig={"TargetArn": dead_letters.arn},
    )
    _rule_arn, event_id = publish_to(events, function["FunctionArn"])
    failure = json.loads(wait_until(dead_letters.receive)["Body"])
    assert failure["requestPayload"]["id"] == event_id
    assert failure["requestContext"]["condition"] == "RetriesExhausted"


def test_canary_plain_ministack_delivers_to_no_dead_letter_queue(tmp_path: Path) -> None:
    program = """if True:
        import inspect
        from ministack.services import eventbridge as service
        for part in (service._invoke_target, service._dispatch_to_lambda):
            source = inspect.getsource(part)
            print("DeadLetterConfig" in source or "invoke_async_with_retry" in source)
    """
    output = subprocess.check_output(
        [sys.executable, "-c", program],
        text=True,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "STATE_DIR": str(tmp_path)},
    )
    assert output.split() == ["False", "False"]
