"""The part of the pytest plugin that keeps what tests did: loaded for ``--duet-report`` alone."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter

from constructs_lib.counted import counted
from constructs_lib.insight.recording import record_run
from constructs_lib.insight.runs import RUNS_FOLDER, RecordedTest, Run, TestOutcome
from constructs_lib.testing.deployed.kept_runs import (
    keep_tested_assembly,
    merged_runs,
    write_runs,
)

if TYPE_CHECKING:
    from constructs_lib.local import EmbeddedAccount
    from constructs_lib.local.journal import Journal
    from constructs_lib.testing.deployed.worlds import World

_FIXTURES = {"duet", "duet_module", "duet_session"}
_OUTCOME = pytest.StashKey[TestOutcome]()
#: How workers of pytest-xdist hand their runs over.
_OUTPUT = "duet_runs"
_RUNS = TypeAdapter(list[Run])


class _Watched:
    """An account that is open, and up to where its journal has been read."""

    def __init__(self, account: EmbeddedAccount, world: World, assembly: str) -> None:
        self.account = account
        self.world = world
        self.assembly = assembly
        self.before: Journal | None = None


class RunKeeper:
    """A pytest plugin that records, after each test, what it did in the accounts that are open.

    Accounts that tests share are read on from where the test before ended. The session's runs are
    written into ``.duet/runs`` of the folder that pytest was called in, one file for each assembly.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._folder = config.invocation_params.dir / RUNS_FOLDER
        self._open: list[_Watched] = []
        self._parts: list[Run] = []
        self._assemblies: dict[Path, str] = {}
        self._files: list[Path] = []

    @contextmanager
    def watched(self, account: EmbeddedAccount, world: World) -> Iterator[None]:
        """Record what tests do in an account while this is entered."""
        if world.assembly not in self._assemblies:
            self._assemblies[world.assembly] = keep_tested_assembly(world.assembly, self._folder)
        watched = _Watched(account, world, self._assemblies[world.assembly])
        self._open.append(watched)
        try:
            yield
        finally:
            self._open.remove(watched)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Remember how the test ended: when it is recorded, it only is to be cleaned up."""
        report = yield
        if report.when == "call" or not report.passed:
            item.stash[_OUTCOME] = report.outcome
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """Record the test, while its accounts are still there."""
        uses = not _FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))
        test = RecordedTest(id=item.nodeid, outcome=item.stash.get(_OUTCOME, "failed"))
        for watched in self._open:
            run = _recorded(watched, test)
            if uses or run.executions or run.events:
                self._parts.append(run)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker has recorded; one that crashed hands nothing over."""
        if written := getattr(node, "workeroutput", {}).get(_OUTPUT):
            self._parts += _RUNS.validate_json(written)

    def pytest_sessionfinish(self) -> None:
        """Write the runs; workers leave that to the process that started them."""
        runs = merged_runs(self._parts)
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[_OUTPUT] = _RUNS.dump_json(runs).decode()
        elif runs:
            self._files = write_runs(runs, self._folder)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where the runs are, and what shows them."""
        terminalreporter.section("duet report")
        if not self._files:
            terminalreporter.line(
                "no test has used an embedded AWS, so there is nothing to show; a real account is "
                "not recorded"
            )
            return
        for run, file in zip(merged_runs(self._parts), self._files, strict=True):
            tests = counted(len(run.tests), "test")
            shown = file.relative_to(self._config.invocation_params.dir)
            done = f"{len(run.executions)} executions, {len(run.events)} events"
            terminalreporter.line(f"{shown}: {tests}, {done}")
        terminalreporter.line("to see them in pictures: duet report --open")
        if len(self._files) > 1:
            other = self._files[1].relative_to(self._config.invocation_params.dir)
            terminalreporter.line(f"of another assembly: duet report --run {other} --open")


def _recorded(watched: _Watched, test: RecordedTest) -> Run:
    """What has happened in an account since the last look, as this test's."""
    from botocore.exceptions import BotoCoreError, ClientError

    empty = Run(name="tests", recorded=datetime.now(UTC), time_scale=watched.world.time_scale)
    run = empty
    try:
        before = watched.before
        journal = watched.account.journal(after=before.last_number if before else 0)
        if journal.records:
            watched.before = journal
            run = record_run(
                watched.account,
                name="tests",
                time_scale=watched.world.time_scale,
                journal=journal,
                since=before,
            )
    # A test may have broken what is asked here: that is no reason to fail it.
    except (BotoCoreError, ClientError, OSError) as error:
        run = replace(empty, notes=(f"{test.id} was not recorded: {type(error).__name__}",))
    return replace(
        run,
        assembly=watched.assembly,
        tests=(test,),
        executions=tuple(replace(each, test=test.id) for each in run.executions),
        events=tuple(replace(each, test=test.id) for each in run.events),
    )
