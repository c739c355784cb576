"""Pictures in words: what a screen reader says of a node, and what stands in the text outline."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from constructs_lib.insight.drawn_text import subtitle_lines, title_lines
from constructs_lib.insight.graph import Edge, Graph, Node
from constructs_lib.insight.text_size import ELLIPSIS, printable, with_spaces

KIND_WORDS: Mapping[str, str] = {
    "bus": "event bus",
    "destination": "API destination",
    "logs": "log group",
    "partner": "partner event source",
    "missing": "missing, nothing of this name exists",
}


class InWords:
    """What a graph's nodes are and where one goes from them."""

    def __init__(self, graph: Graph) -> None:
        self._titles = {node.id: name_of(node) for node in graph.nodes}
        self._out: defaultdict[str, list[Edge]] = defaultdict(list)
        for edge in graph.edges:
            self._out[edge.source].append(edge)

    def ways(self, node: Node, *, errors: bool) -> Sequence[str]:
        """Where one goes from a node: ``Reserve email (when …)``."""
        return [
            self._titles[edge.target] + (f" ({said})" if (said := said_label(edge)) else "")
            for edge in self._out[node.id]
            if edge.is_error is errors
        ]

    def sentence(self, node: Node) -> str:
        """All of a node in one line; what is drawn on it comes first, in the order of the lines."""
        kind = KIND_WORDS.get(node.kind, node.kind)
        is_told = _has_word(node.subtitle, kind) or node.title.casefold() == kind
        parts = [beginning(node) + ("" if is_told else f", {kind}")]
        if node.in_error_path:
            parts[0] += ", error path"
        if ways := self.ways(node, errors=False):
            parts.append(f"goes to {', '.join(ways)}")
        if ways := self.ways(node, errors=True):
            parts.append(f"on error to {', '.join(ways)}")
        return "; ".join(parts)


def name_of(node: Node) -> str:
    """A node's title, for marks without one what they are."""
    return printable(node.title) or ("branches end" if node.kind == "join" else node.kind)


def beginning(node: Node) -> str:
    """What the sentence of a node begins with: all that is written on it, as it is written.

    Who speaks to a computer says what stands on a button, so its name must hold that in one piece
    (WCAG 2.2, 2.5.3); of what was cut short, both the whole and what is left.
    """
    drawn = [
        "".join(with_spaces(lines, of=text)).strip()
        for lines, text in (
            (title_lines(node), node.title),
            (subtitle_lines(node), node.subtitle),
        )
    ]
    whole = ", ".join(text for text in (name_of(node), printable(node.subtitle)) if text)
    if not any(text.endswith(ELLIPSIS) for text in drawn):
        return whole
    return f"{whole}; written {', '.join(text for text in drawn if text)}"


def _has_word(text: str, word: str) -> bool:
    return re.search(rf"\b{re.escape(word)}\b", text.casefold()) is not None


def said_label(edge: Edge) -> str:
    """An edge's label in one line."""
    return " or ".join(printable(label) for label in edge.label.split("\n") if label)
