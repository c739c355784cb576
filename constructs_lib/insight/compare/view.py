"""The comparison for people: on a console, in Markdown, as one page of HTML."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from decimal import Decimal
from importlib import resources
from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from constructs_lib.insight.compare.comparison import Comparison
from constructs_lib.insight.compare.rows import How, Row
from constructs_lib.insight.compare.troubles import TROUBLES
from constructs_lib.insight.palette import variables

_HOW: dict[How, str] = {
    "templates": "the templates",
    "published": "published figures",
    "measured": "sign-ups here",
    "local": "times here",
}


def show(console: Console, comparison: Comparison) -> None:
    """Print the table, what the designs are, and where published figures are from."""
    for name, what in comparison.designs.items():
        console.print(f"[bold]{name}[/bold]: {escape(what)}")
    table = Table(show_lines=True)
    for column in ("", "quantity", "by", *comparison.designs):
        table.add_column(column, overflow="fold")
    for topic, rows in groupby(comparison.rows, key=lambda row: row.topic):
        for number, row in enumerate(rows):
            cells = [escape(row.cells[name].text) for name in comparison.designs]
            table.add_row("" if number else topic, escape(row.quantity), _HOW[row.how], *cells)
    console.print(table)
    console.print("\n".join(escape(line) for line in notes(comparison)), soft_wrap=True)


def notes(comparison: Comparison) -> list[str]:
    """What the table takes for granted, and its sources."""
    return [
        f"{comparison.sign_ups} sign-ups for each design, and as many while something fails: "
        + "; ".join(each.what for each in TROUBLES),
        "right means: identity, profile and reservation are all there and the end says so, or "
        "none is and the end names the error",
        "units are measured on the embedded AWS; prices are those of duet cost, a function run "
        "counts as 0.1 s and an Express run as 1 s; the bus' archive and Cognito's users, "
        "for which no price is known, are left out",
        "times here are this machine's, with functions that start as they are needed; nothing "
        "follows from them for AWS",
        *comparison.sources(),
    ]


def markdown(rows: Iterable[Row], designs: Iterable[str]) -> str:
    """The rows as a table for Markdown."""
    names = list(designs)
    lines = [
        f"| | quantity | by | {' | '.join(names)} |",
        f"|---|---|---|{'---|' * len(names)}",
    ]
    for topic, group in groupby(rows, key=lambda row: row.topic):
        for number, row in enumerate(group):
            cells = " | ".join(row.cells[name].text for name in names)
            lines.append(
                f"| {'' if number else topic} | {row.quantity} | {_HOW[row.how]} | {cells} |"
            )
    return "\n".join(lines) + "\n"


def section(comparison: Comparison) -> str:
    """The comparison as a piece of HTML, with bars beside quantities that are numbers.

    It stands in any page that has the palette's variables and ``style``.
    """
    return "\n".join(_section(comparison))


def style() -> str:
    """CSS of the section, in the colours of the palette."""
    return resources.files(__package__).joinpath("compare.css").read_text("utf-8")


def page(comparison: Comparison) -> str:
    """A page of its own: nothing is fetched for it."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>Designs compared</title>\n<style>{variables()}{_PAGE_STYLE}{style()}</style>\n"
        "</head>\n<body>\n<main>\n"
        f"<h1>Designs compared</h1>\n{section(comparison)}\n</main>\n</body>\n</html>\n"
    )


def _section(comparison: Comparison) -> Iterator[str]:
    yield '<section class="duet-compare">'
    yield "<dl>"
    for name, what in comparison.designs.items():
        yield f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(what)}</dd></div>"
    yield "</dl>"
    for topic, rows in groupby(comparison.rows, key=lambda row: row.topic):
        heads = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in comparison.designs)
        yield f"<table><caption>{html.escape(topic)}</caption>"
        yield f'<thead><tr><th scope="col">quantity</th>{heads}</tr></thead><tbody>'
        for row in rows:
            how = f"<small>by {_HOW[row.how]}</small>"
            yield f'<tr><th scope="row">{html.escape(row.quantity)} {how}</th>'
            yield "".join(_cells(row, comparison.designs))
            yield "</tr>"
        yield "</tbody></table>"
    yield "<ul>"
    yield from (f"<li>{html.escape(note)}</li>" for note in notes(comparison))
    yield "</ul></section>"


def _cells(row: Row, names: Iterable[str]) -> Iterator[str]:
    """Cells with a bar as long as their number is large; the text says all that it shows."""
    greatest = max((cell.value or Decimal(0) for cell in row.cells.values()), default=Decimal(0))
    for name in names:
        cell = row.cells[name]
        bar = ""
        if cell.value is not None and greatest:
            width = float(cell.value / greatest * 100)
            bar = (
                '<svg class="chart" viewBox="0 0 100 4" preserveAspectRatio="none" '
                'aria-hidden="true">'
                f'<rect width="{width:.1f}" height="4"/></svg>'
            )
        yield f'<td data-of="{html.escape(name)}">{html.escape(cell.text)}{bar}</td>'


_PAGE_STYLE = """
body { margin: 0; background: var(--canvas); color: var(--text); line-height: 1.5;
  font-family: ui-sans-serif, system-ui, sans-serif; }
main { max-width: 75rem; margin: 0 auto; padding: 1rem; overflow-x: auto; }
"""
