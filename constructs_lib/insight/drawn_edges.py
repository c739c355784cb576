"""The edges of a graph while it is being drawn."""

from __future__ import annotations

from dataclasses import replace

from constructs_lib.insight.graph import Edge, EdgeKind


class DrawnEdges:
    """What the drawings of workflows and of events have in common.

    Attributes:
        edges: By source, target and kind.
    """

    def __init__(self) -> None:
        self.edges: dict[tuple[str, str, EdgeKind], Edge] = {}

    def edge(self, source: str, target: str, kind: EdgeKind, label: str = "") -> None:
        """Draw a way; a second one of its kind between the same two adds its label to the first."""
        known = self.edges.get((source, target, kind))
        if known is None:
            id_ = f"e{len(self.edges)}"
            self.edges[source, target, kind] = Edge(
                id=id_, source=source, target=target, kind=kind, label=label
            )
        elif label and label not in known.label.split("\n"):
            joined = f"{known.label}\n{label}" if known.label else label
            self.edges[source, target, kind] = replace(known, label=joined)
