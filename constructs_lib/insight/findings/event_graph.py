"""Which rule's events cause which other rule's, as far as it is certain."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.insight.findings.rule_index import RuleIndex
from constructs_lib.insight.findings.states import tasks_of
from constructs_lib.insight.findings.ways import Ways, rounds
from constructs_lib.insight.model import Assembly


class EventGraph:
    """Ways from rule to rule, through what a rule starts and what that publishes."""

    def __init__(self, assembly: Assembly) -> None:
        self.rules = tuple(rule.resource.key for rule in assembly.rules)
        # What is forwarded to a bus keeps its source, so that patterns alone do not tell: a bus is
        # no way through.
        self._closed = {bus.key for bus in assembly.buses}
        self._next: dict[str, dict[str, None]] = {}
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
        index = RuleIndex(assembly)
        for publication in assembly.publications:
            for rule, answer in index.answers(publication):
                if answer and rule.enabled and rule.pattern:
                    self._add(publication.publisher, rule.resource.key)

    def _add(self, origin: str | None, target: str | None) -> None:
        if origin and target and origin not in self._closed:
            self._next.setdefault(origin, {})[target] = None
            self._next.setdefault(target, {})

    def ways(self) -> Ways:
        """From each thing to what comes right after it, by name."""
        return {key: sorted(following) for key, following in self._next.items()}


def loops(graph: EventGraph) -> Iterator[list[str]]:
    """The shortest way round from each rule that lies on one; each rule in one way only."""
    ways = graph.ways()
    order = {rule: place for place, rule in enumerate(graph.rules)}
    for together in rounds(ways):
        within = {key: [one for one in ways[key] if one in together] for key in together}
        seen: set[str] = set()
        for rule in sorted(together & order.keys(), key=order.__getitem__):
            if rule not in seen:
                way = _way_round(within, rule)
                seen.update(way)
                yield way


def _way_round(ways: Ways, start: str) -> list[str]:
    """The shortest way from ``start`` back to it, in ways that have one."""
    came_from: dict[str, str] = {}
    level = [start]
    while start not in came_from:
        following: list[str] = []
        for name in level:
            for one in ways[name]:
                if one not in came_from:
                    came_from[one] = name
                    following.append(one)
        level = following
    way = [start]
    while (before := came_from[way[-1]]) != start:
        way.append(before)
    return [start, *reversed(way[1:])]
