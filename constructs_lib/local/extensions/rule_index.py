"""Upstream gap: every event is matched against every rule.

And beyond 1,024 patterns each is compiled anew for every event. Here the rules of a bus are
indexed: of each pattern one field that must equal one of some values, the rarest such value of the
bus, leads to the rule, or a range of numbers (``rule_ranges``); a pattern without either is always
looked at. What the index leads to
is matched as before, in the order of the rules; in one go, where MiniStack takes each pattern apart
to spare events the reading of their detail.
Source: MiniStack 1.5.33, ``eventbridge._dispatch_event``, ``._compiled_pattern``.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from ministack.core.responses import get_account_id, get_region
from ministack.services import eventbridge

from constructs_lib.local.extensions import journal_events
from constructs_lib.local.extensions.rule_ranges import RuleRanges

_PATTERNS_KEPT = 65_536
# Beyond that many rules behind its value, a rule is looked up by a range of numbers if it has one.
_MOST_BEHIND_VALUES = 8
_TOO_LARGE = "too large"

_Path = tuple[str, ...]
_Rule = Mapping[str, Any]
_Scope = tuple[str, str]
_Alternative = Mapping[str, object]
_Value = tuple[str, str]


class _Store(dict[tuple[str, str, str], _Rule]):
    """The rules of all accounts, which counts the changes in each account and region."""

    def __init__(self, rules: Mapping[tuple[str, str, str], _Rule]) -> None:
        super().__init__(rules)
        self.changes: dict[_Scope, int] = defaultdict(int)
        self.clears = 0

    def __setitem__(self, key: tuple[str, str, str], rule: _Rule) -> None:
        super().__setitem__(key, rule)
        self.changes[key[:2]] += 1

    def __delitem__(self, key: tuple[str, str, str]) -> None:
        super().__delitem__(key)
        self.changes[key[:2]] += 1

    def pop(self, key: tuple[str, str, str], *default: Any) -> Any:
        self.changes[key[:2]] += 1
        return super().pop(key, *default)

    def update(self, *args: Any, **kwargs: Any) -> None:
        super().update(*args, **kwargs)
        self.clears += 1

    def clear(self) -> None:
        super().clear()
        self.clears += 1

    def state_of(self, scope: _Scope) -> tuple[int, int]:
        """What differs once a rule of an account and region has."""
        return self.clears, self.changes.get(scope, 0)


class _Bus:
    """The rules of one bus, by what their patterns ask for."""

    def __init__(self, rules: Sequence[tuple[str, _Rule]]) -> None:
        self._rules = rules
        self._alternatives: list[Sequence[_Alternative]] = []
        self._by_value: dict[tuple[_Path, _Value], list[int]] = defaultdict(list)
        self._always: list[int] = []
        self._ranges = RuleRanges()
        self._paths: set[_Path] = set()
        for number, (_, rule) in enumerate(rules):
            alternatives = eventbridge._compiled_pattern(rule["EventPattern"]) or ()
            self._alternatives.append(alternatives)
            for alternative in alternatives:
                self._add(number, alternative)

    def __len__(self) -> int:
        return len(self._rules)

    def _add(self, number: int, alternative: _Alternative) -> None:
        asked = list(_values_asked(alternative))
        if not asked:
            if not self._ranges.add(number, alternative):
                self._always.append(number)
            return
        path, values = min(asked, key=lambda each: self._rules_behind(*each))
        if self._rules_behind(path, values) > _MOST_BEHIND_VALUES and self._ranges.add(
            number, alternative
        ):
            return
        self._paths.add(path)
        for value in values:
            self._by_value[path, value].append(number)

    def _rules_behind(self, path: _Path, values: Sequence[_Value]) -> int:
        return sum(len(self._by_value.get((path, value), ())) + 1 for value in values)

    def that_match(self, event: object) -> Iterator[tuple[str, _Rule]]:
        """The rules whose patterns match an event, in their order."""
        found = set(self._always)
        for path in self._paths:
            for value in _values_at(event, path):
                found.update(self._by_value.get((path, value), ()))
        for path in self._ranges.paths:
            for kind, number in _values_at(event, path):
                if kind == "number" and number != _TOO_LARGE:
                    found.update(self._ranges.met_by(path, float(number)))
        matches = eventbridge._matches_detail
        for place in sorted(found):
            if any(matches(event, alternative) for alternative in self._alternatives[place]):
                yield self._rules[place]


_indexes: dict[_Scope, tuple[tuple[int, int], dict[str, _Bus]]] = {}


def register() -> None:
    """Dispatch by the index, and keep what patterns compile to."""
    keep: Callable[..., Any] = functools.lru_cache(maxsize=_PATTERNS_KEPT)
    eventbridge._compiled_pattern = keep(eventbridge._compiled_pattern.__wrapped__)
    eventbridge._dispatch_event = _dispatch


def _dispatch(event: Mapping[str, Any], view: Any = None) -> None:
    passed = set(event.get("_DispatchPath") or ())
    view = view or eventbridge._pattern_event_view(event)
    bus = _buses().get(event.get("EventBusName", "default"))
    # A view whose names have dots is matched by another tree.
    tree = getattr(view, "matched", None) or view.event_with_detail()
    matching = []
    for key, rule in bus.that_match(tree) if bus else ():
        if key in passed:
            eventbridge.logger.warning("EventBridge: recursive rule dispatch skipped for %s", key)
        elif rule.get("State") == "ENABLED":
            matching.append((key, rule))
    journal_events.matched(event, [rule for _, rule in matching], asked=len(bus) if bus else 0)
    for key, rule in matching:
        for target in eventbridge._targets.get(key, []):
            eventbridge._invoke_target(target, event, rule, view)


def _buses() -> dict[str, _Bus]:
    """The buses of the current account and region that have rules with patterns."""
    store = eventbridge._rules._data
    if not isinstance(store, _Store):
        store = eventbridge._rules._data = _Store(store)
        _indexes.clear()
    scope = (get_account_id(), get_region())
    # Read before the rules are: a change in between makes a new index, for nothing at worst.
    state = store.state_of(scope)
    known = _indexes.get(scope)
    if known is None or known[0] != state:
        rules: dict[str, list[tuple[str, _Rule]]] = defaultdict(list)
        for key, rule in eventbridge._rules.items():
            if isinstance(rule.get("EventPattern"), str) and rule["EventPattern"]:
                rules[rule.get("EventBusName", "default")].append((key, rule))
        known = state, {name: _Bus(those) for name, those in rules.items()}
        _indexes[scope] = known
    return known[1]


def _values_asked(
    alternative: _Alternative, path: _Path = ()
) -> Iterator[tuple[_Path, Sequence[_Value]]]:
    """The fields that must equal one of some values."""
    for name, asked in alternative.items():
        if isinstance(asked, Mapping):
            yield from _values_asked(asked, (*path, name))
        elif isinstance(asked, list):
            values = [_value(each) for each in asked]
            if None not in values:
                yield (*path, name), cast(list[_Value], values)


def _values_at(field: object, path: _Path) -> Iterator[_Value]:
    """The values that a field holds, in arrays as well."""
    if isinstance(field, list):
        for each in field:
            yield from _values_at(each, path)
    elif path and isinstance(field, Mapping):
        if path[0] in field:
            yield from _values_at(field[path[0]], path[1:])
    elif not path and (value := _value(field)):
        yield value


def _value(value: object) -> _Value | None:
    """A value under which the same value is found, however it is written; None if it has parts."""
    if isinstance(value, bool) or value is None:
        return "word", str(value)
    if isinstance(value, int | float):
        try:
            return "number", str(float(value))
        except OverflowError:
            return "number", _TOO_LARGE
    return ("text", value) if isinstance(value, str) else None
