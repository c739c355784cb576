"""Pictures in Graphviz's language.

The report carries Graphviz along, and lays out anew what its reader folds and focuses on; so what
is said to Graphviz of a node, an edge or a picture is made here alone, as text.
"""

from __future__ import annotations

import math

from constructs_lib.insight.drawn_text import label_lines, label_size, node_size
from constructs_lib.insight.graph import Edge, Graph, Node

POINTS_PER_INCH = 72.0
#: Courier of 12 points, in which Graphviz measures labels.
_STAND_IN_WIDTH = 7.2
#: Beyond so many nodes Graphviz's search for a better order of nodes is cut short.
_LARGE = 250
#: Beyond so many edges a node they are drawn straight: to bend 900 of them around each other's
#: labels takes a minute.
_DENSE = 6


def node_attributes(node: Node) -> str:
    """What Graphviz is told of a node."""
    width, height = node_size(node)
    return f"width={_inches(width)},height={_inches(height)}"


def edge_attributes(edge: Edge) -> str:
    """What Graphviz is told of an edge: errors must not bend the happy path."""
    lines = label_lines(edge)
    weight = 1 if edge.is_error else 6
    if not lines:
        return f"id={edge.id},weight={weight}"
    # Of a label Graphviz needs to know the size alone, as text in a font whose widths it knows: of
    # labels in HTML this build reserves no width. The text itself is drawn by svg.py.
    line = "x" * math.ceil((label_size(lines)[0] + 10) / _STAND_IN_WIDTH)
    text = r"\n".join([line] * len(lines))
    return f'id={edge.id},weight={weight},label="{text}"'


def graph_attributes(graph: Graph) -> str:
    """What Graphviz is told of a picture."""
    nodes, edges = len(graph.nodes), len(graph.edges)
    limits = "nslimit=2,nslimit1=2,mclimit=0.3," if nodes > _LARGE or edges > 2 * _LARGE else ""
    if edges > _DENSE * nodes:
        limits += "splines=line,"
    apart = "nodesep=0.4,ranksep=0.5" if graph.direction == "TB" else "nodesep=0.18,ranksep=1"
    return (
        f"graph[rankdir={graph.direction},{limits}{apart},pad=0];"
        'node[shape=box,fixedsize=true,label=""];edge[arrowsize=0.8,fontname=Courier,fontsize=12];'
    )


def dot(graph: Graph) -> str:
    """The picture in Graphviz's language; frames are clusters."""
    nodes_by_group: dict[str | None, list[str]] = {None: []}
    boxed = {group.id for group in graph.groups if group.boxed}
    for node in graph.nodes:
        group = node.group if node.group in boxed else None
        nodes_by_group.setdefault(group, []).append(f"{node.id}[{node_attributes(node)}];")

    def level(parent: str | None) -> str:
        inside = "".join(
            f"subgraph cluster_{group.id}{{margin=16;{level(group.id)}}}"
            for group in graph.groups
            if group.boxed and group.parent == parent
        )
        return "".join(nodes_by_group.get(parent, ())) + inside

    edges = "".join(
        f"{edge.source}->{edge.target}[{edge_attributes(edge)}];" for edge in graph.edges
    )
    return f"digraph{{{graph_attributes(graph)}{level(None)}{edges}}}"


def _inches(pixels: float) -> str:
    return f"{pixels / POINTS_PER_INCH:.3f}"
