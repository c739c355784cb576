"""A trace as text: a tree with times from its start, failures in red."""

from __future__ import annotations

import io
import re
from datetime import timedelta

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from constructs_lib.operations.trace_model import Trace, TraceNode, offset_ms

_STYLES = {"ok": "", "retried": "yellow", "failed": "red", "running": "cyan"}
_MARKS = {"ok": "", "retried": "↻ ", "failed": "✗ ", "running": "… "}
# Kinds that their title names already, or that need no naming.
_UNNAMED = ("attempt", "fault", "group", "mail", "note", "queue", "state", "target")
_DETAIL_MAX = 200
# A line of a message is not folded.
_TEXT_COLUMNS = 1000
_ID_SHOWN = 8
_UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-")


def render(trace: Trace) -> Tree:
    """The trace for a rich console."""
    tree = Tree(_label(trace.root, trace), guide_style="dim", highlight=False)
    _grow(tree, trace.root, trace)
    return tree


def text(trace: Trace) -> str:
    """The trace without colours, for messages; lines are as long as they must be."""
    written = io.StringIO()
    console = Console(file=written, width=_TEXT_COLUMNS, color_system=None)
    console.print(render(trace))
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines())


def _grow(tree: Tree, node: TraceNode, trace: Trace) -> None:
    for child in map(_shown, node.children):
        _grow(tree.add(_label(child, trace)), child, trace)


def _shown(node: TraceNode) -> TraceNode:
    """A workflow or function instead of its delivery, if there is no more to say of that."""
    if node.kind != "target" or node.status != "ok" or len(node.children) != 1:
        return node
    (child,) = node.children
    return child if node.title.startswith(child.kind) else node


def _label(node: TraceNode, trace: Trace) -> Text:
    style = "dim" if node.kind == "note" and node.status == "ok" else _STYLES[node.status]
    label = Text(_MARKS[node.status], style=style)
    if node.kind not in _UNNAMED:
        label.append(f"{node.kind} ", style="dim")
    label.append(node.title, style="bold" if node.kind in ("event", "workflow") else "")
    if node.detail:
        label.append(f"  {_short(node.detail)}")
    if node.kind in ("event", "function", "workflow"):
        label.append(f"  {_short_id(node.id)}", style="dim")
    offset = offset_ms(node, trace.started)
    if offset is not None:
        label.append(f"  +{_time(offset)}", style="dim")
    if node.duration_ms:
        label.append(f"  ({_time(node.duration_ms)})", style="dim")
    return label


def _short_id(id_: str) -> str:
    """As much of an id as ``duet trace`` needs; a name that somebody gave stands in full."""
    name = id_.rpartition(":")[2]
    return name[:_ID_SHOWN] if _UUID.match(name) else name


def _short(detail: str) -> str:
    line = " ".join(detail.split())
    return line if len(line) <= _DETAIL_MAX else f"{line[:_DETAIL_MAX]}…"


def _time(milliseconds: float) -> str:
    if milliseconds < 10:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 10_000:
        return f"{milliseconds:.0f} ms"
    # A day that was waited for is no number of seconds.
    seconds = milliseconds / 1000
    return f"{seconds:.1f} s" if seconds < 600 else str(timedelta(seconds=round(seconds)))
