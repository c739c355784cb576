"""What the journal of the embedded AWS keeps: identifiers, sizes and times, never a payload.

Here is what works and who calls; what happens to events stands in ``_journal_events``, and how a
record is written and read in ``_journal_json``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

CallerKind = Literal["outside", "execution", "function", "rule", "pipe", "replay", "service"]
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
    """An execution of a workflow ended; one that was redriven ends anew.

    Args:
        execution_arn: Its ARN.
        state_machine_arn: Its workflow.
        is_express: Express, not Standard.
        status: How it ended.
        error: The error's name; empty if it has none. Its cause may tell of persons and stands in
            the history alone.
        duration_ms: From start to end, by the account's clock.
        states_entered: States entered, in branches and iterations too; a child of a Distributed
            Map has its own. After a redrive, those since.
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
