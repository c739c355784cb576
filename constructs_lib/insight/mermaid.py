"""A graph as Mermaid text, which Markdown shows on GitHub and elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from constructs_lib.insight.graph import Edge, Graph, Node, NodeKind
from constructs_lib.insight.text_size import printable
from constructs_lib.insight.words import name_of

_PLAIN = ("[", "]")
_SHAPES: dict[NodeKind, tuple[str, str]] = {
    "start": ("([", "])"),
    "end": ("([", "])"),
    "succeed": ("([", "])"),
    "join": ("((", "))"),
    "choice": ("{", "}"),
    "fail": ("[[", "]]"),
    "workflow": ("[[", "]]"),
    "bus": ("{{", "}}"),
    "rule": ("[/", "/]"),
    "queue": ("[(", ")]"),
    "archive": ("[(", ")]"),
    "table": ("[(", ")]"),
    "topic": ("(", ")"),
}
#: Readable on white and on black: pages choose the ground.
_ERROR_COLOUR, _MISSING_COLOUR = "#d1453b", "#b7791f"
#: What Mermaid or the HTML that it makes would read as more than text. Some versions read labels as
#: Markdown besides, with lists, links and emphasis, and two dollars begin a formula.
_SPECIAL = re.compile(
    r"[#\"<>&`\\|{}\[\]();~@]|^[-+=*]|(?<!\s)\*|\*(?!\s)|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|(?<=:)/"
    r"|(?<=\bwww)\.|:(?=fa-)|\$(?=\$)|(?<=\$)\$"
)
_LIST_NUMBER = re.compile(r"^(\d+)\.")
#: What Mermaid draws unless a page says otherwise (its ``maxTextSize`` and ``maxEdges``, read
#: 2026-11-27 in version 11).
_CHARACTERS_MAX, _EDGES_MAX = 50_000, 500
_LONGEST_LABEL = 80
_LONGEST_ID = 60


def mermaid(graph: Graph) -> str:
    """A flowchart: errors dashed, in red and labelled; names are escaped.

    Nodes have the ids of their resources or states, not numbers, so that a picture which is kept
    under version control changes only where the app does.
    """
    return "\n".join(_lines(_with_telling_ids(graph))) + "\n"


def too_large(graph: Graph) -> str | None:
    """How a picture is larger than what pages draw; None if it is not."""
    if len(graph.edges) > _EDGES_MAX:
        return f"{len(graph.edges):,} edges, Mermaid draws {_EDGES_MAX} at most"
    if (length := len(mermaid(graph))) > _CHARACTERS_MAX:
        return f"{length:,} characters, Mermaid draws {_CHARACTERS_MAX:,} at most"
    return None


def _with_telling_ids(graph: Graph) -> Graph:
    ids: dict[str, str] = {}
    taken: set[str] = set()
    for node in graph.nodes:
        # The prefix keeps it apart from Mermaid's words, such as "end" and "class".
        wanted = f"n_{re.sub('[^A-Za-z0-9]+', '_', _own_name(node))[-_LONGEST_ID:]}"
        names = (wanted if n == 1 else f"{wanted}_{n}" for n in count(1))
        ids[node.id] = next(name for name in names if name not in taken)
        taken.add(ids[node.id])
    groups = {group.id: f"in_{ids[group.head]}" for group in graph.groups}
    return replace(
        graph,
        nodes=tuple(
            replace(node, id=ids[node.id], group=groups[node.group] if node.group else None)
            for node in graph.nodes
        ),
        edges=tuple(
            replace(edge, source=ids[edge.source], target=ids[edge.target]) for edge in graph.edges
        ),
        groups=tuple(
            replace(
                group,
                id=groups[group.id],
                head=ids[group.head],
                parent=groups[group.parent] if group.parent else None,
            )
            for group in graph.groups
        ),
    )


def _own_name(node: Node) -> str:
    if node.kind in ("start", "end", "join"):
        return node.kind
    return node.state or (node.key or node.title).rpartition("/")[2]


def _lines(graph: Graph) -> Iterator[str]:
    yield f"flowchart {graph.direction}"
    if not graph.nodes:
        yield '  empty["nothing to draw"]'
        return
    yield from _level(graph, None, "  ")
    for edge in graph.edges:
        yield f"  {edge.source} {_arrow(edge)} {edge.target}"
    errors = [str(i) for i, edge in enumerate(graph.edges) if edge.is_error]
    if errors:
        yield f"  linkStyle {','.join(errors)} stroke:{_ERROR_COLOUR}"
    styles = {
        "error": f"stroke:{_ERROR_COLOUR}",
        "missing": f"stroke:{_MISSING_COLOUR},stroke-width:2px,stroke-dasharray:4",
    }
    for name, style in styles.items():
        ids = [node.id for node in graph.nodes if _style(node) == name]
        if ids:
            yield f"  classDef {name} {style}"
            yield f"  class {','.join(ids)} {name}"


def _level(graph: Graph, parent: str | None, indent: str) -> Iterator[str]:
    boxed = {group.id for group in graph.groups if group.boxed}
    for node in graph.nodes:
        if (node.group if node.group in boxed else None) == parent:
            yield f"{indent}{node.id}{_shape(node)}"
    for group in graph.groups:
        if group.boxed and group.parent == parent:
            yield f'{indent}subgraph {group.id}[" "]'
            yield from _level(graph, group.id, indent + "  ")
            yield f"{indent}end"


def _shape(node: Node) -> str:
    if node.kind == "join":
        return '((" "))'
    before, after = _SHAPES.get(node.kind, _PLAIN)
    text = _escaped(name_of(node))
    if node.subtitle and node.subtitle.casefold() != node.kind:
        text += f"<br/>{_escaped(printable(node.subtitle))}"
    return f'{before}"{text}"{after}'


def _style(node: Node) -> str:
    if node.kind == "missing":
        return "missing"
    return "error" if node.in_error_path or node.kind == "fail" else ""


def _arrow(edge: Edge) -> str:
    arrow = "-.->" if edge.is_error or edge.kind in ("branch", "join", "keeps") else "-->"
    labels = [printable(label) for label in edge.label.split("\n") if label]
    text = " or ".join(labels)
    if len(text) > _LONGEST_LABEL:
        text = text[: _LONGEST_LABEL - 1] + "…"
    return f'{arrow}|"{_escaped(text)}"|' if text else arrow


def _escaped(text: str) -> str:
    """Mermaid's own escapes: ``#`` and the character's number."""
    escaped = _SPECIAL.sub(lambda found: f"#{ord(found[0])};", text)
    return _LIST_NUMBER.sub(r"\1#46;", escaped)
