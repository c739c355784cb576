"""The services of the choreographed sign-up on moto, joined by a bus that routes as synthesized.

Deliveries happen when a test makes them, in the order that it likes.
"""

from __future__ import annotations

import importlib
import json
import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.client import BaseClient
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from stacks.contracts import CONTRACTS

_TEMPLATE = Path(__file__).parent.parent / "golden" / "stacks" / "DuetChoreography.template.json"
RESOURCES: Mapping[str, Any] = json.loads(_TEMPLATE.read_text(encoding="utf-8"))["Resources"]
# Service, construct id, key of its decisions.
_SERVICES = {
    "reserve_email": ("ReserveEmail", "pk"),
    "create_identity": ("CreateIdentity", "userId"),
    "store_profile": ("StoreProfile", "userId"),
    "send_welcome": ("SendWelcome", "userId"),
}
_CONTRACTS = {(contract.source, contract.detail_type): contract for contract in CONTRACTS}
_PROFILES = "profiles"

Event = dict[str, Any]
#: What happens to an AWS call: nothing, "not sent", "answer lost", or the code of an error.
Fault = Callable[[str, Mapping[str, Any]], str | None]


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether an event matches a pattern of values, ``$or``, ``exists`` and ``anything-but``."""
    for key, wanted in pattern.items():
        if key == "$or":
            if not any(matches(each, event) for each in wanted):
                return False
        elif not any(_meets(each, event, key) for each in wanted):
            return False
    return True


def _meets(wanted: object, event: Mapping[str, Any], key: str) -> bool:
    if not isinstance(wanted, Mapping):
        return bool(event.get(key) == wanted)
    ((operator, value),) = wanted.items()
    if operator == "exists":
        return (key in event) is value
    assert operator == "anything-but", operator
    return event.get(key) not in value


def _pattern(construct_id: str) -> Mapping[str, Any]:
    (rule,) = [
        resource
        for name, resource in RESOURCES.items()
        if resource["Type"] == "AWS::Events::Rule"
        and name.startswith(f"SignUp{construct_id}Events")
    ]
    pattern: Mapping[str, Any] = rule["Properties"]["EventPattern"]
    return pattern


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """An event that waits in a service's queue."""

    service: str
    event: Event


@dataclass
class _Context:
    function_name: str
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:service"
    aws_request_id: str = "request"

    def get_remaining_time_in_millis(self) -> int:
        # A message comes again when its function has timed out, and its idempotency lock with it.
        return -1


@dataclass
class World:
    """What happened so far, and what waits."""

    handlers: Mapping[str, Callable[[dict[str, Any], object], dict[str, Any]]]
    user_pool_id: str
    mails: list[Mapping[str, Any]] = field(default_factory=list)
    published: list[Event] = field(default_factory=list)
    waiting: list[Delivery] = field(default_factory=list)
    fault: Fault = field(default=lambda _operation, _arguments: None)
    is_in_a_service: bool = False
    _patterns: Mapping[str, Mapping[str, Any]] = field(
        default_factory=lambda: {name: _pattern(id_) for name, (id_, _) in _SERVICES.items()}
    )

    def request(self, request_id: str, *, email: object, name: object = "Ada Lovelace") -> Event:
        """Publish ``SignUpRequested``, whatever is in it."""
        detail = {"requestId": request_id, "correlationId": request_id}
        return self._publish(
            "sign-up-form", "SignUpRequested", {**detail, "email": email, "name": name}
        )

    def deliver(self, *deliveries: Delivery) -> list[Delivery]:
        """Hand events to one service as a batch; those that failed wait again."""
        (service,) = {delivery.service for delivery in deliveries}
        records = {str(uuid.uuid4()): delivery for delivery in deliveries}
        bodies = {message: json.dumps(each.event) for message, each in records.items()}
        failed = [records[message] for message in self.invoke(service, bodies)]
        self.waiting += failed
        return failed

    def invoke(self, service: str, bodies: Mapping[str, str]) -> list[str]:
        """Run a service's function with a batch; the messages that it names as failed."""
        batch = {"Records": [_record(message, body) for message, body in bodies.items()]}
        self.is_in_a_service = True
        try:
            answer = self.handlers[service](batch, _Context(function_name=service))
        finally:
            self.is_in_a_service = False
        return [each["itemIdentifier"] for each in answer["batchItemFailures"]]

    def settle(self, *, most: int = 200) -> None:
        """Deliver all that waits, and what comes of it, one at a time."""
        while self.waiting:
            most -= 1
            assert most, f"still waiting: {self.waiting}"
            self.deliver(self.waiting.pop(0))

    def deliver_again(self, detail_type: str, *, later_than_a_day: bool = False) -> None:
        """Deliver events of a type once more to all who follow them, and let all settle."""
        if later_than_a_day:
            self.forget()
        for event in [each for each in self.published if each["detail-type"] == detail_type]:
            self._route(event)
        self.settle()

    def forget(self) -> None:
        """Let the idempotency records expire."""
        _forget()

    def told(self, request_id: str) -> list[str]:
        """The types of the events about a request, in order, each once."""
        types = [e["detail-type"] for e in self.about(request_id)]
        return list(dict.fromkeys(types))

    def about(self, request_id: str) -> list[Event]:
        """The events about a request."""
        return [e for e in self.published if e["detail"]["requestId"] == request_id]

    def detail(self, request_id: str, detail_type: str) -> dict[str, Any]:
        """The one detail of a type about a request, however often it was published."""
        found = [e["detail"] for e in self.about(request_id) if e["detail-type"] == detail_type]
        assert found, self.told(request_id)
        assert all(each == found[0] for each in found), found
        return dict(found[0])

    def state(self) -> dict[str, list[str]]:
        """Who has what: users by identity, profile and reservation, addresses by hash."""
        reserved = {
            item["pk"]: item["userId"] for item in _items("reserve_email-state") if "userId" in item
        }
        users = boto3.client("cognito-idp").list_users(UserPoolId=self.user_pool_id)["Users"]
        return {
            "reservations": sorted(reserved.values()),
            "addresses": sorted(reserved),
            "identities": sorted(user["Username"] for user in users),
            "profiles": sorted(item["userId"] for item in _items(_PROFILES)),
        }

    def observe(self, entry: Mapping[str, Any]) -> None:
        """Take an entry that EventBridge accepted, check it by its contract, and route it."""
        self._publish(entry["Source"], entry["DetailType"], json.loads(entry["Detail"]))

    def _publish(self, source: str, detail_type: str, detail: dict[str, Any]) -> Event:
        event: Event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": detail_type,
            "source": source,
            "account": "123456789012",
            "time": "2026-11-23T09:00:00Z",
            "region": "us-east-1",
            "resources": [],
            "detail": detail,
        }
        contract = _CONTRACTS[source, detail_type]
        if detail_type != "SignUpRequested":
            contract.parser_model().model_validate(event)
        self.published.append(event)
        self._route(event)
        return event

    def _route(self, event: Event) -> None:
        self.waiting += [
            Delivery(service=service, event=event)
            for service, pattern in self._patterns.items()
            if matches(pattern, event)
        ]


