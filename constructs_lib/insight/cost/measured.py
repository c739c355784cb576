"""Billable units of what really ran on the embedded AWS, counted from its journal."""

from __future__ import annotations

import math
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
#: Express bills memory by chunks: the least, as a journal does not say how large a definition is.
# Source: Step Functions pricing, "Express Workflows" (read 2026-11-23).
_EXPRESS_CHUNK_MB = 64
_EXPRESS_STEP_MS = 100

#: Durations in a journal are this machine's, and the emulator's clock may be scaled: not AWS's.
LOCAL_TIMES = ("express-gb-seconds", "lambda-gb-seconds", "lambda-gb-seconds-arm")

_EXECUTION = ":execution:"
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

    Calls of clients (``outside``) are left out: they are the test, or the person; events that they
    publish are billed and counted.

    Args:
        by_actor: Units by the ARN of what did it: an execution, a function, a rule for its
            deliveries, a pipe; the name of an archive; empty for clients.
    """

    by_actor: Mapping[str, Units]

    @property
    def units(self) -> Units:
        """All of it."""
        return total(self.by_actor.values())

    @property
    def executions(self) -> Mapping[str, Units]:
        """What each execution did itself, by its ARN."""
        return {actor: used for actor, used in self.by_actor.items() if _EXECUTION in actor}

    @property
    def rest(self) -> Units:
        """All that no execution did itself."""
        return total(used for actor, used in self.by_actor.items() if _EXECUTION not in actor)


def measured(journal: Journal, *, since: Journal | None = None) -> Measured:
    """Count a journal, or what came to it after an earlier reading of it.

    Args:
        since: The same journal, read before.
    """
    first = since.last_number if since else 0
    records = [record for record in journal.records if record.number > first]
    calls = _calls_since(journal.api_calls, since.api_calls if since else ())
    by_actor: dict[str, Units] = {}
    for actor, used in (*_of_records(records), *_of_calls(calls)):
        if used.counts:
            by_actor[actor] = by_actor.get(actor, NOTHING) + used
    return Measured(by_actor=by_actor)


def event_price(source: str) -> str:
    """As what a new event is billed, by its source."""
    if source.startswith("aws.partner/"):
        return "partner-events"
    return "aws-events" if source.startswith("aws.") else "custom-events"


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
) -> Iterator[tuple[str, Units]]:
    for caller, service, action, accepted, reads, writes in calls:
        if caller.kind == "outside":
            continue
        price_id = _PER_CALL.get((service, action))
        if price_id and accepted:
            yield caller.arn, units(price_id, accepted)
        if service == "dynamodb":
            yield (
                caller.arn,
                units("dynamodb-reads", Decimal(str(reads)))
                + units("dynamodb-writes", Decimal(str(writes))),
            )


def _of_records(records: Iterable[JournalRecord]) -> Iterator[tuple[str, Units]]:
    for record in records:
        count = _COUNTED.get(type(record))
        if count is not None:
            yield count(record)


def _published(record: EventPublished) -> tuple[str, Units]:
    if record.publisher.kind == "rule" and not record.replay_name:
        # Passed on by a rule of another bus: counted with its delivery.
        return record.publisher.arn, NOTHING
    price_id = "replayed-events" if record.replay_name else event_price(record.source)
    # What a service tells of an execution, that did not do itself.
    actor = "" if record.publisher.kind == "service" else record.publisher.arn
    return actor, units(price_id, prices()[price_id].units_of(record.size_bytes))


def _archived(record: EventArchived) -> tuple[str, Units]:
    return record.archive_name, units("archive-processing", Decimal(record.size_bytes) / _GB)


def _delivered(record: DeliveryAttempt) -> tuple[str, Units]:
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
        return record.rule_arn, NOTHING
    return record.rule_arn, units(price_id)


def _execution(record: ExecutionEnded) -> tuple[str, Units]:
    """Transitions of a Standard execution: states entered, and retries, which are billed too."""
    if record.is_express:
        steps = math.ceil(record.duration_ms / _EXPRESS_STEP_MS)
        seconds = Decimal(steps * _EXPRESS_STEP_MS) / _MILLISECONDS
        used = units("express-gb-seconds", seconds * _EXPRESS_CHUNK_MB / 1024)
        return record.execution_arn, units("express-requests") + used
    return record.execution_arn, units(
        "standard-transitions", record.states_entered + record.retries
    )


def _invoked(record: FunctionInvoked) -> tuple[str, Units]:
    seconds = Decimal(str(record.duration_ms)) / _MILLISECONDS
    used = units("lambda-requests")
    used += units("lambda-gb-seconds", seconds * record.memory_mb / 1024)
    if record.caller.kind == "service":
        # The poller of a queue: the emulator asks the queue without requests, AWS by two a batch.
        used += units("queue-requests", 2)
    return record.function_arn, used


def _mailed(record: MailSent) -> tuple[str, Units]:
    return record.caller.arn, units("mails", record.recipients)


def _piped(record: PipeDelivery) -> tuple[str, Units]:
    blocks = prices()["pipe-requests"].units_of(record.size_bytes)
    return record.pipe_arn, units("pipe-requests", blocks)


_COUNTED: Mapping[type[JournalRecord], Callable[..., tuple[str, Units]]] = {
    EventPublished: _published,
    EventArchived: _archived,
    DeliveryAttempt: _delivered,
    ExecutionEnded: _execution,
    FunctionInvoked: _invoked,
    MailSent: _mailed,
    PipeDelivery: _piped,
}
