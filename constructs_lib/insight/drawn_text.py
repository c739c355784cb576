"""What is written on nodes and edges, line by line, and how large that makes them; in pixels."""

from __future__ import annotations

from collections.abc import Sequence

from constructs_lib.insight.graph import Edge, Node
from constructs_lib.insight.text_size import BOLD, width_of, wrapped

TITLE_SIZE, SUBTITLE_SIZE, LABEL_SIZE = 13.0, 11.0, 11.0
TITLE_LINES, SUBTITLE_LINES, LABEL_LINES = 2, 2, 2
LINE_HEIGHT, LABEL_LINE_HEIGHT = 17.0, 14.0
#: Left of a node's text is its icon.
ICON_ROOM = 42.0
_NODE_WIDTH, _TEXT_MARGIN = 224.0, 12.0
_TEXT_WIDTH = _NODE_WIDTH - ICON_ROOM - _TEXT_MARGIN
_LABEL_WIDTH = 150.0
#: Marks, by width and height.
_MARKS = {"start": (60.0, 24.0), "end": (60.0, 24.0), "join": (12.0, 12.0)}


def title_lines(node: Node) -> list[str]:
    """A node's title as it is drawn."""
    return wrapped(node.title, width=_TEXT_WIDTH, size=TITLE_SIZE * BOLD, most=TITLE_LINES)


def subtitle_lines(node: Node) -> list[str]:
    """A node's subtitle as it is drawn."""
    return wrapped(node.subtitle, width=_TEXT_WIDTH, size=SUBTITLE_SIZE, most=SUBTITLE_LINES)


def label_lines(edge: Edge) -> list[str]:
    """An edge's label as it is drawn; several are counted."""
    labels = [label for label in edge.label.split("\n") if label]
    if len(labels) > LABEL_LINES:
        first = wrapped(labels[0], width=_LABEL_WIDTH, size=LABEL_SIZE, most=1)
        return [*first, f"or {len(labels) - 1} more"]
    lines = LABEL_LINES // max(len(labels), 1)
    return [
        line
        for label in labels
        for line in wrapped(label, width=_LABEL_WIDTH, size=LABEL_SIZE, most=lines)
    ]


def node_size(node: Node) -> tuple[float, float]:
    """A node's width and height."""
    if node.kind in _MARKS:
        return _MARKS[node.kind]
    lines = max(len(title_lines(node)) + len(subtitle_lines(node)), 1)
    return _NODE_WIDTH, 20 + lines * LINE_HEIGHT


def label_size(lines: Sequence[str]) -> tuple[float, float]:
    """Width and height of an edge's label of these lines."""
    width = max(width_of(line, size=LABEL_SIZE) for line in lines)
    return width, LABEL_LINE_HEIGHT * len(lines)
