"""Runs that could be shown instead: what else is in the folder of the run file."""

from __future__ import annotations

import shlex
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from constructs_lib.counted import counted
from constructs_lib.insight.errors import InsightError
from constructs_lib.insight.runs import Run, load_run

#: Of more files than these, the newest are told.
_MOST = 20


@dataclass(frozen=True, kw_only=True)
class OtherRun:
    """A run beside the one that is shown, and the command that shows it."""

    name: str
    recorded: str
    age: Literal["newer", "older"]
    counts: str
    command: str


def other_runs(shown: Run, file: Path) -> list[OtherRun]:
    """The other run files in the folder of this one, the newest first.

    Args:
        shown: What ``file`` holds.
    """
    others: list[tuple[Run, Path]] = []
    for other in file.parent.glob("*.json"):
        # Anything may lie there, and files of other versions of Duet.
        with suppress(InsightError):
            if not other.samefile(file):
                others.append((load_run(other), other))
    others.sort(key=lambda each: each[0].recorded, reverse=True)
    return [_told(run, path, shown) for run, path in others[:_MOST]]


def _told(run: Run, path: Path, shown: Run) -> OtherRun:
    done = counted(len(run.executions), "execution")
    return OtherRun(
        name=run.name,
        recorded=f"{run.recorded:%Y-%m-%d %H:%M} UTC",
        age="newer" if run.recorded > shown.recorded else "older",
        counts=f"{done} of {counted(len(run.tests), 'test')}" if run.tests else done,
        command=shlex.join(["duet", "report", "--run", str(path)]),
    )
