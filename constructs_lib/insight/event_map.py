"""All events of an assembly as one graph: who publishes, which rule filters, who receives, and
where an event goes when that fails."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import cast

from constructs_lib.insight.graph import Edge, EdgeKind, Graph, Group, Node, NodeKind
from constructs_lib.insight.model import (
    Assembly,
    EventBus,
    Publication,
    Reference,
    Rule,
    State,
)
from constructs_lib.insight.pattern_words import matched

_KINDS: dict[str, NodeKind] = {
    "AWS::StepFunctions::StateMachine": "workflow",
    "AWS::Serverless::StateMachine": "workflow",
    "ASL": "workflow",
    "AWS::Lambda::Function": "function",
    "AWS::Serverless::Function": "function",
    "AWS::Pipes::Pipe": "pipe",
    "AWS::Events::EventBus": "bus",
    "AWS::Events::Rule": "rule",
    "AWS::Events::Archive": "archive",
    "AWS::Events::ApiDestination": "destination",
    "AWS::SQS::Queue": "queue",
    "AWS::Serverless::SimpleQueue": "queue",
    "AWS::SNS::Topic": "topic",
    "AWS::Logs::LogGroup": "logs",
    "AWS::DynamoDB::Table": "table",
    "AWS::DynamoDB::GlobalTable": "table",
    "AWS::Scheduler::Schedule": "schedule",
}
_WORDS: dict[NodeKind, str] = {
    "workflow": "workflow",
    "function": "function",
    "pipe": "pipe",
    "archive": "archive",
    "destination": "API destination",
    "queue": "queue",
    "topic": "topic",
    "logs": "log group",
    "table": "table",
    "schedule": "schedule",
    "partner": "partner event source",
    "bus": "event bus",
    "rule": "rule",
}
#: Services whose tasks send a message or event on.
_SENDERS = ("sqs", "sns", "states", "sfn")


def event_map(assembly: Assembly) -> Graph:
    """The map of all events of an assembly; a bus is the head of its rules' group."""
    return _Map(assembly).graph()


