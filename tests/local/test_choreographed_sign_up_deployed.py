"""The choreographed sign-up as synthesized, its functions running, on the embedded AWS."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest

from constructs_lib.demo.waiting import wait_for
from constructs_lib.local import EmbeddedAws
from constructs_lib.local.mailbox import Mailbox
from stacks.contracts import SIGN_UP_REQUESTED
from tests.local.example_stacks import deploy_example

# Functions start in a fraction of a second, several at once on a busy machine in a few.
_DEADLINE_SECONDS = 60
_ENDS = {"SignUpRejected", "SignUpFailed", "UserSignedUp"}


class Example:
    """The deployed example, and what was heard on its bus."""

    def __init__(self, aws: EmbeddedAws, outputs: Mapping[str, str]) -> None:
        self.aws = aws
        self.outputs = outputs
        self.mailbox = Mailbox(aws)
        self._bus = outputs["AppBusArn"].rpartition("/")[2]
        self._clients: dict[str, Any] = {}
        self._heard: list[dict[str, Any]] = []
        queue = self.client("sqs").create_queue(QueueName="heard")["QueueUrl"]
        self._queue = queue
        self.client("events").put_rule(
            Name="heard", EventBusName=self._bus, EventPattern='{"version": ["0"]}'
        )
        arn = f"arn:aws:sqs:{aws.region}:{aws.account_id}:heard"
        self.client("events").put_targets(
            Rule="heard", EventBusName=self._bus, Targets=[{"Id": "heard", "Arn": arn}]
        )

    def client(self, service: str) -> Any:
        """A client, made once."""
        if service not in self._clients:
            make: Any = self.aws.client
            self._clients[service] = make(service)
        return self._clients[service]

    def close(self) -> None:
        """Close all clients."""
        for client in self._clients.values():
            client.close()

    def request(self, email: str, name: str = "Ada Lovelace") -> str:
        """Ask for a sign-up; its request id."""
        request_id = f"request-{uuid.uuid4().hex[:8]}"
        detail = {
            "requestId": request_id,
            "correlationId": request_id,
            "email": email,
            "name": name,
        }
        entry = SIGN_UP_REQUESTED.entry(detail, event_bus_name=self._bus)
        assert self.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0
        return request_id

    def told(self, request_id: str) -> list[dict[str, Any]]:
        """The events about a request, once it has ended."""

        def about() -> list[dict[str, Any]]:
            self._listen()
            return [e for e in self._heard if e["detail"].get("requestId") == request_id]

        def has_ended(told: list[dict[str, Any]]) -> bool:
            return any(event["detail-type"] in _ENDS for event in told)

        told = wait_for(about, until=has_ended, within_seconds=_DEADLINE_SECONDS)
        assert has_ended(told), [event["detail-type"] for event in told]
        return told

    def _listen(self) -> None:
        answer = self.client("sqs").receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            self._heard.append(json.loads(message["Body"]))
            self.client("sqs").delete_message(
                QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"]
            )

    def users(self) -> set[str]:
        """Who has an identity."""
        pool = self.outputs["ChoreographedUserPoolId"]
        users = self.client("cognito-idp").list_users(UserPoolId=pool)["Users"]
        return {user["Username"] for user in users}

    def reserved(self) -> set[str]:
        """Whose addresses are reserved."""
        table = self.outputs["ReservationsTableName"]
        items = self.client("dynamodb").scan(TableName=table)["Items"]
        return {item["userId"]["S"] for item in items if item["pk"]["S"].startswith("EMAIL#")}


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Example]:
    with EmbeddedAws() as aws:
        outputs = deploy_example(
            aws,
            tmp_path_factory.mktemp("assembly"),
            context={"duet:mailSender": "welcome@example.com"},
        )
        with closing(Example(aws, outputs)) as example:
            example.client("sesv2").create_email_identity(EmailIdentity="welcome@example.com")
            yield example


def _types(told: list[dict[str, Any]]) -> list[str]:
    return [event["detail-type"] for event in told]


def test_a_user_is_signed_up_by_services_alone_and_welcomed(example: Example) -> None:
    request_id = example.request("ada@example.com")

    told = example.told(request_id)

    assert _types(told) == ["SignUpRequested", "EmailReserved", "IdentityCreated", "UserSignedUp"]
    assert {event["detail"]["correlationId"] for event in told} == {request_id}
    user_id = told[-1]["detail"]["userId"]
    assert user_id in example.users() & example.reserved()
    mail = example.mailbox.latest(to="ada@example.com", within_seconds=_DEADLINE_SECONDS)
    assert (mail.subject, mail.text) == (
        "Welcome",
        "Hello Ada Lovelace,\n\nit is good to have you.\n",
    )


def test_an_address_that_is_taken_is_rejected(example: Example) -> None:
    example.told(example.request("grace@example.com"))

    told = example.told(example.request("GRACE@example.com"))

    assert _types(told) == ["SignUpRequested", "SignUpRejected"]
    assert told[-1]["detail"]["error"] == "SignUp.EmailTaken"


def test_a_broken_message_of_a_batch_does_not_stop_the_others(example: Example) -> None:
    queues = example.client("sqs").list_queues()["QueueUrls"]
    (queue,) = [u for u in queues if "ReserveEmailMessagesQueue" in u and "DeadLetters" not in u]
    example.client("sqs").send_message(QueueUrl=queue, MessageBody="{}")

    told = example.told(example.request("mary@example.com"))

    assert _types(told)[-1] == "UserSignedUp"

    def waiting() -> int:
        attributes = example.client("sqs").get_queue_attributes(
            QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessagesNotVisible"]
        )["Attributes"]
        return int(attributes["ApproximateNumberOfMessagesNotVisible"])

    # The broken one is hidden until it is tried again.
    assert wait_for(waiting, until=lambda seen: seen == 1, within_seconds=_DEADLINE_SECONDS) == 1


def test_a_sign_up_whose_profile_cannot_be_stored_is_undone(example: Example) -> None:
    """Last: it takes the profiles away."""
    example.client("dynamodb").delete_table(TableName=example.outputs["ProfilesTableName"])
    before = example.users()

    told = example.told(example.request("joan@example.com"))

    assert _types(told) == [
        "SignUpRequested",
        "EmailReserved",
        "IdentityCreated",
        "ProfileNotStored",
        "IdentityDeleted",
        "SignUpFailed",
    ]
    failed = told[-1]["detail"]
    assert (failed["error"], failed["step"]) == (
        "DynamoDB.ResourceNotFoundException",
        "Store profile",
    )
    assert example.users() == before
    assert failed["userId"] not in example.reserved()
