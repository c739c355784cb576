"""JSONPath as Step Functions reads it: fields, indexes, slices, wildcards, descent, filters.

A path that can have several results (any but fields and single indexes) gives a list, empty if
there are none; of another one the result must be there.
Source: Step Functions developer guide, "Paths"; README of the Jayway JsonPath library, whose rules
that page names (read 2026-11-23).
"""

import functools
import re
from collections.abc import Callable, Iterator
from typing import cast

from constructs_lib.local.extensions import json_path_filter

_Select = Callable[[object, object], list[object]]

_NAME = re.compile(r"[^.\[\]]+")
_QUOTED = re.compile(r"""\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)")\s*""", re.DOTALL)
_INDEXES = re.compile(r"\s*-?\d+\s*(?:,\s*-?\d+\s*)*")
_SLICE = re.compile(r"\s*(-?\d+)?\s*:\s*(-?\d+)?\s*")
_ESCAPED = re.compile(r"\\(['\\])")


class InvalidPathError(ValueError):
    """Not a JSONPath."""


class MissingPathError(LookupError):
    """What a path names is not there; ``so_far`` is the path up to what is missing."""

    def __init__(self, so_far: str, *, is_end: bool) -> None:
        self.so_far = so_far
        self.is_end = is_end
        text = "No results for path" if is_end else "Missing property in path"
        super().__init__(f"{text}: {so_far}" if is_end else f"{text} {so_far}")


class _Step:
    """One step of a path: what it selects from a value, given the root."""

    def __init__(self, select: _Select, text: str, *, is_definite: bool) -> None:
        self.select = select
        self.text = text
        self.is_definite = is_definite


def find(path: str, root: object) -> object:
    """What ``path``, which begins with ``$``, names in ``root``.

    Raises:
        InvalidPathError: It is no path.
        MissingPathError: It names one thing, which is not there.
    """
    steps = _steps(path)
    values = [root]
    is_definite, so_far = True, "$"
    for number, step in enumerate(steps, 1):
        values = [found for value in values for found in step.select(value, root)]
        is_definite = is_definite and step.is_definite
        so_far += step.text
        if is_definite and not values and all(each.is_definite for each in steps):
            raise MissingPathError(so_far, is_end=number == len(steps))
    return values[0] if is_definite else values


@functools.cache
def _steps(path: str) -> tuple[_Step, ...]:
    if not path.startswith("$"):
        raise InvalidPathError(f"a path begins with $: {path}")
    return tuple(_parse(path))


def _parse(path: str) -> Iterator[_Step]:
    position = 1
    while position < len(path):
        descends = path.startswith("..", position)
        if descends:
            position += 2
        elif path[position] == ".":
            position += 1
        elif path[position] != "[":
            raise InvalidPathError(f"'.' or '[' is missing at {position}: {path}")
        if path.startswith("[", position):
            end = closing_bracket(path, position)
            step = _bracket(path[position + 1 : end])
            position = end + 1
        else:
            named = _NAME.match(path, position)
            if named is None:
                raise InvalidPathError(f"a name is missing at {position}: {path}")
            step = _wildcard() if named[0] == "*" else _field(named[0])
            position = named.end()
        yield _descent(step) if descends else step


def closing_bracket(path: str, position: int) -> int:
    """Where the bracket ends that opens at ``position`` of ``path``.

    Raises:
        InvalidPathError: Nowhere.
    """
    depth, quote = 0, ""
    while position < len(path):
        letter = path[position]
        if quote:
            if letter == "\\":
                position += 1
            elif letter == quote:
                quote = ""
        elif letter in "'\"":
            quote = letter
        elif letter in "[]":
            depth += 1 if letter == "[" else -1
            if not depth:
                return position
        position += 1
    raise InvalidPathError(f"']' is missing: {path}")


def _bracket(inside: str) -> _Step:
    text = inside.strip()
    if text == "*":
        return _wildcard()
    if text.startswith("?"):
        matches = json_path_filter.parse(text[1:], find)
        return _Step(
            lambda value, root: [each for each in _members(value) if matches(each, root)],
            "[?]",
            is_definite=False,
        )
    sliced = _SLICE.fullmatch(text)
    if sliced:
        first, last = (int(part) if part else None for part in sliced.groups())
        return _Step(
            lambda value, _: value[first:last] if isinstance(value, list) else [],
            f"[{text}]",
            is_definite=False,
        )
    if _INDEXES.fullmatch(text):
        return _indexes([int(part) for part in text.split(",")])
    names = _names(text)
    if names is None:
        raise InvalidPathError(f"no name, index, slice or filter: [{inside}]")
    return _field(names[0]) if len(names) == 1 else _fields(names)


def _names(text: str) -> list[str] | None:
    names, position = [], 0
    while position <= len(text):
        quoted = _QUOTED.match(text, position)
        if quoted is None:
            return None
        name = quoted[1] if quoted[1] is not None else quoted[2]
        names.append(_ESCAPED.sub(r"\1", name))
        position = quoted.end()
        if position == len(text):
            return names
        if text[position] != ",":
            return None
        position += 1
    return None


def _field(name: str) -> _Step:
    def select(value: object, _root: object) -> list[object]:
        return [value[name]] if isinstance(value, dict) and name in value else []

    return _Step(select, f"['{name}']", is_definite=True)


def _fields(names: list[str]) -> _Step:
    def select(value: object, _root: object) -> list[object]:
        if not isinstance(value, dict):
            return []
        return [{name: value[name] for name in names if name in value}]

    return _Step(select, "".join(f"['{name}']" for name in names), is_definite=False)


def _indexes(indexes: list[int]) -> _Step:
    def select(value: object, _root: object) -> list[object]:
        if not isinstance(value, list):
            return []
        return [value[index] for index in indexes if -len(value) <= index < len(value)]

    text = ",".join(map(str, indexes))
    return _Step(select, f"[{text}]", is_definite=len(indexes) == 1)


def _wildcard() -> _Step:
    return _Step(lambda value, _: _members(value), "[*]", is_definite=False)


def _descent(step: _Step) -> _Step:
    def select(value: object, root: object) -> list[object]:
        return [found for each in _tree(value) for found in step.select(each, root)]

    return _Step(select, f"..{step.text}", is_definite=False)


def _tree(value: object) -> Iterator[object]:
    yield value
    for member in _members(value):
        yield from _tree(member)


def _members(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return cast(list[object], value) if isinstance(value, list) else []
