"""The newest comparison as a file: ``duet compare`` leaves it, ``duet report`` shows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from constructs_lib.insight import kept_file
from constructs_lib.insight.compare.comparison import Comparison
from constructs_lib.insight.errors import InsightError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class _Kept:
    comparison: Comparison
    version: int = _VERSION


def save_comparison(comparison: Comparison, file: Path) -> None:
    """Write a comparison; its folder is made."""
    kept_file.save(_Kept(comparison=comparison), file, adapter=_adapter())


def load_comparison(file: Path) -> Comparison:
    """Read a comparison.

    Raises:
        InsightError: It cannot be read, or was written by another version.
    """
    kept = kept_file.load(
        file,
        adapter=_adapter(),
        version=_VERSION,
        what="comparison",
        make="run `duet compare` to make one",
        again="run `duet compare` again",
    )
    designs = set(kept.comparison.designs)
    if any(row.cells.keys() != designs for row in kept.comparison.rows):
        raise InsightError(
            f"{file} must compare {', '.join(sorted(designs))}, it compares other designs; "
            "run `duet compare` again"
        )
    return kept.comparison


def _adapter() -> TypeAdapter[_Kept]:
    from pydantic import TypeAdapter

    return TypeAdapter(_Kept)
