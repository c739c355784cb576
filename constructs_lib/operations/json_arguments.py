"""JSON on a command line: written there, in a file, or on standard input."""

from __future__ import annotations

import json
import sys
from pathlib import Path

_STANDARD_INPUT = "-"


class JsonArgumentError(ValueError):
    """The argument is no JSON; the message says where it goes wrong."""


def read_json(argument: str, text: str) -> object:
    """The JSON that an argument means.

    Args:
        argument: The argument's name, for messages.
        text: JSON itself; ``@FILE``; ``-`` for standard input.
    Raises:
        JsonArgumentError: The file cannot be read, or its content is not JSON.
    """
    try:
        if text == _STANDARD_INPUT:
            return json.loads(sys.stdin.read())
        if text.startswith("@"):
            return json.loads(Path(text[1:]).read_text(encoding="utf-8"))
        return json.loads(text)
    except OSError as error:
        raise JsonArgumentError(f"{argument} must be a file that can be read: {error}") from None
    except ValueError as error:
        raise JsonArgumentError(
            f"{argument} must be JSON, got {_short(text)}: {error}; "
            "write it in quotes, or name a file (@FILE), or - for standard input"
        ) from None


def read_json_or_file(argument: str, text: str) -> object:
    """The same where a bare name means a file, since what is meant is always an object or a list.

    Raises:
        JsonArgumentError: As ``read_json``.
    """
    is_file = not text.lstrip().startswith(("{", "[", "@")) and text != _STANDARD_INPUT
    return read_json(argument, f"@{text}" if is_file else text)


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")
