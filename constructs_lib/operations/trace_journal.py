"""The journal of the embedded AWS, looked up by what belongs to what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from constructs_lib.local.journal import (
    Caller,
    DeliveryAttempt,
    EventMatched,
    EventPublished,
    ExecutionEnded,
    ExecutionStarted,
    FaultStruck,
    FunctionInvoked,
    Journal,
    MailSent,
    PipeDelivery,
)

#: What a caller did, in the order it did it.
Deed = EventPublished | ExecutionStarted | FaultStruck | FunctionInvoked | MailSent
_DEEDS = (EventPublished, ExecutionStarted, FaultStruck, FunctionInvoked, MailSent)


class JournalIndex:
    """A journal's records by event, execution, function and pipe."""

    def __init__(self, journal: Journal) -> None:
        self.is_complete = not journal.dropped
        self.published: Mapping[str, list[EventPublished]] = defaultdict(list)
        self.started: dict[str, ExecutionStarted] = {}
        self.ended: dict[str, ExecutionEnded] = {}
        self._attempts: Mapping[tuple[str, str], list[DeliveryAttempt]] = defaultdict(list)
        self._matched: dict[tuple[str, str, str], EventMatched] = {}
        self._deeds: Mapping[tuple[str, str], list[Deed]] = defaultdict(list)
        self._takers: Mapping[str, list[FunctionInvoked | PipeDelivery]] = defaultdict(list)
        for record in journal.records:
            if isinstance(record, EventPublished):
                self.published[record.event_id].append(record)
            elif isinstance(record, EventMatched):
                self._matched[record.event_id, record.replay_name, record.bus_arn] = record
            elif isinstance(record, DeliveryAttempt):
                self._attempts[record.event_id, record.replay_name].append(record)
            elif isinstance(record, ExecutionStarted):
                self.started[record.execution_arn] = record
            elif isinstance(record, ExecutionEnded):
                self.ended[record.execution_arn] = record
            if isinstance(record, FunctionInvoked | PipeDelivery):
                for message in record.messages:
                    self._takers[message].append(record)
            if isinstance(record, _DEEDS):
                self._deeds[_doer(caller_of(record))].append(record)

    def matched(self, event: EventPublished) -> EventMatched | None:
        """Which rules matched that publication of an event; None if none was asked."""
        return self._matched.get((event.event_id, event.replay_name, event.bus_arn))

    def attempts(self, event: EventPublished) -> Mapping[str, list[DeliveryAttempt]]:
        """The attempts at delivering that publication of an event, by rule."""
        by_rule: Mapping[str, list[DeliveryAttempt]] = defaultdict(list)
        for attempt in self._attempts[event.event_id, event.replay_name]:
            if bus_of_rule(attempt.rule_arn) == event.bus_arn:
                by_rule[attempt.rule_arn].append(attempt)
        return by_rule

    def deeds_of_execution(self, execution_arn: str) -> Sequence[Deed]:
        """What tasks of an execution did."""
        return self._deeds["execution", execution_arn]

    def deeds_of_function(self, request_id: str) -> Sequence[Deed]:
        """What a run of a handler did, as far as it can be told from others."""
        return self._deeds["function", request_id]

    def deeds_of_rule(self, rule_arn: str, event_id: str) -> Sequence[Deed]:
        """What EventBridge did for a rule with an event."""
        return self._deeds["rule", f"{rule_arn} {event_id}"]

    def deeds_of_pipe(self, batch_id: str) -> Sequence[Deed]:
        """What a pipe, its target and its enrichment did for a batch."""
        return self._deeds["pipe", batch_id]

    def takers(self, message_id: str) -> Sequence[FunctionInvoked | PipeDelivery]:
        """Which functions and pipes got a message of a queue, or a record of a stream."""
        return self._takers[message_id]

    def names(self) -> Iterable[tuple[str, str]]:
        """All that can be traced: event ids, and executions by ARN and by name."""
        for event_id in self.published:
            yield event_id, event_id
        for arn in self.started:
            yield arn, arn
            yield arn.rpartition(":")[2], arn


def bus_of_rule(rule_arn: str) -> str:
    """The ARN of the bus that a rule belongs to."""
    prefix, _, path = rule_arn.partition(":rule/")
    bus = path.rpartition("/")[0] or "default"
    return f"{prefix}:event-bus/{bus}"


def caller_of(record: Deed) -> Caller:
    """Who did it."""
    if isinstance(record, EventPublished):
        return record.publisher
    return record.starter if isinstance(record, ExecutionStarted) else record.caller


def _doer(caller: Caller) -> tuple[str, str]:
    if caller.kind in ("function", "pipe"):
        return caller.kind, caller.request_id
    if caller.kind == "rule":
        return "rule", f"{caller.arn} {caller.event_id}"
    return caller.kind, caller.arn
