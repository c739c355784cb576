"""What the journal of the embedded AWS keeps: identifiers, sizes and times, never a payload."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, cast

CallerKind = Literal["outside", "execution", "function", "rule", "pipe", "replay", "service"]
DeliveryOutcome = Literal["delivered", "retried", "failed", "dead-lettered", "dropped"]
ExecutionStatus = Literal["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Who did something, as far as the emulator knows.

    Args:
        kind: ``outside`` is a client of the API: a test, the AWS CLI, a function whose SDK does
            not say that it is one. ``execution`` is a task of a workflow, ``function`` a handler,
            ``rule`` EventBridge on behalf of a rule, ``service`` an AWS service by itself
            (``Step Functions Execution Status Change``).
        arn: The execution, function, rule, pipe or replay; what a ``service`` tells of. Empty for
            ``outside``.
        state: The state whose task it was; for ``execution`` alone.
        request_id: The invocation of a ``function``: ``FunctionInvoked.request_id``. The batch of a
            ``pipe``: ``PipeDelivery.batch_id``.
        event_id: The event that a ``rule`` delivers, or that an invocation is about.
    """

    kind: CallerKind = "outside"
    arn: str = ""
    state: str = ""
    request_id: str = ""
    event_id: str = ""


OUTSIDE = Caller()


@dataclass(frozen=True, kw_only=True, slots=True)
class JournalRecord:
    """One thing that happened.

    Args:
        number: Its place in the account's journal, from 1, without gaps; later is greater.
        time: When it happened, in UTC, by the account's clock (``ClockControl.now``), as times in
            histories are: it jumps with what waits at a time scale of 0.
    """

    number: int
    time: datetime


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
class ExecutionStarted(JournalRecord):
    """An execution of a workflow began; ``GetExecutionHistory`` has its states.

    Args:
        execution_arn: Its ARN.
        state_machine_arn: Its workflow.
        is_express: Express, not Standard.
        starter: ``rule`` with its event, ``execution`` and state of a nested one's parent,
            ``pipe``, ``function``, or ``outside``: StartExecution by a client.
        input_bytes: Size of its input in UTF-8.
    """

    execution_arn: str
    state_machine_arn: str
    is_express: bool
    starter: Caller = OUTSIDE
    input_bytes: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecutionEnded(JournalRecord):
    """An execution of a workflow ended.

    Args:
        execution_arn: Its ARN.
        state_machine_arn: Its workflow.
        is_express: Express, not Standard.
        status: How it ended.
        error: The error's name; empty if it has none. Its cause may tell of persons and stands in
            the history alone.
        duration_ms: From start to end, by the account's clock.
        states_entered: States entered, in branches and iterations too; a child of a Distributed
            Map has its own.
        retries: How often a state was tried again; each is a transition that Standard bills.
    """

    execution_arn: str
    state_machine_arn: str
    is_express: bool
    status: ExecutionStatus
    error: str = ""
    duration_ms: float = 0.0
    states_entered: int = 0
    retries: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionInvoked(JournalRecord):
    """A function ran; the record is written when it has ended, ``time`` is when that was.

    An asynchronous invocation that fails runs again, under another id: a record each.

    Args:
        request_id: This run's id, as the handler's context has it.
        function_arn: The function, without a version.
        caller: Who invoked it: ``rule`` with the event of its delivery, ``execution`` with the
            state, ``service`` with the queue or stream it was given records of.
        duration_ms: How long the handler took, start of its process included.
        memory_mb: Its configured memory, what GB-seconds are counted by.
        error: ``Unhandled`` and the like, the error's type where the handler named one; empty if
            it returned.
        messages: The messages of a queue, or the records of a stream, that it was given.
    """

    request_id: str
    function_arn: str
    caller: Caller = OUTSIDE
    duration_ms: float = 0.0
    memory_mb: int = 128
    error: str = ""
    messages: tuple[str, ...] = ()

    @property
    def began(self) -> datetime:
        """When the run began."""
        return self.time - timedelta(milliseconds=self.duration_ms)


