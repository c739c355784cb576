"""Whether an event of which only some fields are known can match a pattern."""

from __future__ import annotations

import re
from collections.abc import Mapping

from constructs_lib.templates.json_value import JsonValue

#: Yes, no, or None where a field that is not known decides.
Answer = bool | None


def matches(pattern: Mapping[str, JsonValue], event: Mapping[str, str | None]) -> Answer:
    """Whether the event matches.

    Args:
        event: Top-level fields; None for one that is there but not known. Fields under ``detail``
            and those that are not named count as not known.
    """
    answers: list[Answer] = []
    for field, wanted in pattern.items():
        if field == "$or" and isinstance(wanted, list):
            answers.append(
                any_of([matches(one, event) for one in wanted if isinstance(one, Mapping)])
            )
        elif isinstance(wanted, list):
            value = event.get(field)
            if field == "replay-name":
                # Known: an event that is published is not a replayed one.
                answers.append(any_of([_absent(one) for one in wanted]))
            else:
                answers.append(
                    None if value is None else any_of([_matches(one, value) for one in wanted])
                )
        else:
            answers.append(None)
    return all_of(answers)


def any_of(answers: list[Answer]) -> Answer:
    """Or, over three values."""
    return True if True in answers else (None if None in answers else False)


def all_of(answers: list[Answer]) -> Answer:
    """And, over three values."""
    return False if False in answers else (None if None in answers else True)


def _absent(wanted: JsonValue) -> Answer:
    return isinstance(wanted, Mapping) and wanted.get("exists") is False


def _matches(wanted: JsonValue, value: str) -> Answer:
    if isinstance(wanted, str):
        return None if "${" in wanted or "${" in value else wanted == value
    if not isinstance(wanted, Mapping) or len(wanted) != 1:
        return False
    operator, operand = next(iter(wanted.items()))
    if isinstance(operand, str) and "${" in operand + value:
        return None
    match operator:
        case "exists":
            return operand is True
        case "prefix" | "suffix":
            return _affix(operator, operand, value)
        case "equals-ignore-case":
            return isinstance(operand, str) and operand.lower() == value.lower()
        case "wildcard":
            return isinstance(operand, str) and _wildcard(operand, value)
        case "anything-but":
            return _anything_but(operand, value)
    return None


def _affix(operator: str, operand: JsonValue, value: str) -> Answer:
    if isinstance(operand, Mapping):
        operand, value = operand.get("equals-ignore-case"), value.lower()
        operand = operand.lower() if isinstance(operand, str) else operand
    if not isinstance(operand, str):
        return None
    return value.startswith(operand) if operator == "prefix" else value.endswith(operand)


def _wildcard(operand: str, value: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, operand.split("*"))), value, re.S) is not None


def _anything_but(operand: JsonValue, value: str) -> Answer:
    if isinstance(operand, Mapping):
        tests = [{name: one} for name, some in operand.items() for one in _listed(some)]
        found = any_of([_matches(test, value) for test in tests])
    else:
        found = any_of([_matches(one, value) for one in _listed(operand)])
    return None if found is None else not found


def _listed(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else [value]
