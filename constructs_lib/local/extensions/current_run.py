"""Upstream gap: each execution begins with a fixed ``time.sleep(0.15)``, nearly all of its time.

Here exactly that call is skipped; no other wait is touched. As the extensions of Step Functions
need it, this file also knows for which execution the current thread works, and whether it is over.
"""

import contextvars
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from ministack.services import stepfunctions

START_SECONDS = 0.15
Execution = dict[str, object]


@dataclass
class Run:
    """An execution at work; ``ended`` is set once it is over, though threads may still run."""

    execution: Execution
    ended: threading.Event = field(default_factory=threading.Event)
    task_tokens: set[str] = field(default_factory=set)
    starting: bool = True

    def end(self) -> None:
        """Wake what waits: pauses, and tasks for their tokens."""
        self.ended.set()
        for token in tuple(self.task_tokens):
            waiting = stepfunctions._task_tokens.get(token)
            if waiting:
                waiting["error"] = {"Error": "States.Runtime", "Cause": "The execution is over."}
                waiting["event"].set()


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
    """The execution whose history the current thread writes; a child's in a distributed Map."""
    run = _current.get()
    return run.execution if run else None


def require_running() -> None:
    """End the current thread's work, uncatchably, if its execution is over."""
    run = _current.get()
    if run and run.ended.is_set():
        raise stepfunctions._ExecutionError("States.Runtime", "The execution is over.")


def enter(execution: Execution) -> None:
    """Go on for ``execution`` in this thread; a child of a distributed Map, or the same again."""
    run = _current.get()
    if run and run.execution is not execution:
        # What ends the outer execution ends this one.
        _current.set(Run(execution, run.ended, run.task_tokens, starting=False))


def of(execution_arn: object) -> Run | None:
    """The run of an execution that is not over."""
    return _runs.get(str(execution_arn))


def _known(run_execution: Callable[[str], None]) -> Callable[[str], None]:
    def run(execution_arn: str) -> None:
        execution = stepfunctions._executions.get(execution_arn)
        this = Run(cast(Execution, execution or {}))
        outer = _current.set(this)
        _runs[execution_arn] = this
        try:
            run_execution(execution_arn)
        finally:
            _runs.pop(execution_arn, None)
            _current.reset(outer)

    return run


class _Time:
    """The ``time`` module as Step Functions sees it."""

    def __getattr__(self, name: str) -> object:
        return getattr(time, name)

    def sleep(self, seconds: float) -> None:
        """Sleep, unless it is an execution's start; end early with the execution."""
        run = _current.get()
        if run is None:
            time.sleep(seconds)
        elif run.starting and seconds == START_SECONDS:
            run.starting = False
        else:
            run.ended.wait(seconds)
