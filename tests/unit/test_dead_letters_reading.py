"""What a message in a dead-letter queue is taken for, and what is shown of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import pytest

from constructs_lib.operations.dead_letter import DeadLetter, Sender, read_dead_letter

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

RULE = "arn:aws:events:eu-west-1:123456789012:rule/orders/Billing"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:billing"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:billing:$LATEST"
EVENT = {
    "id": "e-1",
    "detail-type": "OrderPlaced",
    "time": "2026-11-23T10:00:00Z",
    "detail": {"email": "ada@example.com"},
}
RULE_ATTRIBUTES = {"RULE_ARN": RULE, "TARGET_ARN": QUEUE, "ERROR_CODE": "NO_RESOURCE"}
RECORD = {
    "requestContext": {
        "functionArn": FUNCTION,
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    },
    "requestPayload": EVENT,
    "responsePayload": {"errorType": "KeyError", "errorMessage": "ada@example.com"},
}


def read(body: object, attributes: dict[str, str] | None = None, **system: str) -> DeadLetter:
    message = {
        "MessageId": "m-1",
        "Body": body if isinstance(body, str) else json.dumps(body),
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value}
            for name, value in (attributes or {}).items()
        },
        "Attributes": system,
    }
    return read_dead_letter(cast("MessageTypeDef", message))


def test_an_event_that_a_rule_could_not_deliver_names_rule_target_and_error() -> None:
    letter = read(EVENT, RULE_ATTRIBUTES)

    assert letter.summary() == {
        "messageId": "m-1",
        "sender": "rule",
        "time": "2026-11-23T10:00:00Z",
        "eventType": "OrderPlaced",
        "eventId": "e-1",
        "rule": RULE,
        "target": QUEUE,
        "errorCode": "NO_RESOURCE",
        "attempts": "1",
    }


def test_the_first_try_counts_among_the_attempts() -> None:
    assert read(EVENT, {**RULE_ATTRIBUTES, "RETRY_ATTEMPTS": "4"}).attempts == "5"


def test_a_functions_failure_record_names_function_and_error() -> None:
    letter = read(RECORD)

    assert (letter.sender, letter.target, letter.payload) == (Sender.FUNCTION, FUNCTION, EVENT)
    assert (letter.error_code, letter.attempts) == ("KeyError", "3")


def test_a_record_without_answer_shows_lambdas_condition() -> None:
    record = {name: part for name, part in RECORD.items() if name != "responsePayload"}

    assert read(record).error_code == "RetriesExhausted"


def test_a_message_that_a_queues_consumer_failed_with_names_that_queue() -> None:
    letter = read(EVENT, DeadLetterQueueSourceArn=QUEUE)

    assert (letter.sender, letter.target) == (Sender.QUEUE, QUEUE)


@pytest.mark.parametrize("body", ["no JSON", "[1]", EVENT])
def test_a_message_of_unknown_origin_is_shown_as_such(body: object) -> None:
    assert read(body).sender == Sender.UNKNOWN


@pytest.mark.parametrize(
    "letter",
    [read(EVENT, RULE_ATTRIBUTES), read(RECORD), read(EVENT, DeadLetterQueueSourceArn=QUEUE)],
    ids=lambda letter: letter.sender,
)
def test_a_summary_holds_no_personal_data(letter: DeadLetter) -> None:
    assert "ada@example.com" not in json.dumps(letter.summary())
