"""The ticket triage, deployed and driven through the API alone.

Each scenario has a stack of its own. All but those that take something away also run in a real
account (``--aws-profile``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from constructs_lib.local import Fault
from tests.local.account import Account
from tests.local.scenario_stack import Deployment, deployed

_TICKET = {
    "eventId": "event-1",
    "ticketId": 320,
    "priority": 1,
    "requesterEmail": "ada@example.com",
}
_URGENT = {**_TICKET, "priority": 4}


class Triage:
    """The deployed workflow, a user, and what came of tickets."""

    def __init__(self, aws: Deployment) -> None:
        self.aws = aws
        key = f"EMAIL#{hashlib.sha256(b'ada@example.com').hexdigest()}"
        user = {"pk": {"S": key}, "userId": {"S": "user-1"}}
        aws.dynamodb.put_item(TableName=aws["Users"], Item=user)

    def run(self, ticket: object) -> tuple[str | None, list[str]]:
        """The error with which a triage ended, None for a success, and the states it entered."""
        execution = self.aws.start("Triage", ticket)
        ended = self.aws.end(execution)
        assert ended["status"] == ("FAILED" if "error" in ended else "SUCCEEDED")
        return ended.get("error"), self.aws.path(execution)

    def event(self) -> Any:
        """The detail of the one event that came."""
        (event,) = self.aws.wait_until(self.aws.heard)
        assert (event["source"], event["detail-type"]) == ("ticket-triage", "TicketTriaged")
        return event["detail"]


@pytest.fixture
def triage(account: Account) -> Iterator[Triage]:
    with deployed(account) as deployment:
        yield Triage(deployment)


def test_a_ticket_of_a_user_is_judged_and_announced(triage: Triage) -> None:
    ticket = {**_TICKET, "requesterEmail": " Ada@Example.com ", "tags": [" VIP ", "vip", "", "new"]}

    error, _ = triage.run({**ticket, "attachments": [{"name": "invoice.pdf"}]})

    assert error is None
    event = triage.event()
    assert event.pop("traceId")
    assert event == {
        "reference": "freshdesk-320",
        "ticketId": 320,
        "requester": "user",
        "urgency": "normal",
        "tags": ["vip", "new"],
        "attachmentCount": 1,
        "correlationId": "event-1",
        "causedByEventId": "event-1",
    }
    assert triage.aws.notices() == []


def test_a_ticket_of_somebody_else_is_judged_too(triage: Triage) -> None:
    error, _ = triage.run({**_TICKET, "requesterEmail": "emmy@example.com"})

    assert error is None
    assert triage.event()["requester"] == "unknown"


def test_an_urgent_ticket_is_told_to_the_topic_without_the_address(triage: Triage) -> None:
    error, _ = triage.run(_URGENT)

    assert error is None
    event = triage.event()
    (notice,) = triage.aws.wait_until(triage.aws.notices)
    assert notice == event
    assert event["urgency"] == "urgent"
    assert "ada@example.com" not in json.dumps(event)


def test_a_repeated_event_ends_green_and_has_one_effect(triage: Triage) -> None:
    triage.run(_URGENT)
    triage.event()
    triage.aws.wait_until(triage.aws.notices)

    error, path = triage.run(_URGENT)

    assert (error, path[-1]) == (None, "Already triaged")
    assert (triage.aws.heard(), triage.aws.notices()) == ([], [])


@pytest.mark.parametrize(
    "change",
    [{"eventId": ""}, {"tags": "vip"}, {"tags": ["vip", 7]}],
    ids=["no event id", "tags are no list", "a tag is no text"],
)
def test_a_ticket_that_breaks_a_rule_is_refused_by_name(
    triage: Triage, change: dict[str, object]
) -> None:
    error, _ = triage.run({**_TICKET, **change})

    assert error == "TicketTriage.InvalidTicket"
    assert (triage.aws.heard(), triage.aws.items("Triaged")) == ([], [])


def test_without_the_users_table_a_triage_fails_before_it_records_anything(triage: Triage) -> None:
    triage.aws.account.require_embedded()
    triage.aws.dynamodb.delete_table(TableName=triage.aws["Users"])

    error, path = triage.run(_TICKET)

    assert error == "DynamoDB.ResourceNotFoundException"
    assert "Record event" not in path
    assert triage.aws.items("Triaged") == []


def test_without_the_table_of_triaged_events_nothing_is_announced(triage: Triage) -> None:
    triage.aws.account.require_embedded()
    triage.aws.dynamodb.delete_table(TableName=triage.aws["Triaged"])

    error, path = triage.run(_URGENT)

    assert error == "DynamoDB.ResourceNotFoundException"
    assert path[-2:] == ["Release event", "Triage failed"]
    assert (triage.aws.heard(), triage.aws.notices()) == ([], [])


def test_a_ticket_that_cannot_be_announced_is_triaged_when_it_comes_again(triage: Triage) -> None:
    failing = Fault(service="events", action="PutEvents", error="InternalException")

    with triage.aws.account.require_embedded().faults(failing):
        error, path = triage.run(_TICKET)

    assert error == "EventBridge.InternalException"
    assert path[-2:] == ["Release event", "Triage failed"]
    assert triage.aws.items("Triaged") == []
    assert triage.run(_TICKET)[1][-1] == "Announce triage"


def test_a_ticket_whose_notice_failed_is_triaged_when_it_comes_again(triage: Triage) -> None:
    triage.aws.account.require_embedded()
    topics = triage.aws.account.client("sns")
    topics.delete_topic(TopicArn=triage.aws["Topic"])

    error, path = triage.run(_URGENT)

    assert error == "SNS.NotFoundException"
    assert path[-2:] == ["Release event", "Triage failed"]
    assert (triage.aws.heard(), triage.aws.items("Triaged")) == ([], [])
    topics.create_topic(Name=triage.aws["Topic"].rpartition(":")[2])
    assert triage.run(_URGENT)[1][-1] == "Announce triage"
    assert triage.event()["urgency"] == "urgent"
