"""The journal's records of events: published, matched, archived, delivered, handed on by pipes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from constructs_lib.local._journal_records import OUTSIDE, Caller, JournalRecord

DeliveryOutcome = Literal["delivered", "retried", "failed", "dead-lettered", "dropped"]


@dataclass(frozen=True, kw_only=True, slots=True)
class EventPublished(JournalRecord):
    """An event came to a bus.

    An event that a rule passes on to another bus, and one that is replayed, keeps its id: it is
    published once more, on that bus or by that replay.

    Args:
        event_id: The ``id`` that its consumers see.
        bus_arn: The bus.
        source: Its ``source``.
        detail_type: Its ``detail-type``.
        size_bytes: As PutEvents counts an entry, without its time: source, detail-type, detail and
            resources in UTF-8.
        replay_name: The replay that brought it back; empty for a new event.
        publisher: Who published it.
    """

    event_id: str
    bus_arn: str
    source: str
    detail_type: str
    size_bytes: int
    replay_name: str = ""
    publisher: Caller = OUTSIDE


@dataclass(frozen=True, kw_only=True, slots=True)
class EventMatched(JournalRecord):
    """The rules of a bus were asked about an event; schedules ask none.

    Args:
        event_id: The event, and with it ``bus_arn`` and ``replay_name`` as in its
            ``EventPublished``.
        bus_arn: The bus.
        replay_name: The replay that brought it back; empty for a new event.
        rule_arns: The enabled rules that matched, those without targets too.
        rules_asked: How many rules with a pattern the bus, or the replay's choice of rules, had;
            disabled ones too.
    """

    event_id: str
    bus_arn: str
    replay_name: str = ""
    rule_arns: tuple[str, ...] = ()
    rules_asked: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class EventArchived(JournalRecord):
    """An archive took an event.

    Args:
        event_id: The event.
        archive_name: The archive.
        size_bytes: The event's size, as in ``EventPublished``.
    """

    event_id: str
    archive_name: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryAttempt(JournalRecord):
    """A rule's target was given an event, or the event was given up.

    Args:
        event_id: The event.
        replay_name: The replay that brought it back; empty for a new event.
        rule_arn: The rule.
        target_id: The target's id in the rule.
        target_arn: The target.
        attempt: From 1. What ends a delivery (``dead-lettered``, ``dropped``) bears the number of
            its last attempt, 0 if the target was never asked.
        outcome: ``delivered``: the target took it. ``retried``: it refused for now, and is asked
            again while the retry policy lasts. ``failed``: it refused for good. After either, once
            nothing is left to try, ``dead-lettered`` (the event is in the dead-letter queue) or
            ``dropped`` (there is none, or it does not exist: the event is lost).
        error_code: As in the dead-letter queue's ``ERROR_CODE``; empty if delivered.
        error_message: As in ``ERROR_MESSAGE``; empty if delivered.
        started: What came of it: an execution's ARN, the message id in a queue or topic, the event
            id on another bus. Empty for an API destination, and for a function, whose
            ``FunctionInvoked`` names rule and event. For ``dead-lettered``, the ARN of the
            dead-letter queue.
        duration_ms: How long the target took to answer.
    """

    event_id: str
    rule_arn: str
    target_id: str
    target_arn: str
    attempt: int
    outcome: DeliveryOutcome
    replay_name: str = ""
    error_code: str = ""
    error_message: str = ""
    started: str = ""
    duration_ms: float = 0.0

    @property
    def began(self) -> datetime:
        """When the target was asked; ``time`` is when it had answered."""
        return self.time - timedelta(milliseconds=self.duration_ms)


@dataclass(frozen=True, kw_only=True, slots=True)
class PipeDelivery(JournalRecord):
    """A pipe handed a batch to its target.

    Args:
        batch_id: What the callers are told apart by who do something for this batch.
        pipe_arn: The pipe.
        source_arn: The stream or queue it reads.
        target_arn: The workflow, bus or topic it hands to.
        records: How many records the batch had, after the filter.
        undelivered: How many of them the target did not take.
        reason: Why not; empty if all were taken.
        size_bytes: Size of the batch as JSON, what pipe requests are counted by.
        messages: The messages, or the records' event ids, that were in the batch.
        started: The executions, events or messages that came of it.
    """

    pipe_arn: str
    source_arn: str
    target_arn: str
    records: int
    undelivered: int = 0
    reason: str = ""
    size_bytes: int = 0
    messages: tuple[str, ...] = ()
    started: tuple[str, ...] = ()
    batch_id: str = ""
