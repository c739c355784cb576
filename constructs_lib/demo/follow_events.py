"""See who received the events that were published."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from constructs_lib.demo.waiting import wait_for
from constructs_lib.local import EmbeddedAws

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient


@dataclass(frozen=True, kw_only=True)
class ReceivedEvent:
    """An event as a queue's consumer sees it; ``arrived_at`` is in seconds since 1970."""

    id: str
    detail_type: str
    detail: Mapping[str, str]
    replay_name: str | None
    arrived_at: float


@dataclass(frozen=True, kw_only=True)
class EventResult:
    """Who received one published event, and who should have."""

    id: str
    detail_type: str
    received_by: Sequence[str]
    expected_by: Sequence[str]

    @property
    def as_expected(self) -> bool:
        """Everybody who follows such events got it."""
        return self.received_by == self.expected_by


class QueueReader:
    """Takes the events out of one queue and keeps them."""

    def __init__(self, aws: EmbeddedAws, queue_url: str) -> None:
        self._queues: SQSClient = aws.client("sqs")
        self._queue_url = queue_url
        self.events: list[ReceivedEvent] = []

    def read_until_seen(
        self, event_ids: Collection[str], *, replay_name: str | None = None
    ) -> Sequence[ReceivedEvent]:
        """Read until all of ``event_ids`` came, live or by the named replay, or time is up."""

        def matching() -> Sequence[ReceivedEvent]:
            self.read()
            return [event for event in self.events if event.replay_name == replay_name]

        return wait_for(
            matching, until=lambda events: {event.id for event in events} >= set(event_ids)
        )

    def read(self) -> None:
        """Take what has come by now."""
        while messages := self._queues.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=10,
            MessageSystemAttributeNames=["SentTimestamp"],
        ).get("Messages"):
            for message in messages:
                body = json.loads(message["Body"])
                self.events.append(
                    ReceivedEvent(
                        id=body["id"],
                        detail_type=body["detail-type"],
                        detail=body["detail"],
                        replay_name=body.get("replay-name"),
                        # The event's own time has whole seconds.
                        arrived_at=int(message["Attributes"]["SentTimestamp"]) / 1000,
                    )
                )
                self._queues.delete_message(
                    QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"]
                )


def onboardings(
    aws: EmbeddedAws, table_name: str, *, event_ids: Collection[str]
) -> Mapping[str, str]:
    """Wait until the onboarding service handled the events; which user each event gave.

    The service writes the id of the event that it acted on.
    """
    tables: DynamoDBClient = aws.client("dynamodb")

    def handled() -> dict[str, str]:
        pages = tables.get_paginator("scan").paginate(TableName=table_name)
        return {
            item["eventId"]["S"]: item["userId"]["S"] for page in pages for item in page["Items"]
        }

    return wait_for(handled, until=lambda seen: seen.keys() >= set(event_ids))
