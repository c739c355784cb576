"""Records a run, and keeps it as a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from constructs_lib.insight.cost.measured import Measured, measured
from constructs_lib.insight.cost.units import NOTHING, Units
from constructs_lib.insight.recording.events import events_of
from constructs_lib.insight.recording.executions import HISTORIES_MAX, executions_of
from constructs_lib.insight.recording.names import DeployedNames, deployed_names, workflow_of
from constructs_lib.insight.runs import RUNS_FOLDER, Run, keep_assembly, save_run
from constructs_lib.local.journal import EventArchived, ExecutionStarted, Journal

if TYPE_CHECKING:
    from constructs_lib.local.account import EmbeddedAccount


def record_run(
    account: EmbeddedAccount,
    *,
    name: str,
    time_scale: float = 1.0,
    journal: Journal | None = None,
    since: Journal | None = None,
) -> Run:
    """Record what happened in an account: call it while the stacks are still deployed.

    Args:
        name: How the report names the run.
        time_scale: The emulator's, so that the report can say so.
        journal: What to record, where it has been read already, with its counts of API calls.
        since: A former look at the journal: only what came after it.
    """
    if journal is None:
        journal = account.journal(after=since.last_number if since else 0)
    names = deployed_names(account)
    notes = []
    if journal.dropped:
        notes.append(f"the journal had let go of {journal.dropped} older records")
    billed = measured(journal, since=since)
    started = journal.of(ExecutionStarted)
    if len(started) > HISTORIES_MAX:
        notes.append(f"states are kept of {HISTORIES_MAX} of {len(started)} executions")
    return Run(
        name=name,
        recorded=datetime.now(UTC),
        time_scale=time_scale,
        executions=tuple(executions_of(account, journal, names, billed)),
        events=tuple(events_of(journal, names)),
        notes=tuple(notes),
        units=_billed_besides(journal, names, billed),
    )


def keep_run(
    account: EmbeddedAccount,
    *,
    assembly: Path,
    name: str,
    time_scale: float = 1.0,
    folder: Path = RUNS_FOLDER,
) -> Path:
    """Record what happened in an account, and keep it with what ``duet report`` draws it on.

    Args:
        assembly: The assembly that was deployed; its templates are copied, its assets not.
        name: Name of the run and of its file; a former run of that name is replaced.
    Returns:
        The run file.
    """
    run = record_run(account, name=name, time_scale=time_scale)
    kept = f"{name}.cdk.out"
    keep_assembly(assembly, folder / kept)
    file = folder / f"{name}.json"
    save_run(replace(run, assembly=kept), file)
    return file


def _billed_besides(
    journal: Journal, names: DeployedNames, billed: Measured
) -> dict[str, Mapping[str, Decimal]]:
    """What is billed besides the executions that the run tells of, by what used it."""
    told = {each.execution_arn for each in journal.of(ExecutionStarted)}
    archives = {each.archive_name for each in journal.of(EventArchived)}
    found: dict[str, Units] = {}
    for actor, used in billed.by_actor.items():
        if actor not in told:
            arn = f"arn:aws:events:::archive/{actor}" if actor in archives else actor
            # An execution that began before the run tells of what followed it.
            name = names.of(workflow_of(arn))
            found[name] = found.get(name, NOTHING) + used
    return {name: dict(used.counts) for name, used in sorted(found.items())}
