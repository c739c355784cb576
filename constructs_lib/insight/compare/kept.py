"""The newest comparison as a file: ``duet compare`` leaves it, ``duet report`` shows it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

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
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(_adapter().dump_json(_Kept(comparison=comparison), indent=1))


def load_comparison(file: Path) -> Comparison:
    """Read a comparison.

    Raises:
        InsightError: It cannot be read, or was written by another version.
    """
    try:
        kept = _adapter().validate_json(file.read_bytes())
    except OSError as error:
        raise InsightError(
            f"{file} cannot be read: {error.strerror}; run `duet compare` to make one"
        ) from error
    except ValueError as error:
        first = str(error).splitlines()[0]
        raise InsightError(f"{file} is no comparison: {first}; run `duet compare` again") from error
    if kept.version != _VERSION:
        raise InsightError(
            f"{file} has version {kept.version}, this is version {_VERSION}; "
            "run `duet compare` again"
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
