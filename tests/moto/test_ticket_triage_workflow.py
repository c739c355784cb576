"""The triage's outcomes: urgency by priority, requester by the users table."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from constructs_lib.testing.moto_engine import WorkflowRun, moto_workflows
from constructs_lib.testing.workflow import (
    JsonValue,
    state_machine_definition,
    state_machine_ids,
)
from tests.moto.world import World

_TICKET: dict[str, JsonValue] = {
    "eventId": "event-1",
    "ticketId": 320,
    "priority": 1,
    "requesterEmail": "ada@example.com",
}


@pytest.fixture(scope="module")
def triage(
    workflow_templates: Mapping[str, dict[str, Any]],
) -> Iterator[tuple[Callable[[Mapping[str, JsonValue]], WorkflowRun], World]]:
    template = workflow_templates["Triage"]
    (logical_id,) = state_machine_ids(template)
    definition = state_machine_definition(template, logical_id, substitutions={})
    with moto_workflows() as engine:
        world = World()
        world.users.put_item(
            Item={
                "pk": f"EMAIL#{hashlib.sha256(b'ada@example.com').hexdigest()}",
                "userId": "user-1",
            }
        )
        yield lambda ticket: engine.run(definition, ticket), world


@pytest.mark.parametrize(
    ("email", "priority", "requester", "urgency"),
    [
        ("ada@example.com", 1, "user", "normal"),
        ("ada@example.com", 3, "user", "urgent"),
        ("emmy@example.com", 2, "unknown", "normal"),
        ("emmy@example.com", 4, "unknown", "urgent"),
    ],
)
def test_a_ticket_is_judged_by_requester_and_priority(
    triage: tuple[Callable[[Mapping[str, JsonValue]], WorkflowRun], World],
    email: str,
    priority: int,
    requester: str,
    urgency: str,
) -> None:
    run_triage, world = triage

    run = run_triage({**_TICKET, "requesterEmail": email, "priority": priority})

    assert run.status == "SUCCEEDED"
    (event,) = world.events()
    assert event["detail-type"] == "TicketTriaged"
    assert event["detail"] == {
        "reference": "freshdesk-320",
        "ticketId": 320,
        "requester": requester,
        "urgency": urgency,
        "causedByEventId": "event-1",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"ticketId": ""},  # what EventBridge maps a missing field to
        {"ticketId": None},
        {"priority": "high"},
        {"requesterEmail": ""},
        {"requesterEmail": None},
    ],
)
def test_a_ticket_without_what_the_triage_needs_is_refused_by_name(
    triage: tuple[Callable[[Mapping[str, JsonValue]], WorkflowRun], World],
    change: Mapping[str, JsonValue],
) -> None:
    run_triage, world = triage

    run = run_triage({**_TICKET, **change})

    assert (run.status, run.error) == ("FAILED", "TicketTriage.InvalidTicket")
    assert world.events() == []


@pytest.mark.parametrize("field", ["ticketId", "priority", "requesterEmail"])
def test_a_missing_field_is_refused_by_name(
    triage: tuple[Callable[[Mapping[str, JsonValue]], WorkflowRun], World], field: str
) -> None:
    run_triage, _ = triage

    run = run_triage({key: value for key, value in _TICKET.items() if key != field})

    assert (run.status, run.error) == ("FAILED", "TicketTriage.InvalidTicket")
