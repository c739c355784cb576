"""A laid-out graph as SVG: inside the report, or a file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib import resources

from constructs_lib.insight.drawn_text import (
    ICON_ROOM,
    LABEL_LINE_HEIGHT,
    LINE_HEIGHT,
    label_lines,
    label_size,
    subtitle_lines,
    title_lines,
)
from constructs_lib.insight.graph import Edge, Graph, Node
from constructs_lib.insight.icons import ICONS
from constructs_lib.insight.layout import Box, Layout, Route, lay_out
from constructs_lib.insight.palette import in_plain_colours
from constructs_lib.insight.text_size import printable, with_spaces
from constructs_lib.insight.words import InWords, said_label

MARGIN = 24
_CHIP = 28
_ICON = 16


def svg_document(graph: Graph) -> str:
    """A file that any viewer shows; browsers follow the reader's light or dark theme."""
    css = (
        resources.files("constructs_lib.insight.report").joinpath("picture.css").read_text("utf-8")
    )
    css += ".ground { fill: var(--canvas); }\n"
    light, dark = in_plain_colours(css, "light"), in_plain_colours(css, "dark")
    layout = lay_out(graph)
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    title = escape(printable(graph.title))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="picture" role="img" '
        f'aria-label="{title}" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="{-MARGIN} {-MARGIN} {width:.0f} {height:.0f}">\n'
        f"<title>{title}</title>\n"
        f"<style>\n{light}@media (prefers-color-scheme: dark) {{\n{dark}}}\n</style>\n"
        f'<rect class="ground" x="{-MARGIN}" y="{-MARGIN}" width="100%" height="100%"/>\n'
        f"{svg_content(graph, layout)}</svg>\n"
    )


def svg_content(graph: Graph, layout: Layout) -> str:
    """Frames, edges and nodes, each a group with its id in ``data-id``."""
    return "".join(_content(graph, layout))


def _content(graph: Graph, layout: Layout) -> Iterator[str]:
    words = InWords(graph)
    yield '<g class="frames">\n'
    # Outer frames first: Graphviz names them before those inside.
    for id_, box in layout.frames.items():
        yield f'<rect class="frame" data-id="{id_}" {_place(box)} rx="14"/>\n'
    yield '</g>\n<g class="edges">\n'
    for edge in graph.edges:
        if edge.id in layout.routes:
            yield _edge(edge, layout.routes[edge.id])
    yield '</g>\n<g class="nodes">\n'
    for node in graph.nodes:
        yield _node(node, layout.nodes[node.id], words.sentence(node))
    yield "</g>\n"


def _place(box: Box) -> str:
    return f'x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}"'


def _edge(edge: Edge, route: Route) -> str:
    classes = f"edge kind-{edge.kind}{' error' if edge.is_error else ''}"
    label = ""
    if route.label_at is not None:
        lines = label_lines(edge)
        width, height = label_size(lines)
        text = "".join(
            f'<tspan x="0" y="{LABEL_LINE_HEIGHT * (i + 0.72) - height / 2:.1f}">'
            f"{escape(line)}</tspan>"
            for i, line in enumerate(lines)
        )
        x, y = route.label_at
        label = (
            f'<g class="label" transform="translate({x:.1f} {y:.1f})">'
            f'<rect class="paper" x="{-width / 2:.1f}" y="{-height / 2:.1f}" '
            f'width="{width:.1f}" height="{height:.1f}" rx="4"/><text>{text}</text></g>'
        )
    said = said_label(edge)
    title = f"<title>{escape(said)}</title>" if said else ""
    return (
        f'<g class="{classes}" data-id="{edge.id}">{title}<path class="line" d="{route.path}"/>'
        f'<path class="head" d="{route.head}"/>{label}</g>\n'
    )


def _node(node: Node, box: Box, sentence: str) -> str:
    classes = f"node kind-{node.kind}{' error-path' if node.in_error_path else ''}"
    said = escape(sentence)
    return (
        f'<g class="{classes}" data-id="{node.id}" role="button" tabindex="-1" '
        f'aria-label="{said}" transform="translate({box.x:.1f} {box.y:.1f})">'
        f"<title>{said}</title>{_body(node, box)}</g>\n"
    )


def _body(node: Node, box: Box) -> str:
    size = f'width="{box.width:.1f}" height="{box.height:.1f}"'
    if node.kind == "join":
        return f'<rect class="body" {size} rx="{box.width / 2:.1f}"/>'
    if node.kind in ("start", "end"):
        return (
            f'<rect class="body" {size} rx="{box.height / 2:.1f}"/>'
            f'<text class="title" x="{box.width / 2:.1f}" y="{box.height / 2 + 4:.1f}">'
            f"{escape(node.title)}</text>"
        )
    lines = [("title", line) for line in with_spaces(title_lines(node), of=node.title)]
    lines += [("subtitle", line) for line in with_spaces(subtitle_lines(node), of=node.subtitle)]
    first = (box.height - LINE_HEIGHT * len(lines)) / 2 + 13
    text = "".join(
        f'<text class="{style}" x="{ICON_ROOM:.0f}" y="{first + i * LINE_HEIGHT:.1f}">'
        f"{escape(line)}</text>"
        for i, (style, line) in enumerate(lines)
    )
    chip_x = (ICON_ROOM - _CHIP) / 2
    chip_y = (box.height - _CHIP) / 2
    inset = (_CHIP - _ICON) / 2
    return (
        f'<rect class="body" {size} rx="10"/>'
        f'<rect class="chip" x="{chip_x:.1f}" y="{chip_y:.1f}" width="{_CHIP}" height="{_CHIP}" '
        f'rx="8"/><path class="icon" transform="translate({chip_x + inset:.1f} '
        f'{chip_y + inset:.1f})" d="{ICONS[node.kind]}"/>{text}'
    )
