"""A small hand-written app whose journeys the tests of journal and trace follow.

An event of ``shop`` starts the workflow Order: in parallel, it saves an item (tried again if that
fails) and runs the workflow Notify; then it publishes ``OrderPlaced``. That goes to a queue, to a
function that publishes in turn, and to a queue that does not exist, hence to the dead letters. A
pipe takes ``Work`` into Notify. All of it is archived.
"""

from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

from constructs_lib.local import EmbeddedAccount, EmbeddedAws, deploy
from constructs_lib.local.journal import DeliveryAttempt, Journal
from tests.assemblies import Assembly, queue

ROLE = "arn:aws:iam::000000000000:role/any"
_SECONDS = 15.0
_POLL_SECONDS = 0.02
T = TypeVar("T")

HANDLER = """
import boto3
def handler(event, context):
    if event["detail"].get("crash"):
        raise ValueError("as asked")
    entry = {"Source": "function", "DetailType": "OrderSeen", "Detail": "{}"}
    boto3.client("events").put_events(Entries=[entry])
"""


def _workflow(name: str, states: dict[str, Any]) -> dict[str, Any]:
    definition = {"StartAt": next(iter(states)), "States": states}
    properties = {
        "StateMachineName": name,
        "RoleArn": ROLE,
        "DefinitionString": json.dumps(definition),
    }
    return {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}


def _task(resource: str, parameters: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{resource}",
        "Parameters": parameters,
        "ResultPath": None,
        **fields,
    }


class World:
    """An account of its own with the app in it."""

    def __init__(self, aws: EmbeddedAws, folder: Path) -> None:
        self.account: EmbeddedAccount = aws.account(f"{uuid.uuid4().int % 10**12:012}")
        self._closing = ExitStack()
        self.events = self.client("events")
        self.workflows = self.client("stepfunctions")
        self.queues = self.client("sqs")
        assembly = Assembly(folder)
        assembly.stack("App", self._resources())
        deploy(folder, self.account)

    def close(self) -> None:
        self._closing.close()

    def client(self, service: Any) -> Any:
        client = self.account.client(service)
        self._closing.callback(client.close)
        return client

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:us-east-1:{self.account.account_id}:{resource}"

    def publish(self, source: str = "shop", **detail: object) -> str:
        """Publish an event; its id."""
        entry = {"Source": source, "DetailType": "Bought", "Detail": json.dumps(detail)}
        answer = self.events.put_events(Entries=[entry])
        return str(answer["Entries"][0]["EventId"])

    def journal_with(self, wanted: Callable[[Journal], T | None]) -> T:
        """What ``wanted`` finds in the journal, as soon as it finds it."""
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            if found := wanted(self.account.journal(with_api_calls=False)):
                return found
            time.sleep(_POLL_SECONDS)
        found_kinds = Counter(type(each).__name__ for each in self.account.journal().records)
        raise AssertionError(f"not within {_SECONDS} seconds, only {dict(found_kinds)}")

    def attempts(self, event_id: str, target: str) -> list[DeliveryAttempt]:
        """The attempts at a target, its delivery ended."""

        def ended(journal: Journal) -> list[DeliveryAttempt] | None:
            found = [
                each
                for each in journal.of(DeliveryAttempt)
                if (each.event_id, each.target_id) == (event_id, target)
            ]
            over = found and found[-1].outcome in ("delivered", "dead-lettered", "dropped")
            return found if over else None

        return self.journal_with(ended)

    def _resources(self) -> dict[str, Any]:
        notify = _workflow("Notify", {"Hello": {"Type": "Pass", "End": True}})
        put = {"TableName": "Items", "Item": {"pk": {"S.$": "$.id"}}}
        retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2, "IntervalSeconds": 60}]
        nest = {"StateMachineArn": self.arn("states", "stateMachine:Notify"), "Input": {"a": 1}}
        entry = {"Source": "order", "DetailType": "OrderPlaced", "Detail.$": "$.detail"}
        branches = [
            {"Save": _task("dynamodb:putItem", put, Retry=retry, End=True)},
            {"Nest": _task("states:startExecution.sync:2", nest, End=True)},
        ]
        both = {
            "Type": "Parallel",
            "Branches": [{"StartAt": next(iter(each)), "States": each} for each in branches],
            "ResultPath": None,
            "Next": "Publish",
        }
        publish = _task("events:putEvents", {"Entries": [entry]}, End=True)
        queue_arn = {"Fn::GetAtt": ["Orders", "Arn"]}
        dead_letters = {"DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}}}
        targets = [
            {"Id": "queue", "Arn": queue_arn},
            {"Id": "function", "Arn": {"Fn::GetAtt": ["Handler", "Arn"]}},
            {"Id": "missing", "Arn": self.arn("sqs", "missing"), **dead_letters},
        ]
        return {
            "Orders": queue(QueueName="Orders"),
            "DeadLetters": queue(QueueName="DeadLetters"),
            "Work": queue(QueueName="Work"),
            "Items": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "TableName": "Items",
                    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                    "BillingMode": "PAY_PER_REQUEST",
                },
            },
            "Handler": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "FunctionName": "Handler",
                    "Runtime": "python3.12",
                    "Handler": "index.handler",
                    "Role": ROLE,
                    "Timeout": 30,
                    "Code": {"ZipFile": HANDLER},
                },
            },
            "Notify": notify,
            "Order": _workflow("Order", {"Both": both, "Publish": publish}),
            "Buys": self._rule("buys", "shop", [self._starts("Order")]),
            "Orders2": self._rule("orders", "order", targets),
            "Never": self._rule("never", "never", [{"Id": "queue", "Arn": queue_arn}]),
            "Pipe": {
                "Type": "AWS::Pipes::Pipe",
                "Properties": {
                    "Name": "Pipe",
                    "RoleArn": ROLE,
                    "Source": {"Fn::GetAtt": ["Work", "Arn"]},
                    "Target": {"Ref": "Notify"},
                    "TargetParameters": {
                        "StepFunctionStateMachineParameters": {"InvocationType": "FIRE_AND_FORGET"}
                    },
                },
            },
            "Archive": {
                "Type": "AWS::Events::Archive",
                "Properties": {
                    "ArchiveName": "Archive",
                    "SourceArn": self.arn("events", "event-bus/default"),
                    "EventPattern": {"source": ["order"]},
                },
            },
        }

    def _starts(self, workflow: str) -> dict[str, Any]:
        # The event's id is what the item is saved under; the rest of the event goes along.
        return {"Id": "workflow", "Arn": {"Ref": workflow}, "RoleArn": ROLE}

    def _rule(self, name: str, source: str, targets: list[dict[str, Any]]) -> dict[str, Any]:
        properties = {"Name": name, "EventPattern": {"source": [source]}, "Targets": targets}
        return {"Type": "AWS::Events::Rule", "Properties": properties}
