"""What tests did, as run files: each execution and event with the test that it belongs to."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from constructs_lib.insight.cost.units import NOTHING, Units
from constructs_lib.insight.runs import Run, keep_assembly, save_run

_NAME = "tests"


def keep_tested_assembly(assembly: Path, folder: Path) -> str:
    """Copy what pictures are made of into the folder of run files.

    Assemblies of the same content are kept once, also when several processes keep them together.

    Returns:
        The name of the copy there.
    """
    scratch = folder / f".{_NAME}-{os.getpid()}"
    scratch.parent.mkdir(parents=True, exist_ok=True)
    keep_assembly(assembly, scratch)
    digest = hashlib.sha256()
    for file in sorted(each for each in scratch.rglob("*") if each.is_file()):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(scratch)} {len(content)}\n".encode() + content)
    kept = folder / f"{_NAME}-{digest.hexdigest()[:12]}.cdk.out"
    try:
        scratch.rename(kept)
    except OSError:
        # It is there: a folder takes the place of an empty one alone.
        if not kept.is_dir():
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return kept.name


def merged_runs(parts: Iterable[Run]) -> list[Run]:
    """One run for each assembly, that with the most tests first.

    Args:
        parts: Of single tests, or of processes.
    """
    by_assembly: dict[str, list[Run]] = {}
    for part in parts:
        by_assembly.setdefault(part.assembly, []).append(part)
    merged = sorted(map(_merged, by_assembly.values()), key=lambda run: -len(run.tests))
    return [
        replace(run, name=f"{_NAME}-{number}" if number > 1 else _NAME)
        for number, run in enumerate(merged, 1)
    ]


def write_runs(runs: Sequence[Run], folder: Path) -> list[Path]:
    """Write the runs of a session in the place of those of the one before.

    Returns:
        Their files, in the order of the runs.
    """
    files = [folder / f"{run.name}.json" for run in runs]
    # The last one written is what ``duet report`` shows unless told otherwise.
    for run, file in reversed(list(zip(runs, files, strict=True))):
        save_run(run, file)
    kept = {run.assembly for run in runs}
    for old in folder.glob(f"{_NAME}*"):
        if re.fullmatch(rf"{_NAME}-[0-9a-f]{{12}}\.cdk\.out", old.name) and old.name not in kept:
            shutil.rmtree(old, ignore_errors=True)
        elif re.fullmatch(rf"{_NAME}(-\d+)?\.json", old.name) and old not in files:
            old.unlink(missing_ok=True)
    return files


def _merged(parts: Sequence[Run]) -> Run:
    scales = sorted({part.time_scale for part in parts})
    notes = [note for part in parts for note in part.notes]
    if len(scales) > 1:
        paces = ", ".join(f"{scale:g}" for scale in scales)
        notes.append(f"not all waits ran at the same speed: time scales {paces}")
    tests = {test.id: test for part in parts for test in part.tests}
    return replace(
        parts[0],
        recorded=max(part.recorded for part in parts),
        time_scale=scales[0],
        executions=tuple(each for part in parts for each in part.executions),
        events=tuple(each for part in parts for each in part.events),
        notes=tuple(dict.fromkeys(notes)),
        tests=tuple(tests.values()),
        units=_added_up(part.units for part in parts if part.units is not None),
    )


def _added_up(
    parts: Iterable[Mapping[str, Mapping[str, Decimal]]],
) -> Mapping[str, Mapping[str, Decimal]] | None:
    """What was billed in all parts, by what used it; None if no part tells."""
    found: dict[str, Units] | None = None
    for part in parts:
        found = found or {}
        for name, counts in part.items():
            found[name] = found.get(name, NOTHING) + Units(counts)
    return None if found is None else {name: dict(used.counts) for name, used in found.items()}
