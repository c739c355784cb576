"""A run beside the computed units, for people."""

from __future__ import annotations

from rich.console import Group
from rich.markup import escape
from rich.table import Table

from constructs_lib.insight.cost.beside import Beside, countable
from constructs_lib.insight.cost.tables import units_text
from constructs_lib.insight.cost.units import NOTHING, Units


def beside_table(side: Beside) -> Group:
    """Units computed and measured side by side; what differs stands out."""
    title = "one execution each, computed and measured on the embedded AWS"
    table = Table(title=title, title_justify="left")
    for name in ("execution", "computed", "measured"):
        table.add_column(name, overflow="fold")
    alike: dict[tuple[str, str, Units], int] = {}
    for each in side.executions:
        path = each.path.name if each.path else "no listed path"
        computed = each.computed
        key = (f"{each.workflow}: {path}", units_text(computed or NOTHING), each.measured)
        alike[key] = alike.get(key, 0) + 1
    for (what, computed_text, found), times in alike.items():
        measured_text = units_text(countable(found))
        table.add_row(
            escape(what) + (f" ({times} times)" if times > 1 else ""),
            computed_text,
            measured_text,
            style=None if computed_text == measured_text else "yellow",
        )
    besides = f"besides, measured together: {escape(units_text(side.rest))}\n"
    return Group(table, besides, *([f"{side.lacks}\n"] if side.lacks else []))
