"""The demo from start to end."""

import json
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from constructs_lib.demo.crm import CONTACTS_PATH, CRM_AUTHORIZATION, Contact, LocalCrm
from constructs_lib.demo.drive_replay import ReplayResult, drive_replay
from constructs_lib.demo.drive_sign_ups import People, SignUpResult, drive_sign_ups
from constructs_lib.demo.drive_tickets import (
    PARTNER_EVENT_SOURCE_NAME,
    TicketResult,
    drive_tickets,
    register_partner_source,
)
from constructs_lib.demo.follow_events import EventResult, QueueReader, onboardings
from constructs_lib.demo.inputs import SignUpRequest, TicketEvent, read_sign_ups, read_tickets
from constructs_lib.demo.phases import Phases
from constructs_lib.demo.report import (
    show_contacts,
    show_events,
    show_replay,
    show_sign_ups,
    show_tickets,
)
from constructs_lib.demo.resources import find_example_resources
from constructs_lib.local import EmbeddedAws
from constructs_lib.local.cdk_cli import CdkCli

_PARTNER_SOURCE_CONTEXT = f"duet:freshdeskEventSourceName={PARTNER_EVENT_SOURCE_NAME}"
_MAIL_SENDER = "sign-up@example.com"
_CRM_SECRET = "duet-demo/crm"  # noqa: S105 - a name
#: What is deployed, as on AWS, which takes https alone; nothing of the demo leaves this machine.
_CRM_ENDPOINT = f"https://duet-demo.freshdesk.example{CONTACTS_PATH}"
#: A confirmation is waited for 24 hours: here for these seconds.
_CONFIRMATION_SECONDS = 12
_TIME_SCALE = _CONFIRMATION_SECONDS / (24 * 60 * 60)
_ANALYTICS, _SUPPORT, _ONBOARDING = "analytics queue", "support queue", "onboarding function"
_CRM = "CRM contact"


@dataclass(frozen=True, kw_only=True)
class _Story:
    """All that was seen."""

    sign_ups: Sequence[SignUpResult]
    events: Sequence[EventResult]
    tickets: Sequence[TicketResult]
    replay: ReplayResult
    onboardings_unchanged: bool
    contacts: Mapping[str, Contact]
    expected_contacts: Mapping[str, str]
    contacts_unchanged: bool

    @property
    def as_expected(self) -> bool:
        return (
            all(result.as_expected for result in self.sign_ups)
            and all(result.as_expected for result in self.events)
            and all(result.as_expected for result in self.tickets)
            and self.replay.as_expected
            and self.onboardings_unchanged
            and self.contacts_unchanged
            and {id_: contact.correlation_id for id_, contact in self.contacts.items()}
            == self.expected_contacts
        )


def run_demo(
    *, project_folder: Path, sign_ups_path: Path, tickets_path: Path, console: Console
) -> bool:
    """Deploy the example app to an embedded AWS, drive it, show what happened, remove it.

    All files are made in ``.duet`` in the project folder and removed, whatever happens.

    Returns:
        Whether every outcome was the expected one.
    Raises:
        InputError: An input file breaks a rule; nothing was started.
        EmbeddedAwsError: The embedded AWS did not start.
        CdkCliError: A command of the CDK CLI failed.
    """
    sign_ups = read_sign_ups(sign_ups_path)
    tickets = read_tickets(tickets_path)
    phases = Phases(console)
    with _work_folder(project_folder) as work_folder:
        aws = EmbeddedAws(work_folder=work_folder / "aws", time_scale=_TIME_SCALE)
        with phases.phase("start the embedded AWS"):
            aws.start()
        with aws, LocalCrm() as crm:
            cdk = CdkCli(
                project_folder=project_folder,
                environment=aws.environment(),
                work_folder=work_folder,
            )
            assembly = str(work_folder / "cdk.out")
            _deploy(aws, cdk, phases, assembly)
            story = _drive(aws, phases, crm, sign_ups, tickets)
            with phases.phase("cdk destroy") as say:
                cdk.run("destroy", "--app", assembly, "--all", "--force", on_line=say)
    phases.total()
    show_sign_ups(console, story.sign_ups)
    show_events(console, story.events)
    show_tickets(console, story.tickets)
    show_contacts(console, story.contacts, expected=story.expected_contacts)
    show_replay(
        console,
        story.replay,
        onboardings_unchanged=story.onboardings_unchanged,
        contacts_unchanged=story.contacts_unchanged,
    )
    return story.as_expected


