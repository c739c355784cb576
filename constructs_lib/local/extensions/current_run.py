"""Upstream gap: each execution begins with a fixed ``time.sleep(0.15)``, nearly all of its time.

Here exactly that call is skipped; no other wait is touched. As the extensions of Step Functions
need it, this file also knows for which execution the current thread works, and whether it is over.
"""

import contextvars
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

from ministack.services import stepfunctions

from constructs_lib.local.extensions.clock import Event

START_SECONDS = 0.15
_WAKE_SECONDS = 1.0
_WAKE_POLL_SECONDS = 0.001
Execution = dict[str, object]


@dataclass
class Run:
    """An execution at work; ``ended`` is set once it is over, though threads may still run."""

    execution: Execution
    ended: Event = field(default_factory=Event)
    task_tokens: set[str] = field(default_factory=set)
    on_end: set[Callable[[], None]] = field(default_factory=set)
    starting: bool = True

    def end(self) -> None:
        """Wake what waits: pauses, and tasks for their tokens; end what runs for it."""
        self.ended.set()
        for token in tuple(self.task_tokens):
            self._wake(token)
        for tell in tuple(self.on_end):
            tell()

    def _wake(self, token: str) -> None:
        # A task that begins is in the list a moment before it can be woken.
        deadline = time.monotonic() + _WAKE_SECONDS
        while token in self.task_tokens and time.monotonic() < deadline:
            waiting = stepfunctions._task_tokens.get(token)
            if waiting:
                waiting["error"] = {"Error": "States.Runtime", "Cause": "The execution is over."}
                waiting["event"].set()
                return
            time.sleep(_WAKE_POLL_SECONDS)


_current: contextvars.ContextVar[Run | None] = contextvars.ContextVar("run", default=None)
_runs: dict[str, Run] = {}


def register() -> None:
    """Let executions be known to their threads, and start at once."""
    stepfunctions._run_execution = _known(stepfunctions._run_execution)
    stepfunctions.time = _Time()


def current() -> Run | None:
    """The run that the current thread works for."""
    return _current.get()


def current_execution() -> Execution | None:
    """The execution whose history the current thread writes; a child's in a Distributed Map."""
    run = _current.get()
    return run.execution if run else None


def require_running() -> None:
    """End the current thread's work, uncatchably, if its execution is over."""
    run = _current.get()
    if run and run.ended.is_set():
        raise stepfunctions._ExecutionError("States.Runtime", "The execution is over.")


def of(execution_arn: object) -> Run | None:
    """The run of an execution that is not over."""
    return _runs.get(str(execution_arn))


@contextmanager
def at_work_for(execution_arn: str, execution: Execution, *, starting: bool) -> Iterator[None]:
    """Make the current thread work for ``execution``, as its run or a child of another one."""
    this = Run(execution, starting=starting)
    outer = _current.set(this)
    _runs[execution_arn] = this
    try:
        yield
    finally:
        _runs.pop(execution_arn, None)
        _current.reset(outer)


@contextmanager
def part() -> Iterator[Run | None]:
    """Make the current thread work for a part of its run, which can end before the whole does."""
    whole = _current.get()
    if whole is None:
        yield None
        return
    this = Run(whole.execution, starting=False)
    whole.on_end.add(this.end)
    if whole.ended.is_set():
        this.end()
    outer = _current.set(this)
    try:
        yield this
    finally:
        _current.reset(outer)
        whole.on_end.discard(this.end)


def _known(run_execution: Callable[[str], None]) -> Callable[[str], None]:
    def run(execution_arn: str) -> None:
        execution = cast(Execution, stepfunctions._executions.get(execution_arn) or {})
        with at_work_for(execution_arn, execution, starting=True):
            run_execution(execution_arn)

    return run


class _Time:
    """The ``time`` module as Step Functions sees it."""

    def __getattr__(self, name: str) -> object:
        return getattr(time, name)

    def sleep(self, seconds: float) -> None:
        """Sleep, unless it is an execution's start."""
        run = _current.get()
        if run is not None and run.starting and seconds == START_SECONDS:
            run.starting = False
        else:
            time.sleep(seconds)
