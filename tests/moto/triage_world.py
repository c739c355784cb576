"""The ticket triage under test: workflow, users, records, and listeners to bus and topic."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import boto3

from constructs_lib.templates.json_value import JsonValue
from constructs_lib.templates.state_machines import state_machine_definition, state_machine_ids
from constructs_lib.testing.moto_engine import WorkflowEngine, WorkflowRun
from tests.moto.world import World

TOPIC_ARN = "arn:aws:sns:us-east-1:123456789012:urgent-tickets"


class TriageWorld:
    """The synthesized workflow and the AWS around it."""

    def __init__(self, engine: WorkflowEngine, template: Mapping[str, Any]) -> None:
        self.world = World()
        self.world.users.put_item(
            Item={
                "pk": f"EMAIL#{hashlib.sha256(b'ada@example.com').hexdigest()}",
                "userId": "user-1",
            }
        )
        self.engine = engine
        self._table = boto3.resource("dynamodb").create_table(
            TableName="triaged",
            KeySchema=[{"AttributeName": "eventId", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "eventId", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self._queues = boto3.client("sqs")
        self._notices = self._queues.create_queue(QueueName="notices")["QueueUrl"]
        topics = boto3.client("sns")
        topics.create_topic(Name="urgent-tickets")
        topics.subscribe(
            TopicArn=TOPIC_ARN,
            Protocol="sqs",
            Endpoint="arn:aws:sqs:us-east-1:123456789012:notices",
        )
        (table_id,) = (
            logical_id
            for logical_id, resource in template["Resources"].items()
            if resource["Type"] == "AWS::DynamoDB::Table"
        )
        (logical_id,) = state_machine_ids(template)
        self._definition = state_machine_definition(
            template, logical_id, substitutions={table_id: "triaged"}
        )

    def run(self, ticket: Mapping[str, JsonValue], *, name: str | None = None) -> WorkflowRun:
        return self.engine.run(self._definition, ticket, name=name)

    def events(self) -> list[dict[str, Any]]:
        return self.world.events()

    def notices(self) -> list[dict[str, Any]]:
        """Take the notices that came since the last look."""
        messages = self._queues.receive_message(QueueUrl=self._notices, MaxNumberOfMessages=10).get(
            "Messages", []
        )
        for message in messages:
            self._queues.delete_message(
                QueueUrl=self._notices, ReceiptHandle=message["ReceiptHandle"]
            )
        return [json.loads(message["Body"]) for message in messages]

    def records(self) -> list[dict[str, Any]]:
        return list(self._table.scan()["Items"])

    def record(self, event_id: str, execution_id: str) -> None:
        self._table.put_item(Item={"eventId": event_id, "executionId": execution_id})

    def clear(self) -> None:
        self.engine.heal()
        for record in self.records():
            self._table.delete_item(Key={"eventId": record["eventId"]})
        while self.events() or self.notices():
            pass
