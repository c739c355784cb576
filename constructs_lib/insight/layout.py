"""Where everything stands in a picture: Graphviz decides, nothing here does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from constructs_lib.insight.dot import POINTS_PER_INCH, dot
from constructs_lib.insight.drawn_text import label_lines, node_size
from constructs_lib.insight.errors import InsightError
from constructs_lib.insight.graph import Graph
from constructs_lib.insight.graphviz import GraphvizRefusalError, laid_out

#: Half of a head's width, in parts of its length.
_HEAD_WIDTH = 0.45


class UndrawnPictureError(InsightError):
    """Graphviz has given a picture up.

    Attributes:
        reason: Why, in words.
    """

    def __init__(self, graph: Graph, reason: str) -> None:
        super().__init__(
            f"graphviz cannot lay out {graph.title!r} ({len(graph.nodes)} nodes, "
            f"{len(graph.edges)} edges): {reason}; draw a part of it: --focus NODE --depth 2, "
            "or write it as text: --format mermaid"
        )
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle; ``x`` and ``y`` are its top left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Route:
    """An edge's way and its arrow's head, as the ``d`` of SVG paths, and its label's centre."""

    path: str
    head: str
    label_at: tuple[float, float] | None


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A picture's places in pixels: nodes, frames of groups, edges, by their ids."""

    width: float
    height: float
    nodes: Mapping[str, Box]
    frames: Mapping[str, Box]
    routes: Mapping[str, Route]


def lay_out(graph: Graph) -> Layout:
    """Have Graphviz place a graph.

    Raises:
        UndrawnPictureError: Graphviz refused it, with and without frames.
    """
    if not graph.nodes:
        return Layout(width=0, height=0, nodes={}, frames={}, routes={})
    try:
        return _layout(laid_out(dot(graph)))
    except GraphvizRefusalError as refusal:
        if refusal.took_too_long and not any(group.boxed for group in graph.groups):
            raise UndrawnPictureError(graph, str(refusal)) from refusal
    # Graphviz fails on some deeply nested frames: the picture without them is still true.
    flat = replace(graph, groups=(), nodes=tuple(replace(n, group=None) for n in graph.nodes))
    try:
        return _layout(laid_out(dot(flat)))
    except GraphvizRefusalError as refusal:
        raise UndrawnPictureError(graph, str(refusal)) from refusal


def heaped(graph: Graph) -> Layout:
    """Everything in its size at the same place: a picture of which only parts will be laid out."""
    sizes = {node.id: node_size(node) for node in graph.nodes}
    return Layout(
        width=0,
        height=0,
        nodes={id_: Box(x=0, y=0, width=w, height=h) for id_, (w, h) in sizes.items()},
        frames={
            group.id: Box(x=0, y=0, width=0, height=0) for group in graph.groups if group.boxed
        },
        routes={
            edge.id: Route(path="", head="", label_at=(0, 0) if label_lines(edge) else None)
            for edge in graph.edges
        },
    )


def _layout(drawn: Mapping[str, Any]) -> Layout:
    """Graphviz's places, turned to a y that grows downwards."""
    _, _, width, height = _numbers(drawn["bb"])
    nodes: dict[str, Box] = {}
    frames: dict[str, Box] = {}
    for each in drawn.get("objects", ()):
        if "nodes" in each or "bb" in each:
            left, bottom, right, top = _numbers(each["bb"])
            frames[each["name"].removeprefix("cluster_")] = Box(
                x=left, y=height - top, width=right - left, height=top - bottom
            )
        else:
            x, y = _numbers(each["pos"])
            w, h = (float(each[side]) * POINTS_PER_INCH for side in ("width", "height"))
            nodes[each["name"]] = Box(x=x - w / 2, y=height - y - h / 2, width=w, height=h)
    routes = {each["id"]: _route(each, height) for each in drawn.get("edges", ())}
    return Layout(width=width, height=height, nodes=nodes, frames=frames, routes=routes)


def _route(edge: Mapping[str, Any], height: float) -> Route:
    tip: tuple[float, float] | None = None
    points: list[tuple[float, float]] = []
    for word in str(edge["pos"]).replace("\\\n", "").split():
        x, y = _numbers(word.removeprefix("e,").removeprefix("s,"))
        if word.startswith("e,"):
            tip = (x, height - y)
        elif not word.startswith("s,"):
            points.append((x, height - y))
    start, *rest = (f"{x:.1f} {y:.1f}" for x, y in points)
    label_at = None
    if "lp" in edge:
        x, y = _numbers(edge["lp"])
        label_at = (x, height - y)
    return Route(
        path=f"M{start}C{' '.join(rest)}",
        head=_head(points[-1], tip) if tip is not None else "",
        label_at=label_at,
    )


def _head(base: tuple[float, float], tip: tuple[float, float]) -> str:
    """A triangle: Graphviz says where it begins and where its tip is."""
    along = (tip[0] - base[0], tip[1] - base[1])
    across = (-along[1] * _HEAD_WIDTH, along[0] * _HEAD_WIDTH)
    left = (base[0] + across[0], base[1] + across[1])
    right = (base[0] - across[0], base[1] - across[1])
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in (left, tip, right)) + "Z"


def _numbers(text: str) -> list[float]:
    return [float(number) for number in text.split(",")]
