"""Paths and intrinsic functions in the fields of states that speak JSONPath.

Source: Step Functions developer guide, "Intrinsic functions" and "Using JSONPath paths"; AWS's own
``amazon-states-language-service``, issue 26, for the message (read 2026-11-27).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from constructs_lib.states_language.diagnostic import Diagnostic
from constructs_lib.states_language.fields import JSONPATH, ONLY_IN
from constructs_lib.states_language.nodes import Node

#: Payload templates: objects in which a name that ends in ``.$`` has a path for its value.
_TEMPLATES = ("Assign", "Credentials", "ItemSelector", "Parameters", "ResultSelector")
_PATH_FIELDS = tuple(
    name for name, language in ONLY_IN.items() if language == JSONPATH and name.endswith("Path")
)
_INTRINSIC_FUNCTIONS = frozenset(
    {
        "Array",
        "ArrayContains",
        "ArrayGetItem",
        "ArrayLength",
        "ArrayPartition",
        "ArrayRange",
        "ArrayUnique",
        "Base64Decode",
        "Base64Encode",
        "Format",
        "Hash",
        "JsonMerge",
        "JsonToString",
        "MathAdd",
        "MathRandom",
        "StringSplit",
        "StringToJson",
        "UUID",
    }
)
_CALL = re.compile(r"States\.(\w+)\(.*\)", re.DOTALL)


def check_payloads(state: Node, place: str) -> Iterator[Diagnostic]:
    """Say which value of a state in JSONPath should be a path, or a function's call, and is not."""
    for field in _PATH_FIELDS:
        value = state.get(field)
        # A null path discards.
        if value is not None and not _is_path(value):
            yield _error(
                f"The value for the field '{field}' must be a valid JSONPath", f"{place}/{field}"
            )
    for field in _TEMPLATES:
        yield from _template(state.get(field), f"{place}/{field}")


def _template(node: object, place: str) -> Iterator[Diagnostic]:
    if isinstance(node, list):
        for index, each in enumerate(node):
            yield from _template(each, f"{place}[{index}]")
    if not isinstance(node, dict):
        return
    for name, value in node.items():
        if not name.endswith(".$"):
            yield from _template(value, f"{place}/{name}")
        elif not _is_path(value):
            yield _error(
                f"The value for the field '{name}' must be a valid JSONPath or a valid intrinsic "
                "function call",
                f"{place}/{name}",
            )


def _is_path(value: object) -> bool:
    if not isinstance(value, str):
        return False
    call = _CALL.fullmatch(value.strip())
    return value.startswith("$") or (call is not None and call[1] in _INTRINSIC_FUNCTIONS)


def _error(message: str, place: str) -> Diagnostic:
    return Diagnostic(code="SCHEMA_VALIDATION_FAILED", message=message, location=place)
