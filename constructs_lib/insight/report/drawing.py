"""A picture of the report: laid out, or given up by Graphviz with the reason and what helps."""

from __future__ import annotations

import shlex
from collections import Counter
from dataclasses import dataclass

from constructs_lib.insight.graph import Graph, Node
from constructs_lib.insight.layout import Layout, UndrawnPictureError, heaped, lay_out
from constructs_lib.insight.words import name_of


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A graph and where its nodes and edges stand.

    Attributes:
        missing: Why the whole of it is not there; empty if it is. Its parts are laid out in the
            browser then.
        message: The same for a console, with the remedies of ``duet draw``.
    """

    graph: Graph
    layout: Layout
    missing: str = ""
    message: str = ""

    @property
    def beginning(self) -> Node | None:
        """What to look at first: a workflow's start; of the map, the bus with the most ways."""
        graph = self.graph
        if graph.kind == "workflow":
            return graph.nodes[0] if graph.nodes else None
        ends = Counter(end for edge in graph.edges for end in (edge.source, edge.target))
        buses = [node for node in graph.nodes if node.kind == "bus"] or graph.nodes
        return max(buses, key=lambda node: ends[node.id]) if buses else None

    def remedies(self, path: str) -> tuple[str, str]:
        """Commands that draw a part of it as SVG, and all of it as text for Mermaid.

        Args:
            path: Of the assembly.
        """
        command = ["duet", "draw", path]
        if self.graph.kind == "workflow":
            command += ["--workflow", self.graph.key]
        named = (node for node in self.graph.nodes if node.title and node.kind != "start")
        focus = ["--focus", name_of(next(named)), "--depth", "1", "--format", "svg"]
        return shlex.join([*command, *focus]), shlex.join([*command, "--format", "mermaid"])


def drawing(graph: Graph) -> Drawing:
    """Lay a graph out; one that Graphviz gives up is heaped, and says so."""
    try:
        return Drawing(graph=graph, layout=lay_out(graph))
    except UndrawnPictureError as error:
        return Drawing(graph=graph, layout=heaped(graph), missing=error.reason, message=str(error))
