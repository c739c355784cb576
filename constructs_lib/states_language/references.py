"""What expressions of states in JSONata read of ``$states``, and cannot.

Refused is what AWS is known to have nothing for: an error output outside of a catcher, and a result
before there is one, or in a state that calls nothing. A Pass state may be taken with ``result``.
Source: Step Functions developer guide, "Transforming data with JSONata in Step Functions"; answers
of AWS that ``floci`` records in its issue 2745 and pull request 2786, for code and words (read
2026-11-27).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from constructs_lib.states_language.diagnostic import Diagnostic
from constructs_lib.states_language.nodes import Node, is_expression

_ERROR_OUTPUT = "errorOutput"
_RESULT = "result"
#: States of these have no result.
_WITHOUT_RESULT = ("Choice", "Fail", "Succeed", "Wait")
#: These are evaluated before the state has its result.
_BEFORE_RESULT = (
    "Arguments",
    "HeartbeatSeconds",
    "ItemSelector",
    "Items",
    "MaxConcurrency",
    "TimeoutSeconds",
)
#: What is in them is checked as a state of its own, or has an error output.
_PASSED_OVER = ("Branches", "Catch", "Comment", "ItemProcessor", "Iterator")
_READ = re.compile(rf"\$states\s*\.\s*({_ERROR_OUTPUT}|{_RESULT})\b")
_TEXT = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|/\*.*?\*/""", re.DOTALL)


def check_references(state: Node, place: str) -> Iterator[Diagnostic]:
    """Say which expression of a state in JSONata reads what is not there."""
    for field, value in state.items():
        if field in _PASSED_OVER:
            continue
        missing = [_ERROR_OUTPUT]
        if field in _BEFORE_RESULT or state.get("Type") in _WITHOUT_RESULT:
            missing.append(_RESULT)
        yield from _reads(value, missing, f"{place}/{field}")


def _reads(node: object, missing: list[str], place: str) -> Iterator[Diagnostic]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _reads(value, missing, f"{place}/{name}")
    elif isinstance(node, list):
        for index, each in enumerate(node):
            yield from _reads(each, missing, f"{place}[{index}]")
    elif isinstance(node, str) and is_expression(node):
        for name in dict.fromkeys(_READ.findall(_TEXT.sub("", node))):
            if name in missing:
                yield Diagnostic(
                    code="UNSUPPORTED_JSONATA_EXPRESSION",
                    message=f"Field '$states.{name}' does not exist.",
                    location=place,
                )
