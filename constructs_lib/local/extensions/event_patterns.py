"""Upstream gap: names with dots are no paths, and some patterns are taken that AWS refuses.

* AWS compares the paths of fields, joined by dots: a pattern for ``total`` inside ``order`` finds
  the field ``order.total``. MiniStack knows it the other way round only.
* ``$or`` is the operator wherever it stands; one without a list of objects is refused.
* So is a number that is not 0 but too small for a double.
Source: the matcher that AWS publishes, aws/event-ruler, README and CHANGELOG (read 2026-11-23).
"""

import json
import operator
import re
from collections.abc import Callable
from typing import cast

from ministack.services import eventbridge

# What the pattern compiles to, or why it is refused.
_Parsed = tuple[object, str | None]
_Parse = Callable[[str], _Parsed]

_NOT_ZERO = re.compile(r"[^eE]*[1-9]")


class _DottedView(eventbridge._EventView):  # type: ignore[misc]  # MiniStack has no types
    """An event some of whose names have dots: delivered as it is, matched by its paths."""

    __slots__ = ("matched",)
    matched: object


def register() -> None:
    """Read names with dots as paths, and look twice at what MiniStack takes."""
    eventbridge._pattern_event_view = _with_paths(eventbridge._pattern_event_view)
    eventbridge._matches_alternative = _by_paths(eventbridge._matches_alternative)
    eventbridge._compile_pattern = _strict_or(eventbridge._compile_pattern)
    eventbridge._parse_pattern_text = _exact_numbers(eventbridge._parse_pattern_text)


def nested(value: object) -> object:
    """``value`` with every name that has a dot turned into objects in objects.

    A name stays as it is where its path holds something else. Without dots it is the same object.
    """
    if isinstance(value, list):
        items = [nested(item) for item in value]
        return value if all(map(operator.is_, items, value)) else items
    if not isinstance(value, dict):
        return value
    fields = {name: nested(each) for name, each in value.items()}
    dotted = [name for name in fields if "." in name]
    if not dotted:
        return value if all(map(operator.is_, fields.values(), value.values())) else fields
    made = {name: each for name, each in fields.items() if "." not in name}
    for name in dotted:
        if not _put(made, name.split("."), fields[name]):
            made[name] = fields[name]
    return made


def _put(fields: dict[str, object], path: list[str], value: object) -> bool:
    name, *rest = path
    if not rest:
        return fields.setdefault(name, value) is value
    given = fields.get(name, {})
    if not isinstance(given, dict):
        return False
    inner = dict(given)
    if not _put(inner, rest, value):
        return False
    fields[name] = inner
    return True


def _with_paths(make_view: Callable[[object], object]) -> Callable[[object], object]:
    # Once an event: a thousand rules are not to look for dots.
    def make(event: object) -> object:
        view = cast(eventbridge._EventView, make_view(event))
        tree = view.event_with_detail()
        matched = nested(tree)
        if matched is tree:
            return view
        dotted = _DottedView(view._envelope, view._raw_detail)
        dotted.matched = matched
        return dotted

    return make


def _by_paths(matches: Callable[[object, object], bool]) -> Callable[[object, object], bool]:
    def match(view: object, alternative: object) -> bool:
        if isinstance(view, _DottedView):
            return bool(eventbridge._matches_detail(view.matched, alternative))
        return matches(view, alternative)

    return match


def _strict_or(compile_pattern: Callable[[object], object]) -> Callable[[object], object]:
    def compiled(pattern: object) -> object:
        made = compile_pattern(pattern)
        # MiniStack tries again without the operator if this refuses.
        eventbridge._compile_alternatives(pattern, expand_or=True)
        return made

    return compiled


def _exact_numbers(parse: _Parse) -> _Parse:
    def parsed(text: str) -> _Parsed:
        alternatives, reason = parse(text)
        if reason is None and (small := _too_small(text)):
            return None, f"Number {small} is too small"
        return alternatives, reason

    return parsed


def _too_small(text: str) -> str | None:
    found: list[str] = []

    def note(number: str) -> float:
        if not float(number) and _NOT_ZERO.match(number):
            found.append(number)
        return float(number)

    json.loads(text, parse_float=note)
    return found[0] if found else None
