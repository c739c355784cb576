"""What is drawn: nodes, edges and the groups that they can be folded into, free of any format."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

from constructs_lib.insight.errors import InsightError
from constructs_lib.names import UnknownNameError, pick

GraphKind = Literal["workflow", "event-map"]
NodeKind = Literal[
    # of a workflow
    "start",
    "end",
    "join",
    "task",
    "choice",
    "pass",
    "wait",
    "parallel",
    "map",
    "succeed",
    "fail",
    # of an event map
    "workflow",
    "function",
    "pipe",
    "bus",
    "rule",
    "queue",
    "topic",
    "archive",
    "destination",
    "schedule",
    "partner",
    "logs",
    "table",
    # of both: something of a type that has no picture of its own; something that is not there
    "other",
    "missing",
]
EdgeKind = Literal[
    # of a workflow: the happy path, then errors, then the inside of a Parallel or Map
    "next",
    "choice",
    "default",
    "catch",
    "branch",
    "join",
    # of an event map: an event's way, then where it goes when it fails
    "publishes",
    "filters",
    "delivers",
    "polls",
    "sends",
    "keeps",
    "fails",
]
#: Edges of errors: dashed, in the colour of errors, and labelled.
ERROR_EDGES: frozenset[EdgeKind] = frozenset({"catch", "fails"})


@dataclass(frozen=True, kw_only=True)
class Node:
    """Something drawn as a box or a mark.

    Attributes:
        id: Unlike any other in the graph; letters and digits only.
        title: As its author named it.
        subtitle: What it is, or what it calls.
        key: The resource of the assembly that it stands for.
        state: A state's full name.
        group: The innermost group that it belongs to.
        in_error_path: Reached by way of an error only.
    """

    id: str
    kind: NodeKind
    title: str
    subtitle: str = ""
    key: str | None = None
    state: str | None = None
    group: str | None = None
    in_error_path: bool = False


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A way from one node to another."""

    id: str
    source: str
    target: str
    kind: EdgeKind
    label: str = ""

    @property
    def is_error(self) -> bool:
        """Whether only what fails goes this way."""
        return self.kind in ERROR_EDGES


@dataclass(frozen=True, kw_only=True)
class Group:
    """Nodes that fold into one of them, their head.

    Attributes:
        boxed: A frame is drawn around it.
    """

    id: str
    head: str
    title: str
    parent: str | None = None
    boxed: bool = True


@dataclass(frozen=True, kw_only=True)
class Graph:
    """One picture.

    Attributes:
        key: The workflow's resource; ``event-map`` for the map of all events.
        direction: The side that edges point to: top to bottom, or left to right.
    """

    key: str
    title: str
    kind: GraphKind
    direction: Literal["TB", "LR"]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    groups: tuple[Group, ...] = ()


def neighbourhood(graph: Graph, name: str, *, depth: int) -> Graph:
    """What is at most ``depth`` edges away from a node, whichever way the edges point.

    Args:
        name: The node's title, resource key or full name; case counts only if it tells two apart.
    Raises:
        InsightError: No node, or more than one, bears that name.
    """
    ways: defaultdict[str, set[str]] = defaultdict(set)
    for edge in graph.edges:
        ways[edge.source].add(edge.target)
        ways[edge.target].add(edge.source)
    start = named_node(graph, name).id
    distances = {start: 0}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        if distances[here] == depth:
            continue
        for there in ways[here] - distances.keys():
            distances[there] = distances[here] + 1
            waiting.append(there)
    return part_of(graph, distances.keys())


def part_of(graph: Graph, kept: Collection[str]) -> Graph:
    """The graph of some nodes: with the edges between them and the groups whose head is kept."""
    groups = {group.id: group for group in graph.groups}

    def innermost_kept(id_: str | None) -> str | None:
        while id_ is not None and groups[id_].head not in kept:
            id_ = groups[id_].parent
        return id_

    return replace(
        graph,
        nodes=tuple(
            replace(node, group=innermost_kept(node.group))
            for node in graph.nodes
            if node.id in kept
        ),
        edges=tuple(e for e in graph.edges if e.source in kept and e.target in kept),
        groups=tuple(
            replace(group, parent=innermost_kept(group.parent))
            for group in graph.groups
            if group.head in kept
        ),
    )


def named_node(graph: Graph, name: str) -> Node:
    """The one node with this title, resource key or full name.

    Raises:
        InsightError: There is none, or more than one.
    """
    drawn = (node for node in graph.nodes if node.title)
    try:
        return pick(name, drawn, names=_names, what=f"node of {graph.title!r}")
    except UnknownNameError as error:
        raise InsightError(str(error)) from None


def _names(node: Node) -> tuple[str, ...]:
    # All states of a workflow share its key: it names none of them.
    return tuple(text for text in (node.title, node.state or node.key) if text)
