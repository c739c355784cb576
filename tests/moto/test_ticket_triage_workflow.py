"""The triage on moto: what it finds, what it refuses, and what happens once."""

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonata
import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template

from constructs_lib.orchestration import TicketTriage
from constructs_lib.templates.json_value import JsonValue
from constructs_lib.testing.moto_engine import FAILED_ENTRY, moto_workflows
from tests.moto.triage_world import TOPIC_ARN, TriageWorld

_CDK_JSON = Path(__file__).parent.parent.parent / "cdk.json"
_TICKET: dict[str, JsonValue] = {
    "eventId": "event-1",
    "ticketId": 320,
    "priority": 1,
    "requesterEmail": "ada@example.com",
}
_URGENT = {**_TICKET, "priority": 4}
_TOO_MANY_TAGS = [f"tag-{number}" for number in range(101)]


@pytest.fixture(scope="module")
def workflow() -> Iterator[TriageWorld]:
    stack = Stack(
        App(context=json.loads(_CDK_JSON.read_text(encoding="utf-8"))["context"]), "Stack"
    )
    TicketTriage(
        stack,
        "Triage",
        table=dynamodb.Table.from_table_name(stack, "Users", "users"),
        event_bus=events.EventBus.from_event_bus_name(stack, "Bus", "app-bus"),
        urgent_topic=sns.Topic.from_topic_arn(stack, "Urgent", TOPIC_ARN),
    )
    template = dict(Template.from_stack(stack).to_json())
    with moto_workflows() as engine:
        yield TriageWorld(engine, template)


@pytest.fixture
def triage(workflow: TriageWorld) -> Iterator[TriageWorld]:
    yield workflow
    workflow.clear()


@pytest.mark.parametrize(
    ("email", "priority", "requester", "urgency"),
    [
        ("ada@example.com", 1, "user", "normal"),
        (" Ada@Example.com ", 3, "user", "urgent"),
        ("emmy@example.com", 2, "unknown", "normal"),
        ("emmy@example.com", 4, "unknown", "urgent"),
    ],
)
def test_a_ticket_is_judged_by_requester_and_priority(
    triage: TriageWorld, email: str, priority: int, requester: str, urgency: str
) -> None:
    run = triage.run({**_TICKET, "requesterEmail": email, "priority": priority})

    assert run.status == "SUCCEEDED"
    (event,) = triage.events()
    assert event["detail-type"] == "TicketTriaged"
    assert re.fullmatch(r"[0-9a-f-]{36}", event["detail"].pop("traceId"))
    assert event["detail"] == {
        "reference": "freshdesk-320",
        "ticketId": 320,
        "requester": requester,
        "urgency": urgency,
        "tags": [],
        "attachmentCount": 0,
        "correlationId": "event-1",
        "causedByEventId": "event-1",
    }
    # A list on moto, which does so with every "[0]" inside a path; text on AWS.
    assert isinstance(run.output, dict)
    assert event["id"] in run.output["announced"]["eventId"]


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["vip"], ["vip"]),
        ([" VIP ", "needs reply", "vip"], ["vip", "needs reply"]),
        (["", "  "], []),
        (["", "vip"], ["vip"]),
        (_TOO_MANY_TAGS[:-1], _TOO_MANY_TAGS[:-1]),
    ],
)
def test_tags_are_normalized_and_named_once(
    triage: TriageWorld, tags: Sequence[str], expected: Sequence[str]
) -> None:
    run = triage.run({**_TICKET, "tags": tags})

    assert run.status == "SUCCEEDED", run.cause
    (event,) = triage.events()
    assert event["detail"]["tags"] == expected


@pytest.mark.parametrize("none", ["", None, []])
@pytest.mark.parametrize("field", ["tags", "attachments"])
def test_no_tags_and_no_attachments_can_be_said_in_three_ways(
    triage: TriageWorld, field: str, none: JsonValue
) -> None:
    run = triage.run({**_TICKET, field: none})

    assert run.status == "SUCCEEDED", run.cause
    (event,) = triage.events()
    assert (event["detail"]["tags"], event["detail"]["attachmentCount"]) == ([], 0)


def test_a_correlation_id_is_passed_on(triage: TriageWorld) -> None:
    run = triage.run({**_TICKET, "correlationId": "request-7"})

    assert run.status == "SUCCEEDED", run.cause
    (event,) = triage.events()
    assert event["detail"]["correlationId"] == "request-7"


