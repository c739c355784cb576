"""A picture as the report's template needs it."""

from __future__ import annotations

from typing import Any

from constructs_lib.counted import counted
from constructs_lib.insight.graph import Graph, Node
from constructs_lib.insight.icons import ICONS
from constructs_lib.insight.report.drawing import Drawing
from constructs_lib.insight.svg import MARGIN, svg_content
from constructs_lib.insight.words import KIND_WORDS, InWords, name_of


def picture_view(number: int, drawing: Drawing, path: str) -> dict[str, Any]:
    """The picture's SVG, the same as text, and what is said around it.

    Args:
        path: Of the assembly, for the commands that help where the picture is missing.
    """
    graph, layout = drawing.graph, drawing.layout
    words = InWords(graph)
    return {
        "id": f"view-{number}",
        "graph": graph,
        "counts": _counts(graph),
        "missing": drawing.missing,
        "remedies": drawing.remedies(path) if drawing.missing else (),
        "svg": svg_content(graph, layout),
        "box": (
            f"{-MARGIN} {-MARGIN} {layout.width + 2 * MARGIN:.0f} {layout.height + 2 * MARGIN:.0f}"
        ),
        "width": f"{layout.width + 2 * MARGIN:.0f}",
        "has_groups": bool(graph.groups),
        "has_errors": any(edge.is_error for edge in graph.edges),
        "has_archives": any(edge.kind == "keeps" for edge in graph.edges),
        "kinds": _kinds(graph),
        "outline": [
            {
                "id": node.id,
                "name": name_of(node),
                "kind": _outline_kind(node),
                "ways": words.ways(node, errors=False),
                "errors": words.ways(node, errors=True),
            }
            for node in graph.nodes
            if node.kind != "join"
        ],
    }


def _kinds(graph: Graph) -> list[tuple[str, str, str]]:
    """What the icons in it mean: kind, icon and word, in the order of the icons' table."""
    there = {node.kind for node in graph.nodes}
    words = {"missing": "missing", "other": "other resource"}
    return [
        (kind, icon, words.get(kind, KIND_WORDS.get(kind, kind)))
        for kind, icon in ICONS.items()
        if kind in there
    ]


def _outline_kind(node: Node) -> str:
    word = KIND_WORDS.get(node.kind, node.kind)
    same = not node.subtitle or node.subtitle.casefold() == node.kind
    return word if same else f"{word}: {node.subtitle}"


def _counts(graph: Graph) -> str:
    """``9 rules, 2 buses`` or ``19 states, 12 error paths``."""
    if graph.kind == "workflow":
        states = sum(node.state is not None for node in graph.nodes)
        counts = [(states, "state"), (sum(e.is_error for e in graph.edges), "error path")]
    else:
        kinds = [node.kind for node in graph.nodes]
        counts = [(kinds.count("bus"), "bus"), (kinds.count("rule"), "rule")]
        counts.append((sum(node.key is not None for node in graph.nodes), "resource"))
    return ", ".join(counted(count, word) for count, word in counts if count) or "nothing"