def _forget() -> None:
    """Records have the function's name in their key; to delete them takes longer than a test."""
    os.environ["AWS_LAMBDA_FUNCTION_NAME"] = uuid.uuid4().hex


def _items(table: str) -> list[dict[str, Any]]:
    return list(boto3.resource("dynamodb").Table(table).scan(ConsistentRead=True)["Items"])


def _record(message_id: str, body: str) -> dict[str, Any]:
    return {
        "messageId": message_id,
        "receiptHandle": "handle",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1545082649183",
            "SenderId": "123456789012",
            "ApproximateFirstReceiveTimestamp": "1545082649185",
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:queue",
        "awsRegion": "us-east-1",
    }


def refused(code: str, operation: str) -> ClientError:
    """AWS's answer with an error code."""
    return ClientError({"Error": {"Code": code, "Message": "ada@example.com"}}, operation)


class Services:
    """The functions as new execution environments import them, with tables, pool and sender."""

    def __init__(self) -> None:
        self._tables = {_PROFILES: "pk"}
        for service, (_, key) in _SERVICES.items():
            self._tables |= {f"{service}-idempotency": "id", f"{service}-state": key}
        for name in self._tables:
            self.make_table(name)
        boto3.client("events").create_event_bus(Name="app-bus")
        boto3.client("sesv2").create_email_identity(EmailIdentity="welcome@example.com")
        self.user_pool_id = boto3.client("cognito-idp").create_user_pool(PoolName="users")[
            "UserPool"
        ]["Id"]
        self.modules = {service: self._import(service) for service in _SERVICES}

    def make_table(self, name: str) -> None:
        """Make one of the tables."""
        key = self._tables[name]
        boto3.client("dynamodb").create_table(
            TableName=name,
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def empty(self) -> None:
        """Forget everything that an earlier test did."""
        cognito = boto3.client("cognito-idp")
        existing = boto3.client("dynamodb").list_tables()["TableNames"]
        _forget()
        for name, key in self._tables.items():
            if name not in existing:
                self.make_table(name)
            if name.endswith("-idempotency"):
                continue
            for item in _items(name):
                boto3.resource("dynamodb").Table(name).delete_item(Key={key: item[key]})
        for user in cognito.list_users(UserPoolId=self.user_pool_id)["Users"]:
            cognito.admin_delete_user(UserPoolId=self.user_pool_id, Username=user["Username"])

    def _import(self, service: str) -> Any:
        os.environ.update(
            IDEMPOTENCY_TABLE_NAME=f"{service}-idempotency",
            STATE_TABLE_NAME=f"{service}-state",
            EVENT_BUS_NAME="app-bus",
            USER_POOL_ID=self.user_pool_id,
            PROFILES_TABLE_NAME=_PROFILES,
            MAIL_SENDER="welcome@example.com",
        )
        return importlib.reload(importlib.import_module(f"{service}.handler"))


@contextmanager
def services_on_moto() -> Iterator[Services]:
    """All services, imported once: that takes longer than most tests."""
    before = dict(os.environ)
    try:
        with mock_aws():
            yield Services()
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def a_world(services: Services) -> Iterator[World]:
    """An empty world; its ``fault`` decides about every AWS call of the services."""
    services.empty()
    world = World(
        handlers={name: module.handler for name, module in services.modules.items()},
        user_pool_id=services.user_pool_id,
    )
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # botocore's one way to AWS

    def faulty(client: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:
        fault = world.fault(operation, arguments) if world.is_in_a_service else None
        if fault == "not sent":
            raise EndpointConnectionError(endpoint_url="http://aws")
        if fault not in (None, "answer lost"):
            raise refused(fault, operation)
        answer = call(client, operation, arguments)
        if operation == "PutEvents":
            for entry in arguments["Entries"]:
                world.observe(entry)
        if operation == "SendEmail":
            world.mails.append(arguments)
        if fault == "answer lost":
            raise EndpointConnectionError(endpoint_url="http://aws")
        return answer

    BaseClient._make_api_call = faulty  # type: ignore[attr-defined]  # as above
    try:
        yield world
    finally:
        BaseClient._make_api_call = call  # type: ignore[attr-defined]  # as above