@pytest.mark.parametrize("none", ["", None, 7])
def test_a_ticket_without_correlation_id_has_that_of_its_event(
    triage: TriageWorld, none: JsonValue
) -> None:
    run = triage.run({**_TICKET, "correlationId": none})

    assert run.status == "SUCCEEDED", run.cause
    (event,) = triage.events()
    assert event["detail"]["correlationId"] == "event-1"


def test_attachments_are_counted_and_stay_behind(triage: TriageWorld) -> None:
    run = triage.run({**_TICKET, "attachments": [{"name": "invoice.pdf"}, {"name": "me.jpg"}]})

    assert run.status == "SUCCEEDED", run.cause
    (event,) = triage.events()
    assert event["detail"]["attachmentCount"] == 2
    assert "invoice" not in json.dumps([event, run.output])


def test_the_requesters_address_stays_behind(triage: TriageWorld) -> None:
    run = triage.run(_URGENT)

    assert "ada@example.com" not in json.dumps(
        [run.output, triage.events(), triage.notices(), triage.records()], default=str
    )


@pytest.mark.parametrize(
    "change",
    [
        {"eventId": ""},  # what EventBridge maps a missing field to
        {"eventId": 7},
        {"ticketId": ""},
        {"ticketId": None},
        {"priority": "high"},
        {"requesterEmail": ""},
        {"requesterEmail": None},
        {"tags": "vip"},
        {"tags": "[vip"},
        {"tags": 7},
        {"tags": {"0": "vip"}},
        {"tags": {}},
        {"tags": ["vip", 7]},
        {"tags": [None]},
        {"tags": [["vip"]]},
        {"tags": _TOO_MANY_TAGS},
        {"attachments": "invoice.pdf"},
        {"attachments": 1},
        {"attachments": True},
        {"attachments": {}},
    ],
    ids=str,
)
def test_a_ticket_that_breaks_a_rule_is_refused_by_name(
    triage: TriageWorld, change: Mapping[str, JsonValue]
) -> None:
    run = triage.run({**_TICKET, **change})

    assert (run.status, run.error) == ("FAILED", "TicketTriage.InvalidTicket")
    assert (triage.events(), triage.records()) == ([], [])


@pytest.mark.parametrize("field", ["eventId", "ticketId", "priority", "requesterEmail"])
def test_a_missing_field_is_refused_by_name(triage: TriageWorld, field: str) -> None:
    run = triage.run({key: value for key, value in _TICKET.items() if key != field})

    assert (run.status, run.error) == ("FAILED", "TicketTriage.InvalidTicket")


def test_an_urgent_ticket_is_told_to_the_topic(triage: TriageWorld) -> None:
    triage.run({**_URGENT, "tags": ["VIP"]})

    (event,) = triage.events()
    (notice,) = triage.notices()
    assert notice["Subject"] == "Urgent ticket freshdesk-320"
    assert json.loads(notice["Message"]) == event["detail"]


def test_a_normal_ticket_is_not_told_to_the_topic(triage: TriageWorld) -> None:
    triage.run(_TICKET)

    assert triage.notices() == []


def test_a_repeated_event_ends_green_without_a_second_effect(triage: TriageWorld) -> None:
    triage.run(_URGENT)

    again = triage.run(_URGENT)

    assert again.status == "SUCCEEDED"
    assert again.path[-1] == "Already triaged"
    assert (len(triage.events()), len(triage.notices())) == (1, 1)


def test_another_event_of_the_same_ticket_is_triaged_too(triage: TriageWorld) -> None:
    triage.run(_TICKET)

    triage.run({**_TICKET, "eventId": "event-2"})

    assert len(triage.events()) == 2


def test_the_record_of_an_event_expires_in_ninety_days(triage: TriageWorld) -> None:
    triage.run(_TICKET)

    (record,) = triage.records()
    assert record["eventId"] == "event-1"
    assert int(record["expiresAt"]) == pytest.approx(time.time() + 90 * 86_400, abs=60)


def test_a_record_of_the_execution_itself_is_no_repeated_event(triage: TriageWorld) -> None:
    """The write was done and its answer lost: the retry must not take it for another's."""
    triage.run(_TICKET, name="first")
    (record,) = triage.records()
    triage.record("event-2", record["executionId"].removesuffix("first") + "second")

    run = triage.run({**_TICKET, "eventId": "event-2"}, name="second")

    assert run.status == "SUCCEEDED"
    assert run.path[-1] == "Announce triage"


