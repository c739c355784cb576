"""The cases: those of the project, and those that others recorded, kept beside the project."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent
SHARED_FOLDER = Path(os.environ.get("DUET_PARITY_FOLDER", _FOLDER.parents[2] / "shared" / "parity"))
_KINDS = ("workflows", "event_patterns", "input_transformers")


@dataclass(frozen=True)
class Case:
    """One thing AWS was asked, or is documented to do, and its answer."""

    kind: str
    id: str
    feature: str
    is_own: bool
    given: dict[str, Any]

    @property
    def expected(self) -> Any:
        """AWS's answer, in the form of its kind."""
        return self.given["expected"]


@cache
def own_cases() -> tuple[Case, ...]:
    """The project's own, from documentation."""
    return _read(_FOLDER / "cases", is_own=True)


@cache
def shared_cases() -> tuple[Case, ...]:
    """Those of others; none where their folder is absent."""
    return _read(SHARED_FOLDER, is_own=False)


@cache
def expected_failures() -> dict[str, dict[str, str]]:
    """Ids of cases that are known to fail, with the reason, for ``answers`` and ``histories``."""
    text = (_FOLDER / "expected_failures.json").read_text(encoding="utf-8")
    listed: dict[str, dict[str, str]] = json.loads(text)
    return listed


def _read(folder: Path, *, is_own: bool) -> tuple[Case, ...]:
    return tuple(
        Case(kind, given["id"], given.get("area", kind).replace("_", " "), is_own, given)
        for kind in _KINDS
        if (folder / f"{kind}.json").exists()
        for given in json.loads((folder / f"{kind}.json").read_text(encoding="utf-8"))["cases"]
    )
