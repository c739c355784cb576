"""The events that a journal tells of, with what became of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from constructs_lib.insight.recording.names import DeployedNames, last_part, workflow_of
from constructs_lib.insight.runs import Delivery, Event
from constructs_lib.local.journal import DeliveryAttempt, EventArchived, EventPublished, Journal
from constructs_lib.operations.trace_journal import JournalIndex


def events_of(journal: Journal, names: DeployedNames) -> Iterator[Event]:
    """Each event on each bus, in the order they were published."""
    index = JournalIndex(journal)
    archived: defaultdict[str, list[str]] = defaultdict(list)
    for archive in journal.of(EventArchived):
        arn = f"arn:aws:events:::archive/{archive.archive_name}"
        archived[archive.event_id].append(names.of(arn))
    for event in journal.of(EventPublished):
        attempts = index.attempts(event)
        yield Event(
            id=event.event_id,
            bus=names.of(event.bus_arn),
            source=event.source,
            detail_type=event.detail_type,
            at=event.time,
            size_bytes=event.size_bytes,
            publisher=names.of(workflow_of(event.publisher.arn)),
            publisher_state=event.publisher.state,
            replay=event.replay_name,
            matched=tuple(names.of(rule) for rule in attempts),
            archived_by=tuple(archived[event.event_id]) if not event.replay_name else (),
            deliveries=tuple(
                delivery
                for of_rule in attempts.values()
                for delivery in _deliveries(event, of_rule, names)
            ),
        )


def _deliveries(
    event: EventPublished, attempts: Sequence[DeliveryAttempt], names: DeployedNames
) -> Iterator[Delivery]:
    found: dict[tuple[str, str], Delivery] = {}
    for attempt in attempts:
        key = (attempt.rule_arn, attempt.target_id)
        is_lost = attempt.outcome == "dead-lettered"
        before = found.get(key)
        delivery = Delivery(
            rule=names.of(attempt.rule_arn),
            target=names.of(attempt.target_arn),
            attempts=attempt.attempt,
            outcome=attempt.outcome,
            after_ms=round((attempt.time - event.time).total_seconds() * 1000, 3),
            error_code=attempt.error_code,
            dead_letter=names.of(attempt.started) if is_lost else "",
            started=last_part(attempt.started) if ":execution:" in attempt.started else "",
        )
        if before and not delivery.error_code:
            delivery = replace(delivery, error_code=before.error_code)
        found[key] = delivery
    yield from found.values()
