"""``duet draw``: a cloud assembly as pictures."""

import os
import re
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from constructs_lib.commands._assembly_argument import ASSEMBLY_HELP
from constructs_lib.commands._consoles import message_console
from constructs_lib.commands._ends import BAD_INPUT, fail
from constructs_lib.insight.assembly import load
from constructs_lib.insight.errors import InsightError
from constructs_lib.insight.graph import Graph, neighbourhood
from constructs_lib.insight.layout import UndrawnPictureError
from constructs_lib.insight.markdown import markdown
from constructs_lib.insight.mermaid import too_large
from constructs_lib.insight.model import Assembly
from constructs_lib.insight.pictures import pictures, workflow_picture
from constructs_lib.insight.report import report
from constructs_lib.insight.svg import svg_document

app = typer.Typer(add_completion=False)

_STANDARD_OUTPUT = "-"
_REPORT = "duet-report.html"
_NOTES_SHOWN = 10


class Format(StrEnum):
    """What pictures are written as."""

    MERMAID = "mermaid"
    SVG = "svg"
    HTML = "html"


@app.command()
def draw(
    path: Annotated[
        Path,
        typer.Argument(help=ASSEMBLY_HELP),
    ] = Path("cdk.out"),
    format_: Annotated[
        Format,
        typer.Option(
            "--format",
            help="mermaid: Markdown with a diagram of each picture. svg: one picture. "
            "html: one report with everything, which needs no network.",
        ),
    ] = Format.MERMAID,
    workflow: Annotated[
        str | None,
        typer.Option(help="Draw this workflow alone: its name, construct path or logical id."),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|-",
            help="Where to write; - is standard output. A folder (it exists, or ends with /) gets "
            f"a file for each picture. Default: - for text and svg, {_REPORT} for html.",
        ),
    ] = None,
    focus: Annotated[
        str | None,
        typer.Option(help="Draw only what is near this node: a state, rule, bus, queue, …"),
    ] = None,
    depth: Annotated[int, typer.Option(min=0, help="How many steps away is near.")] = 2,
) -> None:
    """Draw who publishes what to whom, and each workflow with its error paths.

    Example: duet draw cdk.out --format svg --workflow SignUp/Workflow --output sign-up.svg

    Example: duet draw --focus UserSignedUp --depth 1 >> docs/events.md

    Exit status: 0, or 2 if the input cannot be read or has no such workflow or node.
    """
    try:
        assembly = load(path)
        graphs = [workflow_picture(assembly, workflow)] if workflow else pictures(assembly)
        if graphs and focus is not None:
            graphs = [_near(graphs, focus, depth)]
        if not graphs:
            raise InsightError(
                f"{path} has neither workflows nor events to draw; "
                "pass another app's folder, or synthesize this one again"
            )
        _say_notes(assembly)
        if format_ is Format.HTML:
            _write(output or _REPORT, report(assembly, graphs, warn=_say))
        elif format_ is Format.MERMAID:
            _write(output or _STANDARD_OUTPUT, markdown(graphs))
            _say_too_large(graphs)
        else:
            _write_svg(output or _STANDARD_OUTPUT, graphs)
    except (InsightError, OSError) as error:
        fail(error, BAD_INPUT)


def _say_notes(assembly: Assembly) -> None:
    """What is not in the pictures because it could not be read or resolved."""
    for note in assembly.notes[:_NOTES_SHOWN]:
        place = f"{note.place.construct_path}: " if note.place is not None else ""
        _say(f"note: {place}{note.text}")
    if len(assembly.notes) > _NOTES_SHOWN:
        _say(f"note: {len(assembly.notes) - _NOTES_SHOWN} more; --format html shows all")


def _say_too_large(graphs: Sequence[Graph]) -> None:
    for graph in graphs:
        if how := too_large(graph):
            _say(
                f"{graph.title} is too large for Mermaid's own limits ({how}); "
                "narrow it with --focus or --workflow, or use --format html"
            )


def _near(graphs: Sequence[Graph], focus: str, depth: int) -> Graph:
    """The neighbourhood in the first picture that has such a node: the event map comes first."""
    *others, last = graphs
    for graph in others:
        with suppress(InsightError):
            return neighbourhood(graph, focus, depth=depth)
    return neighbourhood(last, focus, depth=depth)


def _write_svg(output: str, graphs: Sequence[Graph]) -> None:
    if output.endswith(("/", os.sep)) or Path(output).is_dir():
        Path(output).mkdir(parents=True, exist_ok=True)
        for number, graph in enumerate(graphs):
            file = Path(output, f"{_file_name(graph.title, number)}.svg")
            try:
                _write(str(file), svg_document(graph))
            except UndrawnPictureError as error:
                _say(f"left out: {error}")
        return
    _write(output, svg_document(graphs[0]))
    if len(graphs) > 1:
        left = ", ".join(graph.title for graph in graphs[1:])
        _say(f"an SVG file is one picture, this is {graphs[0].title}; pass a folder for all, or")
        _say(f"--workflow with one of: {left}")


def _file_name(title: str, number: int) -> str:
    """A name that every file system takes; the number tells equal ones apart."""
    words = re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-")[:60]
    return f"{number:02}-{words}".rstrip("-")


def _write(place: str, text: str) -> None:
    # Names may hold characters that a terminal's encoding does not have.
    if place == _STANDARD_OUTPUT:
        typer.echo(text.encode("utf-8"), nl=False)
        return
    Path(place).write_text(text, encoding="utf-8")
    _say(f"wrote {place}")


def _say(text: str) -> None:
    message_console().print(text, markup=False, highlight=False, soft_wrap=True)