class _Map:
    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._nodes: dict[str, Node] = {}
        self._edges: dict[tuple[str, str, EdgeKind], Edge] = {}
        self._groups: list[Group] = []
        self._buses = {bus.key: bus for bus in assembly.buses}

    def graph(self) -> Graph:
        assembly = self._assembly
        for bus in assembly.buses:
            self._bus(bus)
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
        self._fold_consumers()
        return Graph(
            key="event-map",
            title="Event map",
            kind="event-map",
            direction="LR",
            nodes=tuple(self._nodes.values()),
            edges=tuple(self._edges.values()),
            groups=tuple(self._groups),
        )

    def _node(
        self, key: str, kind: NodeKind, title: str, subtitle: str, group: str | None = None
    ) -> str:
        known = self._nodes.get(key)
        if known is None:
            known = self._nodes[key] = Node(
                id=f"n{len(self._nodes)}",
                kind=kind,
                title=title,
                subtitle=subtitle,
                key=key if key in self._assembly.resources or key in self._buses else None,
                group=group,
            )
        return known.id

    def _edge(self, source: str, target: str, kind: EdgeKind, label: str = "") -> None:
        known = self._edges.get((source, target, kind))
        if known is None:
            id_ = f"e{len(self._edges)}"
            self._edges[source, target, kind] = Edge(
                id=id_, source=source, target=target, kind=kind, label=label
            )
        elif label and label not in known.label.split("\n"):
            joined = f"{known.label}\n{label}" if known.label else label
            self._edges[source, target, kind] = replace(known, label=joined)

    def _of_key(self, key: str) -> str:
        """The node of a resource, or of a bus that is only referred to."""
        if key in self._nodes:
            return self._nodes[key].id
        if key in self._buses:
            return self._bus(self._buses[key])
        resource = self._assembly.resources.get(key)
        if resource is None:
            return self._node(key, "other", key, "outside of this assembly")
        kind = _KINDS.get(resource.type, "other")
        return self._node(key, kind, resource.name, _WORDS.get(kind, resource.type))

    def _of(self, reference: Reference) -> str:
        if reference.key is not None:
            return self._of_key(reference.key)
        kind = _kind_of_arn(reference.text)
        words = f"{_WORDS[kind]}, " if kind in _WORDS else ""
        title = reference.text.rsplit(":", 1)[-1] if kind != "other" else reference.text
        return self._node(
            f"outside {reference.text}", kind, title or "?", f"{words}outside of this assembly"
        )

    def _bus(self, bus: EventBus) -> str:
        if bus.key in self._nodes:
            return self._nodes[bus.key].id
        known = "event bus" if bus.resource is not None else "event bus, not made here"
        if bus.partner_source:
            known = "partner event bus"
        name = bus.resource.name if bus.resource is not None else bus.name
        id_ = self._node(bus.key, "bus", name, known)
        self._groups.append(Group(id=f"g{len(self._groups)}", head=id_, title=name, boxed=False))
        if bus.partner_source:
            source = self._node(
                f"partner {bus.partner_source}", "partner", bus.partner_source, _WORDS["partner"]
            )
            self._edge(source, id_, "publishes")
        return id_

    def _group_of(self, bus_node: str) -> str | None:
        return next((group.id for group in self._groups if group.head == bus_node), None)

    def _publication(self, publication: Publication) -> None:
        publisher = self._of_key(publication.publisher)
        if publication.bus is None:
            bus = self._node(f"unknown bus {publication.publisher}", "missing", "?", "unknown bus")
        else:
            bus = self._of_key(publication.bus)
        label = publication.detail_type or publication.source or "any event"
        self._edge(publisher, bus, "publishes", label)

    def _rule(self, rule: Rule) -> None:
        bus = self._of_key(rule.bus)
        what = rule.schedule or matched(rule.pattern)
        if not rule.enabled:
            what = f"disabled · {what}"
        id_ = self._node(rule.resource.key, "rule", rule.resource.name, what, self._group_of(bus))
        if rule.pattern is not None or rule.schedule is None:
            self._edge(bus, id_, "filters")
        for target in rule.targets:
            destination = self._of(target.destination)
            self._edge(id_, destination, "delivers")
            if target.dead_letter is not None:
                self._edge(id_, self._of(target.dead_letter), "fails", "undelivered")

    def _archives(self) -> None:
        for archive in self._assembly.archives:
            days = f"{archive.retention_days} days" if archive.retention_days else "for ever"
            bus = self._of_key(archive.bus)
            id_ = self._node(
                archive.resource.key,
                "archive",
                archive.resource.name,
                f"archive, kept {days}",
                self._group_of(bus),
            )
            self._edge(bus, id_, "keeps", "all events" if not archive.pattern else "some events")

    def _pipes(self) -> None:
        for pipe in self._assembly.pipes:
            filters = len(pipe.filters)
            words = f"pipe, {filters} filter{'s' * (filters != 1)}" if filters else "pipe"
            if not pipe.running:
                words = f"stopped · {words}"
            id_ = self._node(pipe.resource.key, "pipe", pipe.resource.name, words)
            self._edge(self._of(pipe.source), id_, "polls")
            if pipe.enrichment is not None:
                self._edge(id_, self._of(pipe.enrichment), "sends", "enriched by")
            target = self._of(pipe.target)
            if (id_, target, "publishes") not in self._edges:
                self._edge(id_, target, "delivers")
            if pipe.dead_letter is not None:
                self._edge(id_, self._of(pipe.dead_letter), "fails", "undelivered")

    def _schedules(self) -> None:
        publishers = {publication.publisher for publication in self._assembly.publications}
        for schedule in self._assembly.schedules:
            when = f"schedule, {schedule.expression}"
            id_ = self._node(
                schedule.resource.key,
                "schedule",
                schedule.resource.name,
                when if schedule.enabled else f"disabled · {when}",
            )
            if schedule.resource.key not in publishers:
                self._edge(id_, self._of(schedule.target.destination), "delivers")
            if schedule.target.dead_letter is not None:
                self._edge(id_, self._of(schedule.target.dead_letter), "fails", "undelivered")

    def _consumers(self) -> None:
        for function in self._assembly.functions:
            for source in function.sources:
                id_ = self._of_key(function.resource.key)
                self._edge(self._of(source.source), id_, "polls")
                if source.failure_destination is not None:
                    self._edge(id_, self._of(source.failure_destination), "fails", "failed batch")
        for topic in self._assembly.topics:
            if topic.resource.key not in self._nodes and not topic.subscriptions:
                continue
            for subscription in topic.subscriptions:
                id_ = self._of_key(topic.resource.key)
                self._edge(id_, self._of(subscription.endpoint), "delivers", subscription.protocol)
                if subscription.dead_letter is not None:
                    self._edge(id_, self._of(subscription.dead_letter), "fails", "undelivered")

    def _direct_calls(self) -> None:
        """What APIs and buckets pass on, and where the results of functions go."""
        for call in self._assembly.direct_calls:
            self._edge(self._of_key(call.source), self._of(call.target), "sends", call.what)
        for function in self._assembly.functions:
            if function.success_destination is not None:
                id_ = self._of_key(function.resource.key)
                target = self._of(function.success_destination)
                if (id_, target, "publishes") not in self._edges:
                    self._edge(id_, target, "delivers", "succeeded")

    def _sending_tasks(self) -> None:
        """Workflows whose tasks send to a queue or topic, or start another workflow."""
        for workflow in self._assembly.workflows:
            for state in workflow.machine.all_states():
                target = _sends_to(state)
                if target is not None and target.key is not None:
                    self._edge(
                        self._of_key(workflow.resource.key), self._of(target), "sends", state.name
                    )

    def _dead_letters(self) -> None:
        """What the nodes that are drawn do with what fails."""
        for function in self._assembly.functions:
            if function.failure_destination is not None and function.resource.key in self._nodes:
                self._edge(
                    self._nodes[function.resource.key].id,
                    self._of(function.failure_destination),
                    "fails",
                    "failed",
                )
        for queue in self._assembly.queues:
            if queue.dead_letter is not None and queue.resource.key in self._nodes:
                times = f"after {queue.max_receive_count} tries" if queue.max_receive_count else ""
                self._edge(
                    self._nodes[queue.resource.key].id,
                    self._of(queue.dead_letter),
                    "fails",
                    times,
                )
        for bus in self._assembly.buses:
            if bus.dead_letter is not None:
                id_ = self._nodes[bus.key].id
                self._edge(id_, self._of(bus.dead_letter), "fails", "undelivered")
        letters = Counter(edge.target for edge in self._edges.values() if edge.is_error)
        for key, node in self._nodes.items():
            if letters[node.id] and node.kind == "queue":
                self._nodes[key] = replace(node, subtitle="dead-letter queue", in_error_path=True)

    def _fold_consumers(self) -> None:
        """Give a bus's group who gets events of that bus alone: they fold away with the rules."""
        sources: defaultdict[str, set[str]] = defaultdict(set)
        for edge in self._edges.values():
            sources[edge.target].add(edge.source)
        groups = {node.id: node.group for node in self._nodes.values()}
        groups |= {group.head: group.id for group in self._groups}
        keys = {node.id: key for key, node in self._nodes.items() if groups[node.id] is None}
        found = True
        while found:
            found = False
            for id_, key in list(keys.items()):
                feeding = {groups[source] for source in sources[id_]}
                if len(feeding) == 1 and None not in feeding:
                    (groups[id_],) = feeding
                    self._nodes[key] = replace(self._nodes[key], group=groups[id_])
                    del keys[id_]
                    found = True


def _sends_to(state: State) -> Reference | None:
    task = state.task
    if task is None or task.target is None:
        return None
    return task.target if task.kind == "nested" or task.service in _SENDERS else None


def _kind_of_arn(text: str) -> NodeKind:
    parts = text.split(":")
    if len(parts) < 6 or parts[0] != "arn":
        return "other"
    kinds = {"sqs": "queue", "sns": "topic", "lambda": "function", "logs": "logs"}
    kinds |= {"states": "workflow", "dynamodb": "table"}
    if parts[2] == "events":
        kinds["events"] = "bus" if parts[5].startswith("event-bus") else "destination"
    return cast(NodeKind, kinds.get(parts[2], "other"))
