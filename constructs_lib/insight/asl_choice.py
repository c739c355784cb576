"""The condition of a Choice as one readable line."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from constructs_lib.templates.json_value import JsonValue

_SIGNS = {
    "Equals": "=",
    "LessThan": "<",
    "LessThanEquals": "<=",
    "GreaterThan": ">",
    "GreaterThanEquals": ">=",
    "Matches": "matches",
}
_COMPARISON = re.compile(
    r"(?:String|Numeric|Timestamp|Boolean)"
    r"(Equals|LessThanEquals|LessThan|GreaterThanEquals|GreaterThan|Matches)(?:Path)?"
)
_NOT_CONDITIONS = {"Next", "Assign", "Output", "Comment", "Variable", "Condition"}
_DEEPEST = 20


def condition_text(rule: Mapping[str, JsonValue], depth: int = 0) -> str:
    """JSONata's expression without its braces, or JSONPath's comparison in signs."""
    condition = rule.get("Condition")
    if isinstance(condition, str):
        return condition.strip().removeprefix("{%").removesuffix("%}").strip()
    if condition is not None:
        return json.dumps(condition)
    if depth > _DEEPEST:
        return "…"
    parts = [
        _part(rule.get("Variable"), name, value, depth)
        for name, value in rule.items()
        if name not in _NOT_CONDITIONS
    ]
    return " and ".join(parts)


def _part(variable: JsonValue, name: str, value: JsonValue, depth: int) -> str:
    if name in ("And", "Or") and isinstance(value, list):
        inner = [
            condition_text(one, depth + 1) if isinstance(one, Mapping) else str(one)
            for one in value
        ]
        return f" {name.lower()} ".join(f"({one})" if len(inner) > 1 else one for one in inner)
    if name == "Not" and isinstance(value, Mapping):
        return f"not ({condition_text(value, depth + 1)})"
    if name.startswith("Is"):
        kind = re.sub(r"(?<!^)([A-Z])", r" \1", name[2:]).lower()
        return f"{variable} is {'' if value else 'not '}{kind}"
    if comparison := _COMPARISON.fullmatch(name):
        shown = value if name.endswith("Path") else json.dumps(value)
        return f"{variable} {_SIGNS[comparison[1]]} {shown}"
    return f"{variable} {name} {json.dumps(value)}"
