"""What a message in a dead-letter queue says: which event, meant for whom, why it stays there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

_Record = Mapping[str, object]


class Sender(StrEnum):
    """Who moved the message to the queue, which decides the way back."""

    RULE = "rule"
    FUNCTION = "function"
    QUEUE = "queue"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """One message: what it says of itself, and ``payload``, what was to be delivered.

    ``target`` is an ARN: the rule's target, the function, or the queue whose consumer failed.
    """

    message: MessageTypeDef
    sender: Sender
    payload: object
    target: str = ""
    rule: str = ""
    error_code: str = ""
    attempts: str = ""

    @property
    def event(self) -> _Record:
        """The payload where it is an event, else nothing."""
        is_event = isinstance(self.payload, dict) and "detail-type" in self.payload
        return cast(_Record, self.payload) if is_event else {}

    def summary(self) -> dict[str, str]:
        """What may be shown: nothing of the event's detail, nor what a failing function said."""
        return {
            "messageId": self.message["MessageId"],
            "sender": self.sender,
            "time": str(self.event.get("time", "")),
            "eventType": str(self.event.get("detail-type", "")),
            "eventId": str(self.event.get("id", "")),
            "rule": self.rule,
            "target": self.target,
            "errorCode": self.error_code,
            "attempts": self.attempts,
        }


def read_dead_letter(message: MessageTypeDef) -> DeadLetter:
    """What ``message`` says, received with all its attributes.

    Source: EventBridge user guide, "Using dead-letter queues to process undelivered events"; Lambda
        developer guide, "Capturing records of Lambda asynchronous invocations"; SQS API reference,
        ReceiveMessage (read 2026-11-23).
    """
    attributes = {
        name: value.get("StringValue", "")
        for name, value in message.get("MessageAttributes", {}).items()
    }
    system = cast(Mapping[str, str], message.get("Attributes", {}))
    body = _parsed(message["Body"])
    if {"RULE_ARN", "TARGET_ARN"} <= attributes.keys():
        return DeadLetter(
            message=message,
            sender=Sender.RULE,
            payload=body,
            target=attributes["TARGET_ARN"],
            rule=attributes["RULE_ARN"],
            error_code=attributes.get("ERROR_CODE", ""),
            attempts=str(int(attributes.get("RETRY_ATTEMPTS", "0")) + 1),
        )
    if isinstance(body, dict) and {"requestContext", "requestPayload"} <= body.keys():
        return _of_function(message, body)
    if "DeadLetterQueueSourceArn" in system:
        return DeadLetter(
            message=message,
            sender=Sender.QUEUE,
            payload=body,
            target=system["DeadLetterQueueSourceArn"],
            error_code="MaxReceiveCount",
        )
    return DeadLetter(
        message=message,
        sender=Sender.UNKNOWN,
        payload=body,
        error_code=attributes.get("ErrorCode", ""),
    )


def _of_function(message: MessageTypeDef, record: _Record) -> DeadLetter:
    context = cast(Mapping[str, object], record["requestContext"])
    answer = record.get("responsePayload")
    error = str(answer.get("errorType", "")) if isinstance(answer, dict) else ""
    return DeadLetter(
        message=message,
        sender=Sender.FUNCTION,
        payload=record["requestPayload"],
        target=str(context.get("functionArn", "")),
        error_code=error or str(context.get("condition", "")),
        attempts=str(context.get("approximateInvokeCount", "")),
    )


def _parsed(body: str) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return body
