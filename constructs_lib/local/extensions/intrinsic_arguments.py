"""Upstream gap: the arguments of intrinsic functions are cut at the first comma or parenthesis.

So a path with a filter was none, ``1e3`` no number, and what cannot be read was passed over. Here a
call that is none fails; a backslash before anything but ``'``, ``{``, ``}`` and a backslash ends
the execution with ``States.Runtime``.
Source: Step Functions developer guide, "Intrinsic functions", reserved characters (read
2026-11-27).
"""

import json
import re

from ministack.services import stepfunctions

from constructs_lib.local.extensions import json_path
from constructs_lib.local.extensions.state_errors import runtime_error

# MiniStack's: a kind and a value, or a call.
_Argument = tuple[object, ...]

_CALL = "States."
_SPACE = re.compile(r"\s*")
_TEXT = re.compile(r"'((?:\\.|[^'\\])*)'", re.DOTALL)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_WORD = re.compile(r"true|false|null")
_OPEN_ESCAPE = re.compile(r"(?:[^\\]|\\['{}\\])*\\[^'{}\\]", re.DOTALL)
_ESCAPED = re.compile(r"\\(['{}\\])")


def register() -> None:
    """Read the arguments of every call here."""
    stepfunctions._parse_intrinsic_args = _arguments


def without_escapes(argument: _Argument) -> _Argument:
    """``argument`` as it is meant; only texts have escapes."""
    if argument[0] != "str":
        return argument
    return "str", _ESCAPED.sub(r"\1", str(argument[1]))


def _arguments(call: str, position: int) -> tuple[list[_Argument], int]:
    """The arguments from ``position`` on, and the position after their parenthesis."""
    found: list[_Argument] = []
    position = _next(call, position)
    if call.startswith(")", position):
        return found, position + 1
    while True:
        argument, position = _argument(call, position)
        found.append(argument)
        position = _next(call, position)
        if call.startswith(")", position):
            return found, position + 1
        if not call.startswith(",", position):
            raise ValueError(f"',' or ')' is missing at {position}: {call}")
        position = _next(call, position + 1)


def _argument(call: str, position: int) -> tuple[_Argument, int]:
    if call.startswith(_CALL, position):
        node, end = stepfunctions._parse_intrinsic_call(call, position)
        return node, end
    if call.startswith("$", position):
        end = _end_of_path(call, position)
        return ("path", call[position:end]), end
    text = _TEXT.match(call, position)
    if text:
        if _OPEN_ESCAPE.match(text[1]):
            raise runtime_error(f"The function '{call}' has an open escape backslash")
        return ("str", text[1]), text.end()
    number = _NUMBER.match(call, position)
    if number:
        return ("num", json.loads(number[0])), number.end()
    word = _WORD.match(call, position)
    if word:
        value = json.loads(word[0])
        return ("null" if value is None else "bool", value), word.end()
    raise ValueError(f"no argument at {position}: {call}")


def _end_of_path(call: str, position: int) -> int:
    while position < len(call) and call[position] not in ",)" and not call[position].isspace():
        if call[position] == "[":
            position = json_path.closing_bracket(call, position)
        position += 1
    return position


def _next(call: str, position: int) -> int:
    space = _SPACE.match(call, position)
    return space.end() if space else position
