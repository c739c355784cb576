"""What happened on an embedded AWS, kept as a file: executions state by state, events hop by hop.

A run file holds names, times, sizes and outcomes, never a payload, an address or an error's cause.
``record_run`` makes one of everything that an account's journal has kept; ``duet report`` lays it
over the pictures of the assembly that was deployed.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from constructs_lib.insight import kept_file

if TYPE_CHECKING:
    from pydantic import TypeAdapter

#: Where run files are, in the folder that a command was called in.
RUNS_FOLDER = Path(".duet", "runs")
#: Where ``duet compare`` leaves what it has measured, likewise.
COMPARISON_FILE = Path(".duet", "comparison.json")
_VERSION = 1

#: How a test ended; what only went wrong while it was cleaned up is not told.
TestOutcome: TypeAlias = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt at a state; times in milliseconds since the execution began."""

    began_ms: float
    ended_ms: float | None = None
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One stay in a state.

    Attributes:
        state: The state's full name: ``Confirm email / Wait for confirmation``.
        entered_ms: Milliseconds since the execution began; likewise ``left_ms``.
        left_ms: None if it was never left.
        attempts: More than one are retries.
        error: The last attempt's error, caught or not.
        previous: Which step came before in the same branch or iteration, by its index.
        inside: The step of the Parallel or Map that it belongs to, by its index.
        part: ``branch 1``, ``iteration 7``; empty outside of these.
    """

    state: str
    entered_ms: float
    left_ms: float | None = None
    attempts: tuple[Attempt, ...] = ()
    error: str = ""
    input_bytes: int = 0
    output_bytes: int = 0
    previous: int | None = None
    inside: int | None = None
    part: str = ""


@dataclass(frozen=True, kw_only=True)
class Execution:
    """One execution of a workflow.

    Attributes:
        id: Its name.
        workflow: ``Stack/LogicalId`` if a stack made it, else its ARN.
        starter: Who started it, in words.
        steps: Empty if the emulator keeps no history of it.
        units: What it is billed for itself, by id of the price list: transitions, calls, events.
            None in files that were recorded before calls were.
        test: Id of the test that it belongs to; empty outside of tests.
    """

    id: str
    workflow: str
    status: str
    started: datetime
    duration_ms: float | None = None
    error: str = ""
    starter: str = ""
    input_bytes: int = 0
    faults: int = 0
    steps: tuple[Step, ...] = ()
    units: Mapping[str, Decimal] | None = None
    test: str = ""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What became of an event at one target of one rule.

    Attributes:
        rule: ``Stack/LogicalId`` if a stack made it, else its ARN; likewise ``target``.
        outcome: ``delivered``, ``dead-lettered``, ``dropped``, or what was seen last.
        after_ms: From its publication to this outcome.
        dead_letter: The queue that has it now.
        started: Name of the execution that came of it.
    """

    rule: str
    target: str
    attempts: int
    outcome: str
    after_ms: float
    error_code: str = ""
    dead_letter: str = ""
    started: str = ""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event on one bus.

    Attributes:
        bus: ``Stack/LogicalId`` if a stack made it, else its ARN; likewise ``publisher``, which is
            empty for clients of the API.
        matched: Rules that gave it to a target, or tried to.
        test: Id of the test that it belongs to; empty outside of tests.
    """

    id: str
    bus: str
    source: str
    detail_type: str
    at: datetime
    size_bytes: int
    publisher: str = ""
    publisher_state: str = ""
    replay: str = ""
    matched: tuple[str, ...] = ()
    archived_by: tuple[str, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    test: str = ""


@dataclass(frozen=True, kw_only=True)
class RecordedTest:
    """A test whose executions and events were recorded; ``id`` is pytest's node id."""

    id: str
    outcome: TestOutcome


@dataclass(frozen=True, kw_only=True)
class Run:
    """All that was recorded.

    Attributes:
        assembly: Folder of the assembly that was deployed, relative to the run file.
        time_scale: What a second of the workflows took in seconds.
        notes: What could not be recorded, in words.
        tests: In the order they ran; empty if no tests were recorded.
        units: What is billed besides, as of an execution, by what used it: ``Stack/LogicalId`` of a
            function, rule, pipe or archive if a stack made it, else its ARN; empty for clients.
            None in files that were recorded before calls were.
    """

    name: str
    recorded: datetime
    assembly: str = ""
    time_scale: float = 1.0
    executions: tuple[Execution, ...] = ()
    events: tuple[Event, ...] = ()
    notes: tuple[str, ...] = ()
    tests: tuple[RecordedTest, ...] = ()
    units: Mapping[str, Mapping[str, Decimal]] | None = None
    version: int = _VERSION


def save_run(run: Run, file: Path) -> None:
    """Write a run file; its folder is made."""
    kept_file.save(run, file, adapter=_adapter())


def load_run(file: Path) -> Run:
    """Read a run file.

    Raises:
        InsightError: It cannot be read, or was written by another version.
    """
    return kept_file.load(
        file,
        adapter=_adapter(),
        version=_VERSION,
        what="run file",
        make="run `duet demo` to make one",
        again="record the run again",
    )


def newest_run(folder: Path = RUNS_FOLDER) -> Path | None:
    """The run file that was written last; None if there is none."""
    return max(folder.glob("*.json"), key=lambda file: file.stat().st_mtime, default=None)


def keep_assembly(assembly: Path, folder: Path) -> None:
    """Copy of an assembly what pictures are made of: templates and metadata, no assets."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(
        assembly,
        folder,
        ignore=lambda _, names: [
            name
            for name in names
            if not name.endswith(".json") and name != "cdk.out" and not name.startswith("assembly-")
        ],
    )


def _adapter() -> TypeAdapter[Run]:
    # Loaded when there is a run: pictures alone do without.
    from pydantic import TypeAdapter

    return TypeAdapter(Run)
