"""How the emulator writes the records of its journal, and a client reads them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

from constructs_lib.local._journal_events import (
    DeliveryAttempt,
    EventArchived,
    EventMatched,
    EventPublished,
    PipeDelivery,
)
from constructs_lib.local._journal_records import (
    ApiCalls,
    Caller,
    ExecutionEnded,
    ExecutionStarted,
    FaultStruck,
    FunctionInvoked,
    JournalRecord,
    MailSent,
)

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
            fields[name] = Caller(**cast(Mapping[str, str], fields[name]))  # type: ignore[arg-type]  # as above
    for name in _LISTS:
        if isinstance(fields.get(name), list):
            fields[name] = tuple(cast(list[str], fields[name]))
    return fields
