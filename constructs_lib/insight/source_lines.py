"""The line of the program that made a resource, from the stack traces that CDK keeps.

CDK keeps them for TypeScript by itself, and for other languages if the app runs with
``JSII_HOST_STACK_TRACES=1`` (aws/jsii pull request 5153, aws/aws-cdk pull request 38124, both read
2026-11-27).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import takewhile

from constructs_lib.templates.json_value import JsonValue

_ENDING = r"\.(?:py|ts|tsx|js|mjs|java|cs|go|kt)"
#: In brackets a path may hold spaces.
_FRAMES = (
    re.compile(rf"\(([^()'\"]+{_ENDING}):(\d+)"),
    re.compile(rf"([^\s()'\"]+{_ENDING}):(?:line )?(\d+)"),
)
#: Duet itself too, however it is installed: its user wrote the call.
_NOT_USER_CODE = ("node_modules", "site-packages", "node:", "jsii", "constructs_lib")

#: ``file:line`` of the user's own code, the innermost first.
_Lines = tuple[str, ...]


class SourceLines:
    """Finds lines in the metadata of one stack."""

    def __init__(self, metadata: Mapping[str, JsonValue]) -> None:
        self._metadata = metadata

    def of(self, construct_path: str) -> str | None:
        """``file:line`` of what made a resource; None where nothing tells it.

        A resource without a trace of its own (jsii loses the trace where CDK asks the program
        something meanwhile) is said to be made where all else in its construct was made.
        """
        if own := self._traces.get(construct_path):
            return own[0]
        for ancestor in _ancestors(construct_path):
            if shared := self._shared.get(ancestor):
                return shared[0]
        return None

    @cached_property
    def _traces(self) -> Mapping[str, _Lines]:
        read = {
            path.lstrip("/"): tuple(_lines(entries)) for path, entries in self._metadata.items()
        }
        return {path: lines for path, lines in read.items() if lines}

    @cached_property
    def _shared(self) -> Mapping[str, _Lines]:
        """By construct, the outer lines that the traces of all its resources have in common."""
        shared: dict[str, _Lines] = {}
        for path, lines in self._traces.items():
            for ancestor in _ancestors(path):
                shared[ancestor] = _common_end(shared.get(ancestor, lines), lines)
        return shared


def _ancestors(path: str) -> Iterator[str]:
    """The constructs that a construct is in, the nearest first; the stack is none of them."""
    while (path := path.rpartition("/")[0]).count("/"):
        yield path


def _common_end(left: _Lines, right: _Lines) -> _Lines:
    pairs = zip(reversed(left), reversed(right), strict=False)
    count = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return left[len(left) - count :]


def _lines(entries: JsonValue) -> Iterator[str]:
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, Mapping):
            continue
        data = entry.get("data") if entry.get("type") == "aws:cdk:creationStack" else None
        for frames in (entry.get("trace"), data):
            yield from _user_lines(frames if isinstance(frames, list) else ())


def _user_lines(frames: Sequence[JsonValue]) -> Iterator[str]:
    for frame in frames:
        if not isinstance(frame, str):
            continue
        found = next(filter(None, (pattern.search(frame) for pattern in _FRAMES)), None)
        if found and not any(part in found[1] for part in _NOT_USER_CODE):
            yield f"{found[1]}:{found[2]}"
