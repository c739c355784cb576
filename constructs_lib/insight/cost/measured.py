"""Billable units of what really ran on the embedded AWS, counted from its journal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from constructs_lib.insight.cost.units import NOTHING, Units, total, units
from constructs_lib.insight.prices import prices
from constructs_lib.local.journal import (
    ApiCalls,
    Caller,
    DeliveryAttempt,
    EventArchived,
    EventPublished,
    ExecutionEnded,
    FunctionInvoked,
    Journal,
    JournalRecord,
    MailSent,
    PipeDelivery,
)

_GB = 2**30
_MILLISECONDS = 1000

#: Durations in a journal are this machine's, and the emulator's clock may be scaled: not AWS's.
LOCAL_TIMES = ("express-gb-seconds", "lambda-gb-seconds", "lambda-gb-seconds-arm")

_PER_CALL = {
    ("sns", "Publish"): "topic-publishes",
    ("sqs", "SendMessage"): "queue-requests",
    ("sqs", "ReceiveMessage"): "queue-requests",
    ("sqs", "DeleteMessage"): "queue-requests",
    ("cognito-idp", "AdminCreateUser"): "cognito-users",
    ("cognito-idp", "SignUp"): "cognito-users",
}


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What was billable in a part of a journal.

    Clients of the API themselves (``outside``) are left out: they are the test, or the person.

    Args:
        executions: Units of each execution, by its ARN: what it did itself.
        rest: All else: events, deliveries, functions, pipes.
    """

    executions: Mapping[str, Units]
    rest: Units

    @property
    def units(self) -> Units:
        """All of it."""
        return total(self.executions.values()) + self.rest


def measured(journal: Journal, *, since: Journal | None = None) -> Measured:
    """Count a journal, or what came to it after an earlier reading of it.

    Args:
        since: The same journal, read before.
    """
    first = since.last_number if since else 0
    records = [record for record in journal.records if record.number > first]
    calls = list(_calls_since(journal.api_calls, since.api_calls if since else ()))
    executions: dict[str, Units] = {}
    rest = NOTHING
    for caller, used in (*_of_records(records), *_of_calls(calls)):
        if caller.kind == "execution":
            executions[caller.arn] = executions.get(caller.arn, NOTHING) + used
        else:
            rest += used
    return Measured(executions=executions, rest=rest)


def _calls_since(
    calls: Iterable[ApiCalls], before: Iterable[ApiCalls]
) -> Iterator[tuple[Caller, str, str, int, float, float]]:
    """Caller, service, action, calls that were accepted, and DynamoDB's units, since then."""
    known = {(each.service, each.action, each.caller): each for each in before}
    for each in calls:
        old = known.get((each.service, each.action, each.caller))
        accepted = each.calls - each.errors - (old.calls - old.errors if old else 0)
        reads = each.read_units - (old.read_units if old else 0)
        writes = each.write_units - (old.write_units if old else 0)
        yield each.caller, each.service, each.action, accepted, reads, writes


def _of_calls(
    calls: Iterable[tuple[Caller, str, str, int, float, float]],
) -> Iterator[tuple[Caller, Units]]:
    for caller, service, action, accepted, reads, writes in calls:
        if caller.kind == "outside":
            continue
        price_id = _PER_CALL.get((service, action))
        if price_id and accepted:
            yield caller, units(price_id, accepted)
        if service == "dynamodb":
            yield (
                caller,
                units("dynamodb-reads", Decimal(str(reads)))
                + units("dynamodb-writes", Decimal(str(writes))),
            )


def _of_records(records: Iterable[JournalRecord]) -> Iterator[tuple[Caller, Units]]:
    for record in records:
        count = _COUNTED.get(type(record))
        if count is not None:
            yield count(record)


def _published(record: EventPublished) -> tuple[Caller, Units]:
    if record.replay_name:
        price_id = "replayed-events"
    elif record.source.startswith("aws.partner/"):
        price_id = "partner-events"
    elif record.source.startswith("aws."):
        price_id = "aws-events"
    elif record.publisher.kind == "rule":
        # Passed on by a rule of another bus: counted with its delivery.
        return record.publisher, NOTHING
    else:
        price_id = "custom-events"
    return record.publisher, units(price_id, prices()[price_id].units_of(record.size_bytes))


def _archived(record: EventArchived) -> tuple[Caller, Units]:
    return Caller(), units("archive-processing", Decimal(record.size_bytes) / _GB)


def _delivered(record: DeliveryAttempt) -> tuple[Caller, Units]:
    """What EventBridge's delivery is billed by the target's service; a workflow or a function that
    it starts has a record of its own."""
    by_service = {
        "sqs": "fifo-queue-requests" if record.target_arn.endswith(".fifo") else "queue-requests",
        "sns": "topic-publishes",
    }
    _, _, service, _, _, name = record.target_arn.split(":", 5)
    price_id = by_service.get(service)
    if service == "events":
        is_api = name.startswith("api-destination/")
        price_id = "api-destination-calls" if is_api else "cross-account-events"
    if price_id is None or record.outcome != "delivered":
        return Caller(), NOTHING
    return Caller(), units(price_id)


def _execution(record: ExecutionEnded) -> tuple[Caller, Units]:
    """Transitions of a Standard execution: states entered, and retries, which are billed too."""
    caller = Caller(kind="execution", arn=record.execution_arn)
    if record.is_express:
        return caller, units("express-requests")
    return caller, units("standard-transitions", record.states_entered + record.retries)


def _invoked(record: FunctionInvoked) -> tuple[Caller, Units]:
    seconds = Decimal(str(record.duration_ms)) / _MILLISECONDS
    used = units("lambda-requests")
    used += units("lambda-gb-seconds", seconds * record.memory_mb / 1024)
    if record.caller.kind == "service":
        # The poller of a queue: the emulator asks the queue without requests, AWS by two a batch.
        used += units("queue-requests", 2)
    return record.caller, used


def _mailed(record: MailSent) -> tuple[Caller, Units]:
    return record.caller, units("mails", record.recipients)


def _piped(record: PipeDelivery) -> tuple[Caller, Units]:
    blocks = prices()["pipe-requests"].units_of(record.size_bytes)
    return Caller(), units("pipe-requests", blocks)


_COUNTED: Mapping[type[JournalRecord], Callable[..., tuple[Caller, Units]]] = {
    EventPublished: _published,
    EventArchived: _archived,
    DeliveryAttempt: _delivered,
    ExecutionEnded: _execution,
    FunctionInvoked: _invoked,
    MailSent: _mailed,
    PipeDelivery: _piped,
}
