"""The story that the demo drives: sign-ups both ways, their consumers, tickets, a replay."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from constructs_lib.demo.crm import Contact, LocalCrm
from constructs_lib.demo.dead_letters import count_dead_letters
from constructs_lib.demo.drive_choreography import (
    PERSONAL,
    ChoreographedResult,
    drive_choreography,
)
from constructs_lib.demo.drive_replay import ReplayResult, drive_replay
from constructs_lib.demo.drive_sign_ups import People, SignUpResult, SignUps
from constructs_lib.demo.drive_tickets import TicketResult, drive_tickets
from constructs_lib.demo.follow_events import EventResult, QueueReader, onboardings
from constructs_lib.demo.inputs import SignUpRequest, TicketEvent
from constructs_lib.demo.phases import Phases
from constructs_lib.demo.resources import find_example_resources
from constructs_lib.demo.watch_bus import watched_bus
from constructs_lib.local import EmbeddedAws
from constructs_lib.operations import TimeWindow

_ANALYTICS, _SUPPORT, _ONBOARDING = "analytics queue", "support queue", "onboarding function"
_CRM = "CRM contact"


@dataclass(frozen=True, kw_only=True)
class Story:
    """All that was seen."""

    sign_ups: Sequence[SignUpResult]
    choreographed: Sequence[ChoreographedResult]
    events: Sequence[EventResult]
    tickets: Sequence[TicketResult]
    replay: ReplayResult
    onboardings_unchanged: bool
    contacts: Mapping[str, Contact]
    expected_contacts: Mapping[str, str]
    contacts_unchanged: bool
    dead_letters: Mapping[str, int]

    @property
    def as_expected(self) -> bool:
        """Every part went as it should, and no event was left over."""
        return (
            all(result.as_expected for result in self.sign_ups)
            and all(result.as_expected for result in self.choreographed)
            and all(result.as_expected for result in self.events)
            and all(result.as_expected for result in self.tickets)
            and self.replay.as_expected
            and self.onboardings_unchanged
            and self.contacts_unchanged
            and {id_: contact.correlation_id for id_, contact in self.contacts.items()}
            == self.expected_contacts
            and not any(self.dead_letters.values())
        )


def tell_story(
    aws: EmbeddedAws,
    phases: Phases,
    crm: LocalCrm,
    requests: Sequence[SignUpRequest],
    tickets: Sequence[tuple[TicketEvent, str]],
) -> Story:
    """Drive the deployed example; what can go on while somebody does not confirm does so.

    The sign-ups by events come first: the onboarding of many users at once would slow them down.
    """
    # Event times have whole seconds: the second before belongs to the window.
    since = datetime.now(UTC) - timedelta(seconds=1)
    resources = find_example_resources(aws)
    # The one step that AWS would refuse: it takes https alone, and no server of this machine.
    aws.client("events").update_api_destination(
        Name=resources.crm_api_destination_name, InvocationEndpoint=crm.contacts_url
    )
    analytics = QueueReader(aws, resources.analytics_queue_url)
    support = QueueReader(aws, resources.support_queue_url)
    by_workflow = [request for request in requests if not request.choreographed]
    by_events = [request for request in requests if request.choreographed]
    sign_ups_under_way = SignUps(
        aws,
        resources.sign_up_state_machine_arn,
        by_workflow,
        people=People(aws, resources.confirm_email_state_machine_arn, by_workflow),
    )

    sign_ups_under_way.start_those_who_do_not_confirm()
    with (
        watched_bus(aws, resources.app_bus_arn) as heard,
        phases.phase(f"{len(by_events)} sign-ups by events alone") as say,
    ):
        choreographed = drive_choreography(
            aws,
            resources.app_bus_arn,
            by_events,
            heard=heard,
            on_finished=lambda count: say(f"{count} of {len(by_events)}"),
        )

    with phases.phase(f"{len(by_workflow)} sign-ups through the workflow") as say:
        sign_ups_under_way.run_those_who_confirm(
            lambda count: say(f"{count} of {len(by_workflow)}")
        )

    with phases.phase(f"{len(tickets)} partner tickets through the triage"):
        ticket_results = drive_tickets(
            aws,
            resources.triage_state_machine_arn,
            support,
            tickets,
            user_emails=sign_ups_under_way.user_emails,
        )
    triaged = [result.triaged_event_id for result in ticket_results if result.triaged_event_id]

    with phases.phase("those who do not confirm in time") as say:
        sign_ups = sign_ups_under_way.run_the_rest(
            lambda count: say(f"{count} of {len(by_workflow)}")
        )
    results: Sequence[SignUpResult | ChoreographedResult] = [*sign_ups, *choreographed]
    signed_up = {
        result.event_id: result.request_id for result in results if result.event_id is not None
    }

    with phases.phase(f"{len(signed_up)} new users to their consumers"):
        users = {event.id: event.detail["userId"] for event in analytics.read_until_seen(signed_up)}
        contacts = crm.wait_for_contacts(users.values())
        onboarded = onboardings(aws, resources.onboarding_table_name, event_ids=signed_up)

    with phases.phase("replay of the archive by its workflow") as say:
        replay = drive_replay(
            aws,
            resources,
            {_ANALYTICS: (analytics, signed_up.keys()), _SUPPORT: (support, triaged)},
            unfollowed=_unfollowed(sign_ups, choreographed),
            window=TimeWindow(start=since, end=datetime.now(UTC)),
            on_progress=say,
        )
        onboarded_after = onboardings(aws, resources.onboarding_table_name, event_ids=signed_up)

    received: Mapping[str, Collection[str]] = {
        _ANALYTICS: users.keys(),
        _ONBOARDING: onboarded.keys(),
        _CRM: {event_id for event_id, user_id in users.items() if user_id in contacts},
        _SUPPORT: set(triaged),
    }
    return Story(
        sign_ups=sign_ups,
        choreographed=choreographed,
        events=[
            *(
                _event(id_, "UserSignedUp", received, _ANALYTICS, _ONBOARDING, _CRM)
                for id_ in signed_up
            ),
            *(_event(id_, "TicketTriaged", received, _SUPPORT) for id_ in triaged),
        ],
        tickets=ticket_results,
        replay=replay,
        onboardings_unchanged=onboarded_after == onboarded,
        contacts=contacts,
        expected_contacts={user_id: signed_up[event_id] for event_id, user_id in users.items()},
        contacts_unchanged=crm.contacts == contacts and not crm.refused,
        dead_letters=count_dead_letters(aws),
    )


def _unfollowed(
    sign_ups: Sequence[SignUpResult], choreographed: Sequence[ChoreographedResult]
) -> int:
    """How many archived events none of the queues follows that the demo reads."""
    failed = sum(result.published_failure for result in sign_ups)
    steps = sum(
        event.detail_type not in PERSONAL and event.id != result.event_id
        for result in choreographed
        for event in result.chain
    )
    return failed + steps


def _event(
    event_id: str, detail_type: str, received: Mapping[str, Collection[str]], *expected_by: str
) -> EventResult:
    return EventResult(
        id=event_id,
        detail_type=detail_type,
        received_by=[name for name, event_ids in received.items() if event_id in event_ids],
        expected_by=list(expected_by),
    )
