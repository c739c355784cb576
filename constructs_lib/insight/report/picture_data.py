"""A picture as the report's script needs it."""

from __future__ import annotations

from typing import Any

from constructs_lib.insight.dot import edge_attributes, graph_attributes, node_attributes
from constructs_lib.insight.report.details import DetailsOf
from constructs_lib.insight.report.drawing import Drawing
from constructs_lib.insight.words import KIND_WORDS, beginning, name_of


def picture_data(drawing: Drawing, details: DetailsOf) -> dict[str, Any]:
    """Nodes, edges, groups and places, and what Graphviz is told of them in the browser."""
    graph, first = drawing.graph, drawing.beginning
    return {
        "key": graph.key,
        "title": graph.title,
        "kind": graph.kind,
        "direction": graph.direction,
        "missing": drawing.missing,
        "dot": graph_attributes(graph),
        "beginning": first.id if first is not None else None,
        "nodes": [
            {
                "id": node.id,
                "kind": node.kind,
                "word": KIND_WORDS.get(node.kind, node.kind),
                "title": name_of(node),
                "subtitle": node.subtitle,
                "written": beginning(node),
                "key": node.key,
                "group": node.group,
                "error": node.in_error_path,
                "dot": node_attributes(node),
                "details": details.of(graph, node),
            }
            for node in graph.nodes
        ],
        "edges": [
            {
                "id": edge.id,
                "source": edge.source,
                "target": edge.target,
                "kind": edge.kind,
                "error": edge.is_error,
                "label": edge.label,
                "dot": edge_attributes(edge),
            }
            for edge in graph.edges
        ],
        "groups": [
            {
                "id": group.id,
                "head": group.head,
                "parent": group.parent,
                "boxed": group.boxed,
            }
            for group in graph.groups
        ],
        "places": {
            "nodes": {
                id_: {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
                for id_, box in drawing.layout.nodes.items()
            }
        },
    }
