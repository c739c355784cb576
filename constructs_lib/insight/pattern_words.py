"""Event patterns in a few words, for pictures."""

from __future__ import annotations

from collections.abc import Mapping

from constructs_lib.templates.json_value import JsonValue


def matched(pattern: Mapping[str, JsonValue] | None) -> str:
    """A pattern in a few words: its detail types, else its sources, else the fields it looks at."""
    if not pattern:
        return "every event"
    alternatives = pattern.get("$or")
    if isinstance(alternatives, list) and "detail-type" not in pattern:
        cases = [matched(case) for case in alternatives if isinstance(case, Mapping)]
        return " or ".join(dict.fromkeys(cases))
    for field in ("detail-type", "source"):
        values = pattern.get(field)
        if isinstance(values, list) and values:
            more = " · filtered" if "detail" in pattern else ""
            return ", ".join(_in_words(value) for value in values) + more
    return "where " + ", ".join(pattern)


def _in_words(value: JsonValue) -> str:
    if isinstance(value, Mapping) and len(value) == 1:
        ((operator, operand),) = value.items()
        return f"{operator} {_in_words(operand)}"
    if isinstance(value, list):
        return " or ".join(_in_words(each) for each in value)
    return "null" if value is None else str(value)
