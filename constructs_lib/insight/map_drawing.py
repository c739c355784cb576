"""The map of events as it is drawn: a node for a resource, an edge for a way, groups that fold."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from constructs_lib.insight.drawn_edges import DrawnEdges
from constructs_lib.insight.graph import Graph, Group, Node, NodeKind
from constructs_lib.insight.model import Assembly, EventBus, Reference
from constructs_lib.insight.outside import outsider
from constructs_lib.insight.words import KIND_WORDS

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


class MapDrawing(DrawnEdges):
    """Takes what stands on the map, each thing once.

    Attributes:
        nodes: By the key of the resource that each stands for, or what stands for one.
    """

    def __init__(self, assembly: Assembly) -> None:
        super().__init__()
        self._assembly = assembly
        self.nodes: dict[str, Node] = {}
        self._groups: list[Group] = []
        self._buses = {bus.key: bus for bus in assembly.buses}

    def graph(self) -> Graph:
        """All that was drawn."""
        return Graph(
            key="event-map",
            title="Event map",
            kind="event-map",
            direction="LR",
            nodes=tuple(self.nodes.values()),
            edges=tuple(self.edges.values()),
            groups=tuple(self._groups),
        )

    def node(
        self, key: str, kind: NodeKind, title: str, subtitle: str, group: str | None = None
    ) -> str:
        """Draw a node, unless there is one of this key; returns its id."""
        known = self.nodes.get(key)
        if known is None:
            known = self.nodes[key] = Node(
                id=f"n{len(self.nodes)}",
                kind=kind,
                title=title,
                subtitle=subtitle,
                key=key if key in self._assembly.resources or key in self._buses else None,
                group=group,
            )
        return known.id

    def of_key(self, key: str) -> str:
        """The node of a resource, or of a bus that is only referred to."""
        if key in self.nodes:
            return self.nodes[key].id
        if key in self._buses:
            return self.bus(self._buses[key])
        resource = self._assembly.resources.get(key)
        if resource is None:
            return self.node(key, "other", key, "outside of this assembly")
        kind = _KINDS.get(resource.type, "other")
        return self.node(key, kind, resource.name, _word(kind, resource.type))

    def of(self, reference: Reference) -> str:
        """The node of what is referred to, in the assembly or not."""
        if reference.key is not None:
            return self.of_key(reference.key)
        found = outsider(reference.text)
        known = _word(found.kind, found.service)
        words = f"{known}, outside of this assembly" if known else "outside of this assembly"
        return self.node(f"outside {reference.text}", found.kind, found.title, words)

    def bus(self, bus: EventBus) -> str:
        """The node of a bus: the head of a group."""
        if bus.key in self.nodes:
            return self.nodes[bus.key].id
        known = "event bus" if bus.resource is not None else "event bus, not made here"
        if bus.partner_source:
            known = "partner event bus"
        name = bus.resource.name if bus.resource is not None else bus.name
        id_ = self.node(bus.key, "bus", name, known)
        self._groups.append(Group(id=f"g{len(self._groups)}", head=id_, title=name, boxed=False))
        if bus.partner_source:
            source = self.node(
                f"partner {bus.partner_source}",
                "partner",
                bus.partner_source,
                KIND_WORDS["partner"],
            )
            self.edge(source, id_, "publishes")
        return id_

    def group_of(self, bus_node: str | None) -> str | None:
        """The group that a bus is the head of."""
        return next((group.id for group in self._groups if group.head == bus_node), None)

    def fold_consumers(self) -> None:
        """Give a bus's group who gets events of that bus alone: they fold away with the rules."""
        sources: defaultdict[str, set[str]] = defaultdict(set)
        for edge in self.edges.values():
            sources[edge.target].add(edge.source)
        groups = {node.id: node.group for node in self.nodes.values()}
        groups |= {group.head: group.id for group in self._groups}
        keys = {node.id: key for key, node in self.nodes.items() if groups[node.id] is None}
        found = True
        while found:
            found = False
            for id_, key in list(keys.items()):
                feeding = {groups[source] for source in sources[id_]}
                if len(feeding) == 1 and None not in feeding:
                    (groups[id_],) = feeding
                    self.nodes[key] = replace(self.nodes[key], group=groups[id_])
                    del keys[id_]
                    found = True


def _word(kind: NodeKind, otherwise: str) -> str:
    """What a resource of a kind is called."""
    return otherwise if kind == "other" else KIND_WORDS.get(kind, kind)