@pytest.mark.parametrize(
    ("service", "operation", "error", "name"),
    [
        ("sns", "Publish", "AuthorizationErrorException", "SNS.AuthorizationErrorException"),
        ("events", "PutEvents", "ResourceNotFoundException", None),
        ("events", "PutEvents", FAILED_ENTRY, "EventBridge.FailedEntry"),
    ],
)
def test_a_ticket_that_could_not_be_announced_is_triaged_when_it_comes_again(
    triage: TriageWorld, service: str, operation: str, error: str, name: str | None
) -> None:
    triage.engine.fail(service=service, operation=operation, error=error, times=None)
    run = triage.run(_URGENT)

    assert run.status == "FAILED"
    assert run.error == (name or f"EventBridge.{error}")
    assert run.path[-2:] == ("Release event", "Triage failed")
    assert (triage.records(), triage.events()) == ([], [])

    triage.engine.heal()
    assert triage.run(_URGENT).path[-1] == "Announce triage"
    assert len(triage.events()) == 1


def test_a_release_that_fails_too_leaves_the_original_error(triage: TriageWorld) -> None:
    triage.engine.fail(
        service="events", operation="PutEvents", error="ResourceNotFoundException", times=None
    )
    triage.engine.fail(
        service="dynamodb", operation="DeleteItem", error="ResourceNotFoundException", times=None
    )

    run = triage.run(_TICKET)

    assert (run.status, run.error) == ("FAILED", "EventBridge.ResourceNotFoundException")
    assert run.cause


def test_an_execution_never_releases_anothers_record(triage: TriageWorld) -> None:
    triage.record("event-1", "another execution")
    triage.engine.fail(
        service="dynamodb", operation="PutItem", error="ResourceNotFoundException", times=None
    )

    run = triage.run(_TICKET)

    assert (run.status, run.error) == ("FAILED", "DynamoDB.ResourceNotFoundException")
    assert [record["executionId"] for record in triage.records()] == ["another execution"]


def test_a_failure_before_the_record_has_nothing_to_release(triage: TriageWorld) -> None:
    triage.engine.fail(
        service="dynamodb", operation="GetItem", error="ResourceNotFoundException", times=None
    )

    run = triage.run(_TICKET)

    assert (run.status, run.error) == ("FAILED", "DynamoDB.ResourceNotFoundException")
    assert "Release event" not in run.path


def test_tags_that_cannot_be_evaluated_fail_before_the_record(
    triage: TriageWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No tag is as bad as that: the evaluator itself breaks down."""
    evaluate = jsonata.Jsonata.evaluate

    def break_down_once(expression: jsonata.Jsonata, data: object, bindings: Any) -> object:
        if bindings["states"]["context"]["State"]["Name"] == "Normalize tag":
            monkeypatch.setattr(jsonata.Jsonata, "evaluate", evaluate)
            raise RuntimeError("broken")
        return evaluate(expression, data, bindings)

    monkeypatch.setattr(jsonata.Jsonata, "evaluate", break_down_once)

    run = triage.run({**_TICKET, "tags": ["vip"]})

    assert (run.status, run.error) == ("FAILED", "States.QueryEvaluationError")
    assert "broken" in str(run.cause)
    assert run.path[-1] == "Triage failed"
    assert (triage.records(), triage.events()) == ([], [])


@pytest.mark.parametrize(
    ("service", "operation", "error"),
    [
        ("dynamodb", "GetItem", "ProvisionedThroughputExceededException"),
        ("dynamodb", "PutItem", "ThrottlingException"),
        ("sns", "Publish", "ThrottledException"),
        ("events", "PutEvents", FAILED_ENTRY),
    ],
)
def test_a_passing_error_is_retried(
    triage: TriageWorld, service: str, operation: str, error: str
) -> None:
    triage.engine.fail(service=service, operation=operation, error=error, times=2)

    run = triage.run(_URGENT)

    assert (run.status, run.retries) == ("SUCCEEDED", 2)
    assert (len(triage.events()), len(triage.notices())) == (1, 1)


def test_a_passing_error_of_the_release_is_retried(triage: TriageWorld) -> None:
    triage.engine.fail(
        service="events", operation="PutEvents", error="ResourceNotFoundException", times=None
    )
    triage.engine.fail(service="dynamodb", operation="DeleteItem", error="ThrottlingException")

    triage.run(_TICKET)

    assert triage.records() == []
