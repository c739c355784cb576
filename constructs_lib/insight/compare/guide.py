"""The comparison's table in a guide: written by a command between two marks, compared by a test."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from constructs_lib.insight.compare.rows import Row
from constructs_lib.insight.compare.view import markdown
from constructs_lib.insight.errors import InsightError

_BEGIN = "<!-- begin of the table that `duet compare` writes -->"
_END = "<!-- end of the table -->"
_MARKED = re.compile(f"{re.escape(_BEGIN)}\n(.*?){re.escape(_END)}", re.DOTALL)


def write_table(path: Path, rows: Iterable[Row], designs: Iterable[str]) -> None:
    """Put the rows between the marks of a Markdown file.

    Raises:
        InsightError: The file cannot be read, or lacks the marks.
    """
    text = _read(path)
    table = f"{_BEGIN}\n{markdown(rows, designs)}{_END}"
    path.write_text(_MARKED.sub(lambda _: table, text, count=1), encoding="utf-8")


def table_lines(path: Path) -> list[str]:
    """The lines of the table in a Markdown file.

    Raises:
        InsightError: As above.
    """
    found = _MARKED.search(_read(path))
    return found[1].splitlines() if found else []


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InsightError(f"a guide must be a text file, got {path}: {error}") from None
    if not _MARKED.search(text):
        raise InsightError(
            f"a guide must have the lines {_BEGIN!r} and {_END!r}, {path} lacks them; add them "
            "where the table belongs"
        )
    return text
