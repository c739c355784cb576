"""What works, and whom the clock waits for: executions, their branches, functions.

Step Functions' own threads and events are replaced by such as the clock knows; ``WorkPool`` is the
same for the extensions' pools. Not waited for: requests from outside, and what pipes and event
source mappings have not read yet.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from ministack.services import lambda_svc, stepfunctions

from constructs_lib.local.extensions import clock

_Result = TypeVar("_Result")


def register() -> None:
    """Let the clock know executions and functions while they are at work."""
    stepfunctions.threading = _Threading()
    stepfunctions._run_execution = _counted(stepfunctions._run_execution)
    lambda_svc._execute_function = _counted(lambda_svc._execute_function)
    stepfunctions.now_iso = clock.now_iso


def _counted(work: Callable[..., _Result]) -> Callable[..., _Result]:
    def run(*arguments: object) -> _Result:
        with clock.working(clock.current()):
            return work(*arguments)

    return run


class WorkPool(ThreadPoolExecutor):
    """A pool whose work the clock waits for, as far as a thread is free for it."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers)
        self._workers = workers
        self._clock = clock.current()
        self._open = 0
        self._lock = threading.Lock()
        self._all_over: clock.Event | None = None

    def start(self, work: Callable[[], _Result]) -> Future[_Result]:
        """Do ``work`` in the current context as soon as a thread is free."""
        with self._lock:
            self._open += 1
            if self._open <= self._workers:
                self._clock.enter()
        context = contextvars.copy_context()
        made = self.submit(self._at_work, context, work)
        made.add_done_callback(self._on_end)
        return made

    def join(self) -> None:
        """Wait until all that was started is over."""
        with self._lock:
            if not self._open:
                return
            self._all_over = over = clock.Event()
        over.wait()

    def _at_work(self, context: contextvars.Context, work: Callable[[], _Result]) -> _Result:
        with clock.counted_elsewhere(self._clock):
            return context.run(work)

    def _on_end(self, _ended: Future[_Result]) -> None:
        with self._lock:
            self._open -= 1
            if self._all_over and not self._open:
                self._all_over.set()
            if self._open < self._workers:
                self._clock.leave()


class _Thread:
    """``threading.Thread`` as far as Step Functions uses it."""

    def __init__(
        self,
        target: Callable[..., object],
        args: Sequence[object],
        *,
        daemon: bool,  # noqa: ARG002 - all are
    ) -> None:
        self._work: Callable[[], object] = partial(target, *args)
        self._over = clock.Event()

    def start(self) -> None:
        """Start it."""
        clock.start(self._work_and_tell)

    def join(self) -> None:
        """Wait until it is over."""
        self._over.wait()

    def _work_and_tell(self) -> None:
        try:
            self._work()
        finally:
            self._over.set()


class _Answer(clock.Event):
    """What a task waits for that somebody else answers."""

    answer_seconds = clock.ANSWER_SECONDS

    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002 - MiniStack's, not AWS's
        """Wait for the answer, as long as ``with_answer_limit`` says."""
        with clock.current().awaiting_answer():
            return super().wait(_answer_limit.get())


_answer_limit: contextvars.ContextVar[float | None] = contextvars.ContextVar(
    "answer_limit", default=None
)


class _Threading:
    """The ``threading`` module as Step Functions sees it."""

    Thread = _Thread
    Event = _Answer

    def __getattr__(self, name: str) -> object:
        return getattr(threading, name)


def with_answer_limit(limit_seconds: float | None, call: Callable[[], _Result]) -> _Result:
    """Call ``call``, in which a task's answer is awaited no longer than that on the clock."""
    outer = _answer_limit.set(limit_seconds)
    try:
        return call()
    finally:
        _answer_limit.reset(outer)