@contextmanager
def _work_folder(project_folder: Path) -> Iterator[Path]:
    scratch = project_folder / ".duet"
    scratch.mkdir(exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="demo-", dir=scratch) as folder:
            yield Path(folder)
    finally:
        with suppress(OSError):  # another demo is under way in it
            scratch.rmdir()


def _deploy(aws: EmbeddedAws, cdk: CdkCli, phases: Phases, assembly: str) -> None:
    with phases.phase("cdk bootstrap") as say:
        account = f"aws://{aws.account_id}/{aws.region}"
        cdk.run("bootstrap", account, in_project=False, on_line=say)
    with phases.phase("event source offered, sender verified, CRM key"):
        register_partner_source(aws)
        secrets: Any = aws.client("secretsmanager")  # type: ignore[call-overload]  # has no stubs
        secrets.create_secret(
            Name=_CRM_SECRET, SecretString=json.dumps({"authorization": CRM_AUTHORIZATION})
        )
        aws.client("sesv2").create_email_identity(EmailIdentity=_MAIL_SENDER.rsplit("@", 1)[1])
    with phases.phase("cdk deploy: synthesize and deploy three stacks") as say:
        cdk.run(
            "deploy",
            "--all",
            "--output",
            assembly,
            "--context",
            _PARTNER_SOURCE_CONTEXT,
            "--context",
            f"duet:mailSender={_MAIL_SENDER}",
            "--context",
            f"duet:crmEndpoint={_CRM_ENDPOINT}",
            "--context",
            f"duet:crmSecretName={_CRM_SECRET}",
            "--require-approval",
            "never",
            on_line=say,
        )


def _drive(
    aws: EmbeddedAws,
    phases: Phases,
    crm: LocalCrm,
    requests: Sequence[SignUpRequest],
    tickets: Sequence[tuple[TicketEvent, str]],
) -> _Story:
    # Event times have whole seconds: the second before belongs to the window.
    since = datetime.now(UTC) - timedelta(seconds=1)
    resources = find_example_resources(aws)
    # The one step that AWS would refuse: it takes https alone, and no server of this machine.
    aws.client("events").update_api_destination(
        Name=resources.crm_api_destination_name, InvocationEndpoint=crm.contacts_url
    )
    analytics = QueueReader(aws, resources.analytics_queue_url)
    support = QueueReader(aws, resources.support_queue_url)

    with phases.phase(f"{len(requests)} sign-ups through the workflow") as say:
        sign_ups = drive_sign_ups(
            aws,
            resources.sign_up_state_machine_arn,
            requests,
            people=People(aws, resources.confirm_email_state_machine_arn, requests),
            on_finished=lambda count: say(f"{count} of {len(requests)}"),
        )
    signed_up = {result.event_id: result for result in sign_ups if result.event_id is not None}

    with phases.phase(f"{len(signed_up)} events to their consumers"):
        users = {event.id: event.detail["userId"] for event in analytics.read_until_seen(signed_up)}
        contacts = crm.wait_for_contacts(users.values())
        onboarded = onboardings(aws, resources.onboarding_table_name, event_ids=signed_up)

    with phases.phase(f"{len(tickets)} partner tickets through the triage"):
        ticket_results = drive_tickets(
            aws,
            resources.triage_state_machine_arn,
            support,
            tickets,
            user_emails={result.request.normalized_email for result in signed_up.values()},
        )
    triaged = [result.triaged_event_id for result in ticket_results if result.triaged_event_id]

    with phases.phase("replay of the archive"):
        replay = drive_replay(
            aws,
            resources,
            {_ANALYTICS: (analytics, signed_up.keys()), _SUPPORT: (support, triaged)},
            unfollowed=sum(result.published_failure for result in sign_ups),
            since=since,
        )
        onboarded_after = onboardings(aws, resources.onboarding_table_name, event_ids=signed_up)

    received: Mapping[str, Collection[str]] = {
        _ANALYTICS: users.keys(),
        _ONBOARDING: onboarded.keys(),
        _CRM: {event_id for event_id, user_id in users.items() if user_id in contacts},
        _SUPPORT: set(triaged),
    }
    return _Story(
        sign_ups=sign_ups,
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
        expected_contacts={
            user_id: signed_up[event_id].request_id for event_id, user_id in users.items()
        },
        contacts_unchanged=crm.contacts == contacts and not crm.refused,
    )


def _event(
    event_id: str, detail_type: str, received: Mapping[str, Collection[str]], *expected_by: str
) -> EventResult:
    return EventResult(
        id=event_id,
        detail_type=detail_type,
        received_by=[name for name, event_ids in received.items() if event_id in event_ids],
        expected_by=list(expected_by),
    )
