"""Which rules can match an event, without asking each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from constructs_lib.insight.findings.matching import Answer, matches
from constructs_lib.insight.model import Assembly, Publication, Rule
from constructs_lib.templates.json_value import JsonValue

#: What tells most rules of a bus apart, the field that differs most first.
_FIELDS = ("detail-type", "source")


class RuleIndex:
    """Rules with a pattern, by their bus and by what their patterns name."""

    def __init__(self, assembly: Assembly) -> None:
        self._named: dict[tuple[str, str, str], list[Rule]] = {}
        self._by_field: dict[tuple[str, str], list[Rule]] = {}
        self._other: dict[str, list[Rule]] = {}
        for rule in assembly.rules:
            if rule.pattern is not None:
                self._place(rule, rule.pattern)

    def _place(self, rule: Rule, pattern: Mapping[str, JsonValue]) -> None:
        for field in _FIELDS:
            if names := _literals(pattern.get(field)):
                self._by_field.setdefault((rule.bus, field), []).append(rule)
                for name in dict.fromkeys(names):
                    self._named.setdefault((rule.bus, field, name), []).append(rule)
                return
        self._other.setdefault(rule.bus, []).append(rule)

    def answers(self, publication: Publication) -> Iterator[tuple[Rule, Answer]]:
        """Rules of the publication's bus that match it, or may; those left out do not."""
        bus = publication.bus
        if bus is None:
            return
        event = {"source": publication.source, "detail-type": publication.detail_type}
        candidates = list(self._other.get(bus, ()))
        for field in _FIELDS:
            value = event[field]
            if value is None or "${" in value:
                candidates += self._by_field.get((bus, field), ())
            else:
                candidates += self._named.get((bus, field, value), ())
        for rule in candidates:
            answer = matches(rule.pattern or {}, event)
            if answer is not False:
                yield rule, answer


def _literals(wanted: JsonValue) -> Sequence[str]:
    """What a field must be one of; empty where something else may do."""
    if not isinstance(wanted, list):
        return ()
    names = [one for one in wanted if isinstance(one, str) and "${" not in one]
    return names if len(names) == len(wanted) else ()
