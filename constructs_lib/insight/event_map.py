"""All events of an assembly as one graph: who publishes, which rule filters, who receives, and
where an event goes when that fails."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from constructs_lib.counted import counted
from constructs_lib.insight.events import DEFAULT_BUS
from constructs_lib.insight.graph import Graph
from constructs_lib.insight.map_drawing import MapDrawing
from constructs_lib.insight.model import Assembly, Publication, Reference, Rule, State
from constructs_lib.insight.pattern_words import matched

#: Services whose tasks send a message or event on.
_SENDERS = ("sqs", "sns", "states", "sfn")


def event_map(assembly: Assembly) -> Graph:
    """The map of all events of an assembly; a bus is the head of its rules' group."""
    return _EventMap(assembly).graph()


class _EventMap:
    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._map = MapDrawing(assembly)

    def graph(self) -> Graph:
        assembly = self._assembly
        for bus in assembly.buses:
            if bus.resource is not None or bus.key != DEFAULT_BUS:
                self._map.bus(bus)
        self._schedules()
        for publication in assembly.publications:
            self._publication(publication)
        for rule in assembly.rules:
            self._rule(rule)
        self._archives()
        self._pipes()
        self._consumers()
        self._direct_calls()
        self._sending_tasks()
        self._dead_letters()
        self._map.fold_consumers()
        return self._map.graph()

    def _publication(self, publication: Publication) -> None:
        publisher = self._map.of_key(publication.publisher)
        if publication.bus is None:
            bus = self._map.node(
                f"unknown bus {publication.publisher}", "missing", "?", "unknown bus"
            )
        else:
            bus = self._map.of_key(publication.bus)
        label = publication.detail_type or publication.source or "any event"
        self._map.edge(publisher, bus, "publishes", label)

    def _rule(self, rule: Rule) -> None:
        is_fed = rule.pattern is not None or rule.schedule is None
        # A schedule takes nothing from the default bus, and is no reason to draw it.
        bus = self._map.of_key(rule.bus) if is_fed or rule.bus in self._map.nodes else None
        what = rule.schedule or matched(rule.pattern)
        if not rule.enabled:
            what = f"disabled · {what}"
        id_ = self._map.node(
            rule.resource.key, "rule", rule.resource.name, what, self._map.group_of(bus)
        )
        if bus is not None and is_fed:
            self._map.edge(bus, id_, "filters")
        for target in rule.targets:
            destination = self._map.of(target.destination)
            self._map.edge(id_, destination, "delivers")
            if target.dead_letter is not None:
                self._map.edge(id_, self._map.of(target.dead_letter), "fails", "undelivered")

    def _archives(self) -> None:
        for archive in self._assembly.archives:
            days = f"{archive.retention_days} days" if archive.retention_days else "for ever"
            bus = self._map.of_key(archive.bus)
            id_ = self._map.node(
                archive.resource.key,
                "archive",
                archive.resource.name,
                f"archive, kept {days}",
                self._map.group_of(bus),
            )
            self._map.edge(
                bus, id_, "keeps", "all events" if not archive.pattern else "some events"
            )

    def _pipes(self) -> None:
        for pipe in self._assembly.pipes:
            words = f"pipe, {counted(len(pipe.filters), 'filter')}" if pipe.filters else "pipe"
            if not pipe.running:
                words = f"stopped · {words}"
            id_ = self._map.node(pipe.resource.key, "pipe", pipe.resource.name, words)
            self._map.edge(self._map.of(pipe.source), id_, "polls")
            if pipe.enrichment is not None:
                self._map.edge(id_, self._map.of(pipe.enrichment), "sends", "enriched by")
            target = self._map.of(pipe.target)
            if (id_, target, "publishes") not in self._map.edges:
                self._map.edge(id_, target, "delivers")
            if pipe.dead_letter is not None:
                self._map.edge(id_, self._map.of(pipe.dead_letter), "fails", "undelivered")

    def _schedules(self) -> None:
        publishers = {publication.publisher for publication in self._assembly.publications}
        for schedule in self._assembly.schedules:
            when = f"schedule, {schedule.expression}"
            id_ = self._map.node(
                schedule.resource.key,
                "schedule",
                schedule.resource.name,
                when if schedule.enabled else f"disabled · {when}",
            )
            if schedule.resource.key not in publishers:
                self._map.edge(id_, self._map.of(schedule.target.destination), "delivers")
            if schedule.target.dead_letter is not None:
                self._map.edge(
                    id_, self._map.of(schedule.target.dead_letter), "fails", "undelivered"
                )

    def _consumers(self) -> None:
        for function in self._assembly.functions:
            for source in function.sources:
                id_ = self._map.of_key(function.resource.key)
                self._map.edge(self._map.of(source.source), id_, "polls")
                if source.failure_destination is not None:
                    self._map.edge(
                        id_, self._map.of(source.failure_destination), "fails", "failed batch"
                    )
        for topic in self._assembly.topics:
            if topic.resource.key not in self._map.nodes and not topic.subscriptions:
                continue
            for subscription in topic.subscriptions:
                id_ = self._map.of_key(topic.resource.key)
                self._map.edge(
                    id_, self._map.of(subscription.endpoint), "delivers", subscription.protocol
                )
                if subscription.dead_letter is not None:
                    self._map.edge(
                        id_, self._map.of(subscription.dead_letter), "fails", "undelivered"
                    )

    def _direct_calls(self) -> None:
        """What APIs and buckets pass on, and where the results of functions go."""
        for call in self._assembly.direct_calls:
            self._map.edge(
                self._map.of_key(call.source), self._map.of(call.target), "sends", call.what
            )
        for function in self._assembly.functions:
            if function.success_destination is not None:
                id_ = self._map.of_key(function.resource.key)
                target = self._map.of(function.success_destination)
                if (id_, target, "publishes") not in self._map.edges:
                    self._map.edge(id_, target, "delivers", "succeeded")

    def _sending_tasks(self) -> None:
        """Workflows whose tasks send to a queue or topic, or start another workflow."""
        for workflow in self._assembly.workflows:
            for state in workflow.machine.all_states():
                target = _sends_to(state)
                if target is not None and target.key is not None:
                    self._map.edge(
                        self._map.of_key(workflow.resource.key),
                        self._map.of(target),
                        "sends",
                        state.name,
                    )

    def _dead_letters(self) -> None:
        """What the nodes that are drawn do with what fails."""
        for function in self._assembly.functions:
            if (
                function.failure_destination is not None
                and function.resource.key in self._map.nodes
            ):
                self._map.edge(
                    self._map.nodes[function.resource.key].id,
                    self._map.of(function.failure_destination),
                    "fails",
                    "failed",
                )
        for queue in self._assembly.queues:
            if queue.dead_letter is not None and queue.resource.key in self._map.nodes:
                times = f"after {queue.max_receive_count} tries" if queue.max_receive_count else ""
                self._map.edge(
                    self._map.nodes[queue.resource.key].id,
                    self._map.of(queue.dead_letter),
                    "fails",
                    times,
                )
        for bus in self._assembly.buses:
            if bus.dead_letter is not None:
                id_ = self._map.nodes[bus.key].id
                self._map.edge(id_, self._map.of(bus.dead_letter), "fails", "undelivered")
        letters = Counter(edge.target for edge in self._map.edges.values() if edge.is_error)
        for key, node in self._map.nodes.items():
            if letters[node.id] and node.kind == "queue":
                self._map.nodes[key] = replace(
                    node, subtitle="dead-letter queue", in_error_path=True
                )


def _sends_to(state: State) -> Reference | None:
    task = state.task
    if task is None or task.target is None:
        return None
    return task.target if task.kind == "nested" or task.service in _SENDERS else None
