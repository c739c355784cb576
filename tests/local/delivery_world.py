"""Rules, targets and dead-letter queues of the tests about delivery."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import boto3
import pytest

from constructs_lib.local import EmbeddedAws
from tests.local.http_api import HttpApi

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

ROLE = "arn:aws:iam::000000000000:role/any"
ARN = "arn:aws:{}:us-east-1:000000000000:{}"
PASS = {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}


def new_name(kind: str) -> str:
    return f"{kind}-{uuid.uuid4().hex[:8]}"


class Queue:
    """A queue of one test; ``drain`` takes out all that waits."""

    def __init__(self, world: World, name: str, attributes: Mapping[str, str]) -> None:
        self._sqs = world.sqs
        created = world.sqs.create_queue(QueueName=name, Attributes=attributes)  # type: ignore[arg-type]  # any attributes
        self.url = created["QueueUrl"]
        self.arn = ARN.format("sqs", name)

    def size(self) -> int:
        answer = self._sqs.get_queue_attributes(
            QueueUrl=self.url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    def receive(self) -> MessageTypeDef | None:
        messages = self._sqs.receive_message(QueueUrl=self.url, MessageAttributeNames=["All"])
        return next(iter(messages.get("Messages", [])), None)

    def drain(self) -> list[str]:
        """The ids of the events that waited; of a topic's notification, of the event in it."""
        found: list[str] = []
        while messages := self._sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                body = json.loads(message["Body"])
                found.append((json.loads(body["Message"]) if "Message" in body else body)["id"])
        return found


class World:
    """One embedded AWS and what tests make in it."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self._closing = ExitStack()
        self.events = aws.client("events")
        self.sqs = aws.client("sqs")
        self.sns = aws.client("sns")
        self.functions = aws.client("lambda")
        self.workflows = aws.client("stepfunctions")
        self.tables = aws.client("dynamodb")
        for client in (
            self.events,
            self.sqs,
            self.sns,
            self.functions,
            self.workflows,
            self.tables,
        ):
            self._closing.callback(client.close)

    def close(self) -> None:
        self._closing.close()

    def queue(self, name: str | None = None, **attributes: str) -> Queue:
        return Queue(self, name or new_name("queue"), attributes)

    def workflow(self, name: str) -> str:
        answer = self.workflows.create_state_machine(
            name=name, definition=json.dumps(PASS), roleArn=ROLE
        )
        return answer["stateMachineArn"]

    def inputs(self, workflow_arn: str) -> list[str]:
        """The ids of the events that executions of the workflow have got; its names hold them."""
        pages = self.workflows.get_paginator("list_executions").paginate(
            stateMachineArn=workflow_arn
        )
        return [one["name"].split("_")[0] for page in pages for one in page["executions"]]

    def topic(self, queue: Queue) -> str:
        """A topic whose messages come to ``queue``."""
        arn = self.sns.create_topic(Name=new_name("topic"))["TopicArn"]
        self.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue.arn)
        return arn

    def api_destination(self, api: HttpApi) -> str:
        name = new_name("api")
        connection = self.events.create_connection(
            Name=name,
            AuthorizationType="API_KEY",
            AuthParameters={
                "ApiKeyAuthParameters": {"ApiKeyName": "x-api-key", "ApiKeyValue": "sesame"}
            },
        )
        return self.events.create_api_destination(
            Name=name,
            ConnectionArn=connection["ConnectionArn"],
            InvocationEndpoint=api.url,
            HttpMethod="POST",
        )["ApiDestinationArn"]

    def function(self, code: str, **settings: object) -> str:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("index.py", code)
        answer = self.functions.create_function(
            FunctionName=new_name("function"),
            Runtime="python3.13",
            Handler="index.handler",
            Role=ROLE,
            Timeout=30,
            Code={"ZipFile": archive.getvalue()},
            **settings,  # type: ignore[arg-type]  # any settings
        )
        return answer["FunctionArn"]

    def rule(
        self, target_arn: str, dead_letters: Queue | None, **settings: object
    ) -> tuple[str, str]:
        """A rule with that one target, for events whose source is its name: name and ARN."""
        name = new_name("rule")
        pattern = json.dumps({"source": [name]})
        arn = self.events.put_rule(Name=name, EventPattern=pattern)["RuleArn"]
        target = {"Id": "target", "Arn": target_arn, **settings}
        if dead_letters:
            target["DeadLetterConfig"] = {"Arn": dead_letters.arn}
        answer = self.events.put_targets(Rule=name, Targets=[target])  # type: ignore[list-item]  # the stub wants its own TypedDict
        assert not answer["FailedEntryCount"]
        return name, arn

    def publish(self, source: str, details: Sequence[object]) -> list[str]:
        """Publish one event of ``source`` for each detail; their ids."""
        return self.publish_all([(source, detail) for detail in details])

    def publish_all(self, events: Sequence[tuple[str, object]]) -> list[str]:
        ids: list[str] = []
        for start in range(0, len(events), 10):
            entries = [
                {"Source": source, "DetailType": "OrderPlaced", "Detail": json.dumps(detail)}
                for source, detail in events[start : start + 10]
            ]
            answer = self.events.put_events(Entries=entries)  # type: ignore[arg-type]  # the stub wants its own TypedDict
            ids += [entry["EventId"] for entry in answer["Entries"]]
        return ids


@contextmanager
def aws_of_the_command(aws: EmbeddedAws) -> Iterator[None]:
    """Make ``aws`` what boto3 uses by itself; one session for all, as making one takes long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        for name, value in aws.environment().items():
            if name.startswith("AWS_"):
                patch.setenv(name, value)
        yield


def attributes_of(message: MessageTypeDef) -> dict[str, str]:
    return {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
