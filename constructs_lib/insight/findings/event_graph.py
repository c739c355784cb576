"""Which rule's events cause which other rule's, as far as it is certain."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.insight.findings.matching import matches
from constructs_lib.insight.findings.states import tasks_of
from constructs_lib.insight.model import Assembly


class EventGraph:
    """Ways from rule to rule, through what a rule starts and what that publishes."""

    def __init__(self, assembly: Assembly) -> None:
        self.rules = tuple(rule.resource.key for rule in assembly.rules)
        self._next: dict[str, set[str]] = {}
        for rule in assembly.rules:
            for target in rule.targets if rule.enabled else ():
                self._add(rule.resource.key, target.destination.key)
        for workflow, _, task in tasks_of(assembly):
            if task.kind in ("lambda", "nested"):
                self._add(workflow.resource.key, task.target.key if task.target else None)
        for function in assembly.functions:
            for source in function.sources:
                self._add(source.source.key, function.resource.key)
        for pipe in assembly.pipes:
            self._add(pipe.source.key, pipe.resource.key)
            self._add(pipe.resource.key, pipe.target.key)
        for topic in assembly.topics:
            for subscription in topic.subscriptions:
                self._add(topic.resource.key, subscription.endpoint.key)
        buses = {bus.key for bus in assembly.buses}
        # What is forwarded to a bus keeps its source, so that patterns alone do not tell: a bus is
        # no way through.
        self._closed = buses
        for publication in assembly.publications:
            event = {"source": publication.source, "detail-type": publication.detail_type}
            for rule in assembly.rules:
                if (
                    rule.enabled
                    and rule.pattern
                    and rule.bus == publication.bus
                    and matches(rule.pattern, event)
                ):
                    self._add(publication.publisher, rule.resource.key)

    def _add(self, origin: str | None, target: str | None) -> None:
        if origin and target:
            self._next.setdefault(origin, set()).add(target)

    def after(self, key: str) -> set[str]:
        """What comes right after a thing."""
        return set() if key in self._closed else self._next.get(key, set())


def loops(graph: EventGraph) -> Iterator[list[str]]:
    """The shortest way round from each rule that lies on one; each rule in one way only."""
    seen: set[str] = set()
    for rule in graph.rules:
        if rule in seen:
            continue
        if way := _way_round(graph, rule):
            seen.update(way)
            yield way


def _way_round(graph: EventGraph, start: str) -> list[str] | None:
    ways = [[start]]
    visited: set[str] = set()
    while ways:
        way = ways.pop(0)
        for following in sorted(graph.after(way[-1])):
            if following == start:
                return way
            if following not in visited:
                visited.add(following)
                ways.append([*way, following])
    return None
