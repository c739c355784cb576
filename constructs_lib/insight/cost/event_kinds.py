"""Which kinds of events a bus carries, and which rules take them, by source and detail-type."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from constructs_lib.templates.json_value import JsonValue


@dataclass(frozen=True, kw_only=True, order=True)
class EventKind:
    """Events of one source and detail-type on one bus; empty where a pattern names none.

    A source that ends with ``*`` stands for all that begin so.
    """

    bus: str
    source: str
    detail_type: str

    @property
    def title(self) -> str:
        """For tables."""
        return f"{self.detail_type or 'any event'} of {self.source or 'anybody'}"


def kinds_of_pattern(bus: str, pattern: Mapping[str, JsonValue]) -> Iterator[EventKind]:
    """The kinds that a pattern names."""
    for option in _options(pattern):
        for source in _named(option.get("source")):
            for detail_type in _named(option.get("detail-type")):
                yield EventKind(bus=bus, source=source, detail_type=detail_type)


def matches(pattern: Mapping[str, JsonValue], kind: EventKind) -> bool:
    """Whether a rule takes such events; what it asks of their details is taken to hold."""
    return any(
        _accepts(option.get("source"), kind.source)
        and _accepts(option.get("detail-type"), kind.detail_type)
        for option in _options(pattern)
    )


def _options(pattern: Mapping[str, JsonValue]) -> list[Mapping[str, JsonValue]]:
    """The pattern without ``$or``: one of each of its options."""
    written = pattern.get("$or")
    rest = {key: value for key, value in pattern.items() if key != "$or"}
    if not isinstance(written, list):
        return [rest]
    options = [option for option in written if isinstance(option, Mapping)]
    return [each for option in options for each in _options({**rest, **option})]


def _named(filters: JsonValue) -> Sequence[str]:
    """The values that a filter names; all of them, as an empty text, if it names none."""
    if not isinstance(filters, list):
        return [""]
    named = []
    for one in filters:
        if isinstance(one, str):
            named.append(one)
        elif isinstance(one, Mapping) and isinstance(one.get("prefix"), str):
            named.append(f"{one['prefix']}*")
    return named or [""]


def _accepts(filters: JsonValue, value: str) -> bool:
    if not isinstance(filters, list):
        return True
    return any(_accepts_one(one, value) for one in filters)


def _accepts_one(one: JsonValue, value: str) -> bool:
    if not isinstance(one, Mapping):
        return one == value
    plain = value.rstrip("*")
    match next(iter(one.items()), ("", None)):
        case ("prefix", str(prefix)):
            return plain.startswith(prefix)
        case ("suffix", str(suffix)):
            return plain.endswith(suffix)
        case ("equals-ignore-case", str(text)):
            return plain.casefold() == text.casefold()
        case ("wildcard", str(text)):
            return fnmatch.fnmatchcase(plain, text.replace("[", "[[]").replace("?", "[?]"))
        case ("exists", bool(exists)):
            return exists
        case ("anything-but", forbidden):
            return not _forbids(forbidden, plain)
    return True  # a filter that is not known here is taken to hold


def _forbids(forbidden: JsonValue, value: str) -> bool:
    if isinstance(forbidden, list):
        return any(_forbids(one, value) for one in forbidden)
    return _accepts_one(forbidden, value)
