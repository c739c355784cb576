"""The comparison's views, its published figures, and what it refuses."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from constructs_lib.commands.compare import app
from constructs_lib.insight import InsightError
from constructs_lib.insight.compare import (
    Cell,
    Comparison,
    Row,
    load_comparison,
    markdown,
    page,
    save_comparison,
    show,
)
from constructs_lib.insight.compare.designs import DESIGNS
from constructs_lib.insight.compare.guide import table_lines, write_table
from constructs_lib.insight.compare.published import published
from constructs_lib.insight.compare.structure import ceilings
from tests.insight.machines import SUCCEED, machine, read

_NAMES = [design.name for design in DESIGNS]


def _row(*values: int, quantity: str = "things <here>") -> Row:
    cells = {
        name: Cell(text=str(value), value=Decimal(value))
        for name, value in zip(_NAMES, values, strict=True)
    }
    return Row(topic="control", quantity=quantity, how="templates", cells=cells)


_COMPARISON = Comparison(
    rows=[_row(1, 8, 0), _row(2, 2, 2)], sign_ups=3, measured=datetime(2026, 11, 27, tzinfo=UTC)
)


class _Page(HTMLParser):
    """Bars and what would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.bars: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "rect":
            self.bars.append(str(attributes["width"]))
        self.fetched += [str(value) for key, value in attrs if key in ("src", "href")]


def _read(text: str) -> _Page:
    parsed = _Page()
    parsed.feed(text)
    return parsed


def test_a_bar_is_as_long_as_its_number_is_large() -> None:
    assert _read(page(_COMPARISON)).bars[:3] == ["12.5", "100.0", "0.0"]


def test_the_page_fetches_nothing_and_keeps_text_from_being_markup() -> None:
    written = page(_COMPARISON)

    assert not _read(written).fetched
    assert "things &lt;here&gt;" in written


def test_the_page_names_its_columns_and_rows() -> None:
    written = page(_COMPARISON)

    assert written.count('<th scope="col">') == 1 + len(_NAMES)
    assert written.count('<th scope="row">') == 2


def test_a_topic_stands_at_its_first_row_alone() -> None:
    lines = markdown(_COMPARISON.rows, _NAMES).splitlines()

    assert [line.split("|")[1].strip() for line in lines[2:]] == ["control", ""]


def test_the_console_shows_designs_rows_and_sources() -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    show(console, _COMPARISON)
    shown = console.export_text()

    assert "things <here>" in shown
    assert "one workflow reserves the address" in shown
    assert "(read 2026-11-" in shown


def test_json_has_the_numbers() -> None:
    written = json.loads(json.dumps(_COMPARISON.to_json()))

    assert written["rows"][0]["cells"]["choreographed"] == {"text": "8", "value": 8.0}


def test_published_figures_name_their_page_and_day() -> None:
    facts = published()
    sources = [(each.page, each.read_on) for each in facts.quotas.values()]
    sources += [(each.page, each.read_on) for each in facts.latencies.values()]

    assert all(page_.startswith("https://") for page_, _ in sources)
    assert all(date(2026, 11, 22) <= day <= date(2026, 11, 27) for _, day in sources)


def test_the_lowest_ceiling_comes_first() -> None:
    found = ceilings(
        {"state-transitions": Decimal(10), "user-creations": Decimal(1), "events-put": Decimal(0)}
    )

    assert [f"{each.quota.id} {each.per_second}" for each in found] == [
        "user-creations 50",
        "state-transitions 150",
    ]


@pytest.fixture
def guide(tmp_path: Path) -> Path:
    path = tmp_path / "guide.md"
    path.write_text(
        "# Title\n\n<!-- begin of the table that `duet compare` writes -->\nold\n"
        "<!-- end of the table -->\n\nMore.\n",
        encoding="utf-8",
    )
    return path


def test_a_table_is_written_between_the_marks_of_a_guide(guide: Path) -> None:
    write_table(guide, _COMPARISON.rows, _NAMES)

    assert table_lines(guide) == markdown(_COMPARISON.rows, _NAMES).splitlines()
    assert guide.read_text("utf-8").endswith("<!-- end of the table -->\n\nMore.\n")


def test_writing_again_replaces_the_table(guide: Path) -> None:
    write_table(guide, _COMPARISON.rows, _NAMES)
    write_table(guide, _COMPARISON.rows[:1], _NAMES)

    assert len(table_lines(guide)) == 3


def test_a_guide_without_marks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "guide.md"
    path.write_text("# Title\n", encoding="utf-8")

    with pytest.raises(InsightError, match="lacks them; add them"):
        write_table(path, _COMPARISON.rows, _NAMES)


def test_an_assembly_of_another_app_is_refused_before_anything_starts(tmp_path: Path) -> None:
    read(tmp_path, machine("Done", Done=SUCCEED))

    ran = CliRunner().invoke(app, [str(tmp_path / "flow.template.json")])

    assert ran.exit_code == 2
    assert "the designs of Duet's example must be in the assembly" in ran.output


def test_a_row_says_how_it_is_known() -> None:
    local = replace(_row(1, 2, 3), how="local")

    assert "| times here |" in markdown([local], _NAMES)


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "new folder" / "comparison.json"
    save_comparison(_COMPARISON, file)

    assert load_comparison(file) == _COMPARISON


@pytest.mark.parametrize(
    ("old", "new", "refusal"),
    [
        ('"rows"', '"lines"', "is no comparison"),
        ('"version": 1', '"version": 99', "has version 99"),
        ('"hybrid"', '"monolithic"', "it compares other designs"),
    ],
)
def test_a_file_of_something_else_is_refused(
    tmp_path: Path, old: str, new: str, refusal: str
) -> None:
    file = tmp_path / "comparison.json"
    save_comparison(_COMPARISON, file)
    file.write_text(file.read_text("utf-8").replace(old, new), encoding="utf-8")

    with pytest.raises(InsightError, match=f"{refusal}.*run `duet compare` again"):
        load_comparison(file)


def test_a_file_that_is_not_there_is_told_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(InsightError, match="run `duet compare` to make one"):
        load_comparison(tmp_path / "none.json")
