"""What a template does not say and a price needs: sizes, times, counts. All of it can be stated."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path

from constructs_lib.insight.cost.units import NOTHING, Units
from constructs_lib.insight.errors import InsightError
from constructs_lib.insight.prices import prices

_WHAT = {
    "event_bytes": "size of an event in bytes",
    "item_bytes": "size of a DynamoDB item in bytes",
    "message_bytes": "size of a message of a queue or topic in bytes",
    "data_bytes": "size of the data that an Express workflow carries, in bytes",
    "express_seconds": "duration of an Express workflow in seconds",
    "function_seconds": "duration of a function in seconds",
    "map_items": "items of a Map whose number the definition does not say",
    "loop_passes": "how often a way back is taken in a path",
    "batch_messages": "messages that a function takes from a queue at once",
    "retry_share": "share of the attempts of a retried state that fail and are retried",
}


@dataclass(frozen=True, kw_only=True)
class Assumptions:
    """What is taken for granted.

    Args:
        items: Items of single Maps, by the name of the state.
        seconds: Duration of single functions and Express workflows, by their name.
        calls: What a function does inside, which no template says: units by name of the function
            and the event's detail-type, or ``*`` for whatever makes it run.
    """

    event_bytes: int = 1024
    item_bytes: int = 1024
    message_bytes: int = 1024
    data_bytes: int = 1024
    express_seconds: Decimal = Decimal(1)
    function_seconds: Decimal = Decimal("0.1")
    map_items: int = 10
    loop_passes: int = 1
    batch_messages: int = 1
    retry_share: Decimal = Decimal(0)
    items: Mapping[str, int] = field(default_factory=dict)
    seconds: Mapping[str, Decimal] = field(default_factory=dict)
    calls: Mapping[str, Mapping[str, Units]] = field(default_factory=dict)

    def sentences(self) -> list[str]:
        """Each of them in words."""
        said = [f"{text}: {getattr(self, name)}" for name, text in _WHAT.items()]
        said += [f"items of {name}: {count}" for name, count in self.items.items()]
        return said + [f"seconds of {name}: {count}" for name, count in self.seconds.items()]

    def calls_of(self, function: str, event: str) -> Units:
        """What a function does inside for an event; nothing unless it is stated."""
        stated = self.calls.get(function, {})
        return stated.get(event, stated.get("*", NOTHING))


DEFAULTS = Assumptions()


def with_stated(assumptions: Assumptions, stated: Iterable[str]) -> Assumptions:
    """Assumptions with those that a user states.

    Args:
        stated: ``name=value``, ``items:STATE=20``, ``seconds:FUNCTION=0.2``, or the path of a JSON
            file with the same names.
    Raises:
        InsightError: A name is unknown, or a value is no number in its range.
    """
    for one in stated:
        name, equals, value = one.partition("=")
        if not equals:
            assumptions = _from_file(assumptions, Path(one))
            continue
        table, colon, key = name.partition(":")
        if colon and table in ("items", "seconds"):
            assumptions = _with_table(assumptions, table, {key: value})
        else:
            assumptions = _with_number(assumptions, name, value)
    return assumptions


def _from_file(assumptions: Assumptions, path: Path) -> Assumptions:
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InsightError(
            f"an assumption must be name=value or a JSON file, got {str(path)!r}: {error}; "
            f"the names are {', '.join(_WHAT)}"
        ) from None
    if not isinstance(written, Mapping):
        raise InsightError(f"{path} must hold an object, got {type(written).__name__}")
    for name, value in written.items():
        if name in ("items", "seconds") and isinstance(value, Mapping):
            assumptions = _with_table(assumptions, name, value)
        elif name == "calls" and isinstance(value, Mapping):
            assumptions = replace(assumptions, calls={**assumptions.calls, **_calls(value, path)})
        else:
            assumptions = _with_number(assumptions, name, value)
    return assumptions


def _with_table(assumptions: Assumptions, table: str, values: Mapping[str, object]) -> Assumptions:
    known: Mapping[str, object] = getattr(assumptions, table)
    kind = int if table == "items" else Decimal
    read = {key: _number(f"{table}:{key}", value, kind) for key, value in values.items()}
    return replace(assumptions, **{table: {**known, **read}})  # type: ignore[arg-type]  # by the table's kind


def _with_number(assumptions: Assumptions, name: str, value: object) -> Assumptions:
    if name not in _WHAT:
        raise InsightError(
            f"an assumption must be one of {', '.join(_WHAT)}, items:STATE, seconds:NAME, "
            f"got {name!r}; correct the name"
        )
    kind = next(
        int if each.type == "int" else Decimal for each in fields(assumptions) if each.name == name
    )
    number = _number(name, value, kind)
    if name == "retry_share" and number >= 1:
        raise InsightError(f"retry_share must be below 1, got {number}; 0.01 is one in a hundred")
    if name == "batch_messages" and number < 1:
        raise InsightError(f"batch_messages must be 1 or more, got {number}")
    return replace(assumptions, **{name: number})  # type: ignore[arg-type]  # of the field's kind


def _number(name: str, value: object, kind: type[int] | type[Decimal]) -> int | Decimal:
    try:
        number = kind(str(value))
    except (ValueError, InvalidOperation):
        number = kind(-1)
    if not Decimal(number).is_finite() or number < 0:
        wanted = "a whole number" if kind is int else "a number"
        raise InsightError(f"{name} must be {wanted}, 0 or more, got {value!r}; correct it")
    return number


def _calls(written: Mapping[str, object], path: Path) -> dict[str, dict[str, Units]]:
    calls: dict[str, dict[str, Units]] = {}
    for function, by_event in written.items():
        if not isinstance(by_event, Mapping):
            raise InsightError(f"{path}: calls of {function} must be an object by detail-type")
        for event, counts in by_event.items():
            if not isinstance(counts, Mapping) or not set(counts) <= prices().by_id.keys():
                raise InsightError(
                    f"{path}: calls of {function} for {event} must be counts by item of the price "
                    f"list ({', '.join(prices().by_id)}), got {counts!r}"
                )
            read = {key: Decimal(_number(key, value, Decimal)) for key, value in counts.items()}
            calls.setdefault(function, {})[event] = Units(read)
    return calls
