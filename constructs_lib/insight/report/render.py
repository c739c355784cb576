"""The report: one file of HTML with everything in it, which needs no network."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any

from constructs_lib.insight.graph import Graph, Node
from constructs_lib.insight.layout import (
    Layout,
    edge_attributes,
    graph_attributes,
    graphviz_program,
    lay_out,
    node_attributes,
)
from constructs_lib.insight.model import Assembly
from constructs_lib.insight.palette import variables
from constructs_lib.insight.pictures import pictures
from constructs_lib.insight.report.details import DetailsOf
from constructs_lib.insight.report.overlay import overlay
from constructs_lib.insight.runs import Run
from constructs_lib.insight.svg import MARGIN, svg_content
from constructs_lib.insight.words import KIND_WORDS, InWords, name_of

if TYPE_CHECKING:
    from constructs_lib.insight.compare import Comparison

_STYLES = ("picture.css", "report.css")
_SCRIPTS = ("graphviz.js", "hands.js", "picture.js", "panel.js", "runs.js", "report.js")


def report(
    assembly: Assembly,
    graphs: Sequence[Graph] | None = None,
    *,
    run: Run | None = None,
    comparison: Comparison | None = None,
) -> str:
    """The report of an assembly as HTML.

    Args:
        graphs: Its pictures; all of them, if None.
        run: What happened in it, laid over the pictures.
        comparison: Of the designs in it, on a page of its own.
    Raises:
        InsightError: A picture cannot be laid out.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    shown = pictures(assembly) if graphs is None else graphs
    environment = Environment(
        loader=PackageLoader("constructs_lib.insight.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    details = DetailsOf(assembly)
    layouts = [lay_out(graph) for graph in shown]
    data = {
        "graphs": [
            _graph_data(graph, layout, details)
            for graph, layout in zip(shown, layouts, strict=True)
        ],
        "run": overlay(run, shown, assembly) if run is not None else None,
    }
    return environment.get_template("report.html.j2").render(
        title=_title(assembly),
        assembly=assembly,
        views=[
            _view(number, graph, layout)
            for number, (graph, layout) in enumerate(zip(shown, layouts, strict=True))
        ],
        run=data["run"],
        comparison=_comparison(comparison) if comparison is not None else None,
        style=variables() + "".join(_file(name) for name in _STYLES),
        script="".join(_file(name) for name in _SCRIPTS),
        data=_in_script(data),
        graphviz=base64.b64encode(gzip.compress(graphviz_program(), 6, mtime=0)).decode(),
    )


def _comparison(comparison: Comparison) -> dict[str, str]:
    # Loaded when there is a comparison: pictures alone do without.
    from constructs_lib.insight.compare import section, style

    count = comparison.sign_ups
    return {
        "about": f"{count} sign-up{'' if count == 1 else 's'} by each design and for each trouble, "
        f"measured {comparison.measured:%Y-%m-%d %H:%M} UTC",
        "counts": f"{len(comparison.designs)} designs, {len(comparison.rows)} quantities",
        "html": section(comparison),
        "style": style(),
    }


def _title(assembly: Assembly) -> str:
    return ", ".join(assembly.stacks) or assembly.path


def _file(name: str) -> str:
    return resources.files("constructs_lib.insight.report").joinpath(name).read_text("utf-8")


def _in_script(data: Mapping[str, Any]) -> str:
    """JSON inside a script element: nothing in it may end that, or begin a comment."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=str)
    # Halves of surrogate pairs are JSON, but no UTF-8.
    text = text.encode("utf-8", "replace").decode("utf-8")
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _graph_data(graph: Graph, layout: Layout, details: DetailsOf) -> dict[str, Any]:
    words = InWords(graph)
    return {
        "key": graph.key,
        "title": graph.title,
        "kind": graph.kind,
        "direction": graph.direction,
        "dot": graph_attributes(graph),
        "beginning": _beginning(graph),
        "nodes": [
            {
                "id": node.id,
                "kind": node.kind,
                "word": KIND_WORDS.get(node.kind, node.kind),
                "title": name_of(node),
                "subtitle": node.subtitle,
                "key": node.key,
                "group": node.group,
                "error": node.in_error_path,
                "dot": node_attributes(node),
                "sentence": words.sentence(node),
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
                for id_, box in layout.nodes.items()
            }
        },
    }


def _beginning(graph: Graph) -> str | None:
    """What to look at first: a workflow's start; of the map, the bus with the most ways."""
    if graph.kind == "workflow":
        return graph.nodes[0].id if graph.nodes else None
    ends = [end for edge in graph.edges for end in (edge.source, edge.target)]
    buses = [node for node in graph.nodes if node.kind == "bus"] or graph.nodes
    return max(buses, key=lambda node: ends.count(node.id)).id if buses else None


def _view(number: int, graph: Graph, layout: Layout) -> dict[str, Any]:
    words = InWords(graph)
    return {
        "id": f"view-{number}",
        "graph": graph,
        "counts": _counts(graph),
        "svg": svg_content(graph, layout),
        "box": (
            f"{-MARGIN} {-MARGIN} {layout.width + 2 * MARGIN:.0f} {layout.height + 2 * MARGIN:.0f}"
        ),
        "width": f"{layout.width + 2 * MARGIN:.0f}",
        "has_groups": bool(graph.groups),
        "has_errors": any(edge.is_error for edge in graph.edges),
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
    plural = {"bus": "buses"}
    return ", ".join(
        f"{count} {word if count == 1 else plural.get(word, word + 's')}" for count, word in counts
    )
