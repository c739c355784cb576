"""The example's three stacks together: tickets, users, and one id from start to last consumer."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from constructs_lib.demo.crm import CRM_AUTHORIZATION, Contact, LocalCrm
from constructs_lib.demo.follow_events import QueueReader, ReceivedEvent
from constructs_lib.demo.waiting import wait_for
from constructs_lib.local import EmbeddedAws
from constructs_lib.partners import FRESHWORKS
from tests.local.example_stacks import deploy_example

T = TypeVar("T")
_SAMPLE = FRESHWORKS.samples[0]


def _come(look: Callable[[], T], *, until: Callable[[T], bool] = bool) -> T:
    """What was awaited; the test fails if it does not come in time."""
    seen = wait_for(look, until=until)
    assert until(seen), f"nothing else came in time: {seen!r}"
    return seen


class Story:
    """The deployed stacks, driven from outside; everything is found by an id of its own."""

    def __init__(self, aws: EmbeddedAws, outputs: Mapping[str, str], crm: LocalCrm) -> None:
        self._outputs = outputs
        self.crm = crm
        self.events = aws.client("events")
        self.workflows = aws.client("stepfunctions")
        self._logs = aws.client("logs")
        self.analytics = QueueReader(aws, outputs["AnalyticsQueueUrl"])
        self._support = QueueReader(aws, outputs["SupportQueueUrl"])

    def sign_up(self) -> str:
        """Sign somebody up; the id of the request."""
        request = f"request-{uuid.uuid4().hex}"
        self.workflows.start_execution(
            stateMachineArn=self._outputs["SignUpStateMachineArn"],
            name=request,
            input=json.dumps({"name": "Ada", "email": f"{request}@example.com"}),
        )
        return request

    def signed_up(self, request: str) -> ReceivedEvent:
        """The event that a sign-up led to, as the analytics' queue has it."""

        def found() -> list[ReceivedEvent]:
            seen = self.analytics.read_until_seen([])
            return [event for event in seen if event.detail["requestId"] == request]

        (event,) = _come(found)
        return event

    def contact_of(self, event: ReceivedEvent) -> Contact:
        """The contact that the user of an event became."""
        user_id = event.detail["userId"]
        return _come(lambda: self.crm.contacts, until=lambda seen: user_id in seen)[user_id]

    def send_ticket(self) -> str:
        """Send the sample ticket as simulated partners do; the event's id."""
        entry: Any = FRESHWORKS.simulated_entry(
            _SAMPLE, event_bus_name=self._outputs["PartnerBusName"]
        )
        return self.events.put_events(Entries=[entry])["Entries"][0]["EventId"]

    def triages_once_ended(self, event_id: str, *, count: int) -> list[dict[str, Any]]:
        """The executions that an event started, once so many have ended, the oldest first."""
        return _come(lambda: self._ended_triages(event_id), until=lambda seen: len(seen) >= count)

    def _ended_triages(self, event_id: str) -> list[dict[str, Any]]:
        arn = self._outputs["TriageStateMachineArn"]
        pages = self.workflows.get_paginator("list_executions").paginate(stateMachineArn=arn)
        described: list[dict[str, Any]] = [
            dict(self.workflows.describe_execution(executionArn=execution["executionArn"]))
            for page in pages
            for execution in page["executions"]
        ]
        return sorted(
            (
                execution
                for execution in described
                if json.loads(execution["input"])["eventId"] == event_id
                and execution["status"] != "RUNNING"
            ),
            key=lambda execution: str(execution["startDate"]),
        )

    def deliver_again(self, triage: Mapping[str, Any]) -> None:
        """Start the triage once more as EventBridge does that delivers an event twice."""
        self.workflows.start_execution(
            stateMachineArn=self._outputs["TriageStateMachineArn"], input=triage["input"]
        )

    def heard_by_support(self, event_id: str) -> list[ReceivedEvent]:
        """What support has heard of a partner's event."""
        return [
            event
            for event in self._support.read_until_seen([])
            if event.detail["causedByEventId"] == event_id
        ]

    def replay_of_tickets(self, since: datetime) -> str:
        """Replay what the partner's bus has archived, to its end; the replay's name."""
        bus = self.events.describe_event_bus(Name=self._outputs["PartnerBusName"])["Arn"]
        (archive,) = self.events.list_archives(EventSourceArn=bus)["Archives"]
        name = f"replay-{uuid.uuid4().hex[:8]}"
        described = self.events.describe_archive(ArchiveName=archive["ArchiveName"])
        self.events.start_replay(
            ReplayName=name,
            EventSourceArn=described["ArchiveArn"],
            EventStartTime=since,
            EventEndTime=datetime.now(UTC),
            Destination={"Arn": bus},
        )
        _come(
            lambda: self.events.describe_replay(ReplayName=name)["State"],
            until=lambda state: state == "COMPLETED",
        )
        return name

    def log_lines(self, function: str, *, correlation_id: str) -> list[dict[str, Any]]:
        """What a function has logged about a request."""
        lines: list[dict[str, Any]] = []
        for group in self._logs.describe_log_groups()["logGroups"]:
            if function not in group["logGroupName"]:
                continue
            found = self._logs.filter_log_events(logGroupName=group["logGroupName"])["events"]
            texts = [line for event in found for line in event["message"].splitlines()]
            lines += [json.loads(text) for text in texts if text.startswith("{")]
        return [line for line in lines if line.get("correlation_id") == correlation_id]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with EmbeddedAws(time_scale=0) as aws, LocalCrm() as crm:
        secrets: Any = aws.client("secretsmanager")  # type: ignore[call-overload]  # no stubs
        secrets.create_secret(
            Name="duet/crm", SecretString=json.dumps({"authorization": CRM_AUTHORIZATION})
        )
        outputs = deploy_example(
            aws,
            tmp_path_factory.mktemp("assembly"),
            context={"duet:crmEndpoint": "https://crm.example.com/api/v2/contacts"},
        )
        story = Story(aws, outputs, crm)
        story.events.update_api_destination(
            Name=outputs["CrmApiDestinationName"], InvocationEndpoint=crm.contacts_url
        )
        yield story


