"""The demo's result as tables."""

from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from constructs_lib.demo.crm import Contact
from constructs_lib.demo.drive_choreography import ChoreographedResult
from constructs_lib.demo.drive_replay import ReplayResult
from constructs_lib.demo.drive_sign_ups import SIGNED_UP, SignUpResult
from constructs_lib.demo.drive_tickets import TicketResult
from constructs_lib.demo.follow_events import EventResult, ReceivedEvent
from constructs_lib.demo.partner_source import SourceState
from constructs_lib.demo.story import Story


def show_story(console: Console, story: Story, source_states: Sequence[SourceState]) -> None:
    """Everything that the demo saw, a table each."""
    show_sign_ups(console, story.sign_ups)
    if story.choreographed:
        show_choreography(console, story.choreographed)
    show_events(console, story.events)
    _show_checks(
        console,
        "The partner's event source",
        [(state.when, state.seen, state.expected) for state in source_states],
    )
    show_tickets(console, story.tickets)
    show_contacts(console, story.contacts, expected=story.expected_contacts)
    show_replay(
        console,
        story.replay,
        onboardings_unchanged=story.onboardings_unchanged,
        contacts_unchanged=story.contacts_unchanged,
    )
    show_dead_letters(console, story.dead_letters)


def show_sign_ups(console: Console, results: Sequence[SignUpResult]) -> None:
    """One row a sign-up: who, what became of it in which time, and the states it went through."""
    table = _table(
        "Sign-ups through the workflow", "", "name", "email", "outcome", "seconds", "path"
    )
    paths = _Paths()
    for result in results:
        table.add_row(
            _mark(result.as_expected),
            escape(result.request.name),
            _email(result.request.email),
            _outcome(result.outcome),
            _seconds(result.seconds),
            paths.letter(result.path),
        )
    console.print(table)
    paths.show(console)


def show_choreography(console: Console, results: Sequence[ChoreographedResult]) -> None:
    """One row a sign-up, as above, and the events that led from its request to its end."""
    table = _table(
        "Sign-ups by events alone", "", "name", "email", "outcome", "seconds", "welcomed"
    )
    for result in results:
        table.add_row(
            _mark(result.as_expected),
            escape(result.request.name),
            _email(result.request.email),
            _outcome(result.outcome),
            _seconds(result.seconds),
            "by mail" if result.is_welcomed else "-",
        )
    console.print(table)
    for result in results:
        rule = f" ({result.rule})" if result.rule else ""
        console.print(
            f"  {result.request_id}: {_chain(result.chain)}{rule}", highlight=False, markup=False
        )
    console.print()


def show_events(console: Console, results: Sequence[EventResult]) -> None:
    """One row an event: its id, its type and who received it."""
    table = _table("Events on the application's bus", "", "event id", "type", "received by")
    for result in results:
        receivers = ", ".join(result.received_by) or "nobody"
        table.add_row(_mark(result.as_expected), result.id[:8], result.detail_type, receivers)
    console.print(table)


def show_tickets(console: Console, results: Sequence[TicketResult]) -> None:
    """One row a ticket: the execution it started and what support heard."""
    table = _table("Freshdesk tickets", "", "ticket", "execution", "requester", "urgency", "path")
    paths = _Paths()
    for result in results:
        table.add_row(
            _mark(result.as_expected),
            str(result.ticket.detail.ticket.id),
            f"{result.status} {(result.execution_name or '')[:8]}".strip(),
            result.triaged.get("requester", "-"),
            result.triaged.get("urgency", "-"),
            paths.letter(result.path),
        )
    console.print(table)
    paths.show(console)


def show_contacts(
    console: Console, contacts: Mapping[str, Contact], *, expected: Mapping[str, str]
) -> None:
    """One row a contact in the CRM: whom it stands for, by identifiers, and what led to it.

    Args:
        contacts: By external id, the id of a user.
        expected: By id of each user who signed up, the correlation id of the sign-up.
    """
    table = _table("Contacts in the CRM", "", "external id", "correlation id")
    for user_id in sorted(contacts.keys() | expected.keys(), key=lambda id_: expected.get(id_, "")):
        seen = contacts[user_id].correlation_id if user_id in contacts else "-"
        table.add_row(_mark(seen == expected.get(user_id)), user_id, escape(seen))
    console.print(table)


def show_replay(
    console: Console,
    result: ReplayResult,
    *,
    onboardings_unchanged: bool,
    contacts_unchanged: bool,
) -> None:
    """What the archive held and what the replay delivered again."""
    _show_checks(
        console,
        "Archive and replay",
        [
            ("events in the archive", result.archived, result.expected_archived),
            (f"state of replay {result.name!r}", result.state, "COMPLETED"),
            *(
                (
                    f"delivered again to the {name}, with replay-name",
                    len(result.delivered[name]),
                    len(result.expected_delivered[name]),
                )
                for name in result.delivered
            ),
            *(
                (f"{what} after the replay", "unchanged" if unchanged else "changed", "unchanged")
                for what, unchanged in (
                    ("onboardings", onboardings_unchanged),
                    ("contacts in the CRM", contacts_unchanged),
                )
            ),
        ],
    )


def show_dead_letters(console: Console, counts: Mapping[str, int]) -> None:
    """How many messages nobody took, and the queues that hold one."""
    total = f"in all {len(counts)} dead-letter queues"
    _show_checks(
        console,
        "Events that were not delivered",
        [
            (total, sum(counts.values()), 0),
            *((queue, count, 0) for queue, count in counts.items() if count),
        ],
    )


def _show_checks(
    console: Console, title: str, rows: Iterable[tuple[str, str | int, str | int]]
) -> None:
    table = _table(title, "", "what", "seen", "expected")
    for what, seen, expected in rows:
        table.add_row(_mark(seen == expected), what, escape(str(seen)), str(expected))
    console.print(table)


def _email(email: str) -> str:
    """The address as it was sent, blanks and all."""
    return escape(repr(email)[1:-1])


def _outcome(outcome: str) -> str:
    return outcome if outcome == SIGNED_UP else f"[yellow]{escape(outcome)}[/yellow]"


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.2f}"


def _chain(chain: Sequence[ReceivedEvent]) -> str:
    """The events with the seconds that each came after the first."""
    return " → ".join(
        event.detail_type
        if event is chain[0]
        else f"{event.detail_type} {event.arrived_at - chain[0].arrived_at:.2f} s"
        for event in chain
    )


class _Paths:
    """Gives each different path through a workflow a letter, explained once below the table."""

    def __init__(self) -> None:
        self._letters: dict[tuple[str, ...], str] = {}

    def letter(self, path: Sequence[str]) -> str:
        known = self._letters
        return known.setdefault(tuple(path), chr(ord("A") + len(known)))

    def show(self, console: Console) -> None:
        for path, letter in self._letters.items():
            console.print(f"  path {letter}: {' → '.join(path)}", highlight=False)
        console.print()


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", expand=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _mark(is_expected: bool) -> str:
    return "[green]✓[/green]" if is_expected else "[red]✗[/red]"
