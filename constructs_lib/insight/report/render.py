"""The report: one file of HTML with everything in it, which needs no network."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any

from constructs_lib.counted import counted
from constructs_lib.insight.graph import Graph
from constructs_lib.insight.graphviz import graphviz_program
from constructs_lib.insight.model import Assembly
from constructs_lib.insight.palette import variables
from constructs_lib.insight.pictures import pictures
from constructs_lib.insight.report.details import DetailsOf
from constructs_lib.insight.report.drawing import drawing
from constructs_lib.insight.report.other_runs import OtherRun
from constructs_lib.insight.report.overlay import overlay
from constructs_lib.insight.report.picture_data import picture_data
from constructs_lib.insight.report.picture_view import picture_view
from constructs_lib.insight.runs import Run

if TYPE_CHECKING:
    from constructs_lib.insight.compare import Comparison

_STYLES = ("picture.css", "report.css")
_SCRIPTS = (
    "graphviz.js",
    "part.js",
    "camera.js",
    "hands.js",
    "picture.js",
    "panel.js",
    "runs.js",
    "search.js",
    "report.js",
)


def report(
    assembly: Assembly,
    graphs: Sequence[Graph] | None = None,
    *,
    run: Run | None = None,
    others: Sequence[OtherRun] = (),
    comparison: Comparison | None = None,
    warn: Callable[[str], None] | None = None,
) -> str:
    """The report of an assembly as HTML.

    A picture that Graphviz gives up is missing from it, and its page says why and what helps.

    Args:
        graphs: Its pictures; all of them, if None.
        run: What happened in it, laid over the pictures.
        others: Runs that could be shown instead.
        comparison: Of the designs in it, on a page of its own.
        warn: Told of each picture that is missing, in a line.
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
    drawings = [drawing(graph) for graph in shown]
    for each in drawings:
        if each.missing and warn is not None:
            warn(each.message)
    data = {
        "graphs": [picture_data(each, details) for each in drawings],
        "run": overlay(run, shown, assembly) if run is not None else None,
    }
    return environment.get_template("report.html.j2").render(
        title=_title(assembly),
        assembly=assembly,
        views=[picture_view(number, each, assembly.path) for number, each in enumerate(drawings)],
        run=data["run"],
        others=others,
        comparison=_comparison(comparison) if comparison is not None else None,
        style=variables() + "".join(_file(name) for name in _STYLES),
        script="".join(_file(name) for name in _SCRIPTS),
        data=_in_script(data),
        graphviz=base64.b64encode(gzip.compress(graphviz_program(), 6, mtime=0)).decode(),
    )


def _comparison(comparison: Comparison) -> dict[str, str]:
    # Loaded when there is a comparison: pictures alone do without.
    from constructs_lib.insight.compare import section, style

    return {
        "about": f"{counted(comparison.sign_ups, 'sign-up')} by each design and for each trouble, "
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
