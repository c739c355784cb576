"""The onboarding service's handler against moto's DynamoDB."""

import importlib
import io
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto import mock_aws
from pydantic import ValidationError

_DETAIL = {
    "userId": "user-1",
    "requestId": "sign-up-0001",
    "correlationId": "request-0001",
    "signedUpAt": "2026-11-23T08:59:59.123Z",
}
_EVENT = {
    "version": "0",
    "id": "11111111-2222-3333-4444-555555555555",
    "source": "sign-up",
    "account": "123456789012",
    "time": "2026-11-23T09:00:00Z",
    "region": "us-east-1",
    "resources": [],
    "detail-type": "UserSignedUp",
    "detail": _DETAIL,
}


@dataclass
class _Context:
    function_name: str = "start-onboarding"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:start-onboarding"
    aws_request_id: str = "request"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


@pytest.fixture
def handler_module(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The handler as a new execution environment imports it, with its two tables."""
    monkeypatch.setenv("IDEMPOTENCY_TABLE_NAME", "idempotency")
    monkeypatch.setenv("STATE_TABLE_NAME", "onboardings")
    with mock_aws():
        dynamodb = boto3.client("dynamodb")
        for name, key in (("idempotency", "id"), ("onboardings", "userId")):
            dynamodb.create_table(
                TableName=name,
                KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        module = importlib.import_module("start_onboarding.handler")
        yield importlib.reload(module)


@pytest.fixture
def handle(handler_module: ModuleType) -> Callable[[dict[str, Any]], dict[str, str]]:
    return lambda event: dict(handler_module.handler(event, _Context()))


def _onboardings() -> list[dict[str, Any]]:
    return list(boto3.resource("dynamodb").Table("onboardings").scan()["Items"])


def test_a_new_user_gets_an_onboarding_with_its_first_steps(
    handle: Callable[[dict[str, Any]], dict[str, str]],
) -> None:
    assert handle(_EVENT) == {"userId": "user-1", "status": "started"}

    (onboarding,) = _onboardings()
    assert onboarding == {
        "userId": "user-1",
        "eventId": _EVENT["id"],
        "startedAt": "2026-11-23T08:59:59.123000+00:00",
        "steps": ["complete-profile", "verify-email", "take-the-tour"],
    }


def test_the_same_event_again_gives_the_same_answer_and_changes_nothing(
    handle: Callable[[dict[str, Any]], dict[str, str]],
) -> None:
    first = handle(_EVENT)
    before = _onboardings()

    replayed = handle({**_EVENT, "replay-name": "demo-replay"})

    assert replayed == first
    assert _onboardings() == before


def test_another_event_about_the_same_user_keeps_the_first_onboarding(
    handle: Callable[[dict[str, Any]], dict[str, str]],
) -> None:
    handle(_EVENT)
    # As if the idempotency record had expired since.
    boto3.resource("dynamodb").Table("idempotency").delete_item(
        Key={"id": boto3.client("dynamodb").scan(TableName="idempotency")["Items"][0]["id"]["S"]}
    )

    answer = handle({**_EVENT, "id": "99999999-2222-3333-4444-555555555555"})

    assert answer["status"] == "kept"
    assert [item["eventId"] for item in _onboardings()] == [_EVENT["id"]]


def test_a_failed_write_is_retried_by_the_next_delivery(
    handle: Callable[[dict[str, Any]], dict[str, str]],
) -> None:
    boto3.client("dynamodb").delete_table(TableName="onboardings")

    with pytest.raises(Exception, match="ResourceNotFoundException"):
        handle(_EVENT)

    assert boto3.client("dynamodb").scan(TableName="idempotency")["Count"] == 0


@pytest.mark.parametrize("field", ["userId", "requestId", "correlationId", "signedUpAt"])
def test_an_event_without_a_field_of_its_contract_is_refused(
    handle: Callable[[dict[str, Any]], dict[str, str]], field: str
) -> None:
    detail = {key: value for key, value in _DETAIL.items() if key != field}

    with pytest.raises(ValidationError, match=field):
        handle({**_EVENT, "detail": detail})

    assert _onboardings() == []


def test_a_field_added_later_by_the_publisher_is_no_error(
    handle: Callable[[dict[str, Any]], dict[str, str]],
) -> None:
    detail = {**_DETAIL, "plan": "free"}

    assert handle({**_EVENT, "detail": detail})["status"] == "started"


def test_the_log_line_carries_the_correlation_id(
    handler_module: ModuleType,
    handle: Callable[[dict[str, Any]], dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log = io.StringIO()
    monkeypatch.setattr(handler_module.logger.registered_handler, "stream", log)

    handle(_EVENT)

    (line,) = [json.loads(text) for text in log.getvalue().splitlines()]
    assert line["correlation_id"] == "request-0001"
    assert line["message"] == "onboarding started"
    assert line["level"] == logging.getLevelName(logging.INFO)