@dataclass(frozen=True, kw_only=True, slots=True)
class FaultStruck(JournalRecord):
    """An injected fault struck a call.

    Args:
        service: boto3's name of the service.
        action: As in the API reference.
        error: The error that came instead of an answer; empty if the call was only slow.
        latency_seconds: The delay before the time scale.
        caller: Who made the call.
        request_id: That of the answer.
    """

    service: str
    action: str
    error: str = ""
    latency_seconds: float = 0.0
    caller: Caller = OUTSIDE
    request_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class MailSent(JournalRecord):
    """SES accepted a mail; who gets it and what it says is in the mailbox alone.

    Args:
        message_id: SES's id of it.
        recipients: How many get it, copies included; each is billed.
        size_bytes: Subject and bodies in UTF-8.
        caller: Who sent it.
    """

    message_id: str
    recipients: int
    size_bytes: int = 0
    caller: Caller = OUTSIDE


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
class ApiCalls:
    """How often a caller has called an action of a service; counted, not listed one by one.

    Args:
        service: boto3's name of the service.
        action: As in the API reference.
        caller: Who made the calls. Beyond 20,000 different counts the oldest are added up under a
            caller of the same kind without names.
        calls: How many, refused ones included.
        errors: How many of them were refused, injected faults included.
        request_bytes: The requests' bodies together.
        response_bytes: The answers' bodies together.
        read_units: DynamoDB's read request units of these calls, 0 for other services.
        write_units: DynamoDB's write request units of these calls, 0 for other services.
    """

    service: str
    action: str
    caller: Caller = OUTSIDE
    calls: int = 0
    errors: int = 0
    request_bytes: int = 0
    response_bytes: int = 0
    read_units: float = 0.0
    write_units: float = 0.0


#: How the records' kinds are named in JSON.
KINDS: Mapping[str, type[JournalRecord]] = {
    each.__name__: each
    for each in (
        EventPublished,
        EventMatched,
        EventArchived,
        DeliveryAttempt,
        ExecutionStarted,
        ExecutionEnded,
        FunctionInvoked,
        FaultStruck,
        MailSent,
        PipeDelivery,
    )
}
_FIELDS: Mapping[type[object], Sequence[str]] = {
    kind: [each.name for each in dataclasses.fields(kind)] for kind in (*KINDS.values(), ApiCalls)
}
_CALLERS = ("publisher", "starter", "caller")
_LISTS = ("rule_arns", "started", "messages")


def to_json(record: JournalRecord | ApiCalls) -> dict[str, object]:
    """What ``record_from_json`` and ``api_calls_from_json`` take."""
    # Not dataclasses.asdict: it takes ten times as long, and there may be 50,000 records.
    written: dict[str, object] = {}
    for name in _FIELDS[type(record)]:
        value = getattr(record, name)
        written[name] = _caller_to_json(value) if isinstance(value, Caller) else value
    if isinstance(record, JournalRecord):
        written["time"] = record.time.timestamp()
        written["kind"] = type(record).__name__
    return written


def _caller_to_json(caller: Caller) -> dict[str, str]:
    """A caller as JSON, without what is empty."""
    texts = {name: getattr(caller, name) for name in Caller.__slots__}
    return {name: text for name, text in texts.items() if text}


def record_from_json(written: Mapping[str, object]) -> JournalRecord:
    """One that the emulator has written."""
    fields = {name: value for name, value in written.items() if name != "kind"}
    fields["time"] = datetime.fromtimestamp(cast(float, written["time"]), tz=UTC)
    return KINDS[str(written["kind"])](**_typed(fields))  # type: ignore[arg-type]  # checked by the class's fields


def api_calls_from_json(written: Mapping[str, object]) -> ApiCalls:
    """Counts that the emulator has written."""
    return ApiCalls(**_typed(dict(written)))  # type: ignore[arg-type]  # as above


def _typed(fields: dict[str, object]) -> dict[str, object]:
    for name in _CALLERS:
        if name in fields:
            fields[name] = Caller(**cast(Mapping[str, str], fields[name]))  # type: ignore[arg-type]
    for name in _LISTS:
        if isinstance(fields.get(name), list):
            fields[name] = tuple(cast(list[str], fields[name]))
    return fields
