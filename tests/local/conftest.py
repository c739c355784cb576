"""What tests against the embedded AWS share: one running instance, and waiting on a condition."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

import boto3
import pytest

from constructs_lib.local import EmbeddedAccount, EmbeddedAws
from tests.local.account import Account

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient

_POLL_SECONDS = 0.02
_DEADLINE_SECONDS = 10.0

T = TypeVar("T")


class WaitUntil(Protocol):
    """Ask until the answer is truthy and return it; fail the test after ten seconds."""

    def __call__(self, ask: Callable[[], T | None]) -> T: ...


class Deliveries(Protocol):
    """Put a new queue behind a new rule; the answer receives its next event, None while empty."""

    def __call__(self, bus: str, pattern: object) -> Callable[[], dict[str, object] | None]: ...


@pytest.fixture(scope="session")
def aws() -> Iterator[EmbeddedAws]:
    """The session's one embedded AWS; its Step Functions wait for nothing."""
    with EmbeddedAws(time_scale=0) as running:
        yield running


@pytest.fixture(scope="session")
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    """Where scenarios run: an embedded AWS on which a day is 86 seconds, so that people have time
    to confirm on a busy machine; or the account of ``--aws-profile``."""
    profile = request.config.getoption("--aws-profile")
    if profile:
        with closing(Account(boto3.Session(profile_name=profile))) as account:
            yield account
        return
    with EmbeddedAws(time_scale=0.001) as running, closing(Account(running)) as account:
        yield account


@pytest.fixture(scope="session")
def wait_until() -> WaitUntil:
    """The suite's only place that sleeps."""

    def wait(ask: Callable[[], T | None]) -> T:
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while time.monotonic() < deadline:
            answer = ask()
            if answer:
                return answer
            time.sleep(_POLL_SECONDS)
        pytest.fail(f"not within {_DEADLINE_SECONDS:g} seconds")

    return wait


@pytest.fixture
def place(aws: EmbeddedAws) -> EmbeddedAccount:
    """An account of the test's own."""
    return aws.account(f"{uuid.uuid4().int % 10**12:012d}")


@pytest.fixture
def events(aws: EmbeddedAws) -> Iterator[EventBridgeClient]:
    with closing(aws.client("events")) as client:
        yield client


@pytest.fixture
def sqs(aws: EmbeddedAws) -> Iterator[SQSClient]:
    with closing(aws.client("sqs")) as client:
        yield client


@pytest.fixture
def deliveries(events: EventBridgeClient, sqs: SQSClient) -> Deliveries:
    def put(bus: str, pattern: object) -> Callable[[], dict[str, object] | None]:
        name = f"deliveries-{uuid.uuid4().hex[:8]}"
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(pattern))
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        target = {"Id": "queue", "Arn": attributes["Attributes"]["QueueArn"]}
        events.put_targets(Rule=name, EventBusName=bus, Targets=[target])  # type: ignore[list-item]  # the stub wants its own TypedDict

        def receive() -> dict[str, object] | None:
            messages = sqs.receive_message(QueueUrl=url).get("Messages", [])
            return cast(dict[str, object], json.loads(messages[0]["Body"])) if messages else None

        return receive

    return put


class Stack:
    """A CloudFormation stack of one test."""

    def __init__(self, client: CloudFormationClient, wait_until: WaitUntil) -> None:
        self.name = f"stack-{uuid.uuid4().hex[:8]}"
        self.reason = ""
        self._client = client
        self._wait_until = wait_until

    def create(self, **resources: object) -> str:
        self._client.create_stack(StackName=self.name, TemplateBody=_template(resources))
        return self._status()

    def update(self, **resources: object) -> str:
        self._client.update_stack(StackName=self.name, TemplateBody=_template(resources))
        return self._status()

    def delete(self) -> None:
        self._client.delete_stack(StackName=self.name)
        self._wait_until(lambda: not self.exists())

    def physical_id(self, logical_id: str) -> str:
        return self._client.describe_stack_resource(
            StackName=self.name, LogicalResourceId=logical_id
        )["StackResourceDetail"]["PhysicalResourceId"]

    def reasons(self) -> str:
        stack_events = self._client.describe_stack_events(StackName=self.name)["StackEvents"]
        return "\n".join(event.get("ResourceStatusReason", "") for event in stack_events)

    def exists(self) -> bool:
        stacks = self._client.describe_stacks()["Stacks"]
        return self.name in {stack["StackName"] for stack in stacks}

    def _status(self) -> str:
        def settled() -> str | None:
            stack = self._client.describe_stacks(StackName=self.name)["Stacks"][0]
            status: str = stack["StackStatus"]
            return None if status.endswith("IN_PROGRESS") else status

        return self._wait_until(settled)


def _template(resources: dict[str, object]) -> str:
    return json.dumps({"Resources": resources})


@pytest.fixture
def stack(aws: EmbeddedAws, wait_until: WaitUntil) -> Iterator[Stack]:
    with closing(aws.client("cloudformation")) as client:
        stack = Stack(client, wait_until)
        yield stack
        if stack.exists():
            stack.delete()