def test_one_id_leads_from_the_request_to_the_last_consumers_log_line(story: Story) -> None:
    request = story.sign_up()

    event = story.signed_up(request)
    assert event.detail["correlationId"] == request
    assert story.contact_of(event).correlation_id == request
    (line,) = _come(lambda: story.log_lines("Onboarding", correlation_id=request))
    assert (line["message"], line["event_id"]) == ("onboarding started", event.id)


def test_a_contact_has_the_users_id_and_no_personal_data(story: Story) -> None:
    event = story.signed_up(story.sign_up())

    contact = story.contact_of(event)

    user_id = event.detail["userId"]
    assert (contact.name, contact.unique_external_id) == (f"User {user_id}", user_id)


def test_a_tickets_event_id_is_the_correlation_id_of_its_triage(story: Story) -> None:
    event_id = story.send_ticket()

    (heard,) = _come(lambda: story.heard_by_support(event_id))

    assert heard.detail["correlationId"] == event_id
    (triage,) = story.triages_once_ended(event_id, count=1)
    assert json.loads(triage["input"])["correlationId"] == event_id


def test_a_ticket_whose_event_is_replayed_is_triaged_once(story: Story) -> None:
    since = datetime.now(UTC) - timedelta(seconds=1)
    event_id = story.send_ticket()
    _come(lambda: story.heard_by_support(event_id))

    story.replay_of_tickets(since)

    first, second = story.triages_once_ended(event_id, count=2)
    assert (first["status"], second["status"]) == ("SUCCEEDED", "SUCCEEDED")
    assert len(story.heard_by_support(event_id)) == 1


def test_tickets_delivered_twice_and_out_of_order_are_triaged_once_each(story: Story) -> None:
    ids = [story.send_ticket() for _ in range(3)]
    triages = {id_: story.triages_once_ended(id_, count=1)[0] for id_ in ids}

    for id_ in (*reversed(ids), *ids):
        story.deliver_again(triages[id_])

    for id_ in ids:
        ended = story.triages_once_ended(id_, count=3)
        assert {execution["status"] for execution in ended} == {"SUCCEEDED"}
    assert [len(story.heard_by_support(id_)) for id_ in ids] == [1, 1, 1]
