"""Short ways to what tests do with clients of the embedded AWS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from constructs_lib.local import EmbeddedAws

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

Bodies = list[dict[str, Any]]


class Inbox:
    """What came to a queue, taken from it."""

    def __init__(self, sqs: SQSClient, url: str) -> None:
        self.bodies: Bodies = []
        self._sqs = sqs
        self._url = url

    def take(self) -> Bodies:
        while found := self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in found:
                self.bodies.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return self.bodies


def untyped_client(aws: EmbeddedAws, service: str) -> Any:
    """A client of a service whose type stubs are not installed."""
    return cast(Any, aws).client(service)


def put(dynamodb: DynamoDBClient, table: str, **item: str) -> None:
    dynamodb.put_item(TableName=table, Item={name: {"S": value} for name, value in item.items()})
