"""Upstream gap: a branch that fails lets the others go on, and the Parallel waits for them.

A Parallel state, or an inline Map, fails with the error of the branch or iteration that failed
first, and the others end there: their tasks stop to wait for tokens, they start no state, retry
nothing, and write no more history. MiniStack waits for every branch, a day for one with a task
token, and takes the error of the first branch in the definition.

AWS also writes events such as TaskStateAborted, which are not emulated; what a task of another
branch has called runs to its end.
Source: Step Functions developer guide, "Parallel workflow state", "Map workflow state" (read
2026-11-23).
"""

import contextvars
import threading
from collections.abc import Callable, Mapping

from ministack.services import stepfunctions

from constructs_lib.local.extensions import current_run

_State = Mapping[str, object]
_Run = Callable[..., object]


class _Branches:
    """The branches of one state at work; the first failure is the state's."""

    def __init__(self, run: current_run.Run) -> None:
        self.run = run
        self.failure: Exception | None = None
        self._lock = threading.Lock()

    def are_of(self, execution: object) -> bool:
        """Whether they belong to ``execution``, and not to one that is nested in it."""
        return self.run.execution is execution

    def fail(self, failure: Exception) -> None:
        """Note the first failure and end the other branches."""
        with self._lock:
            if self.failure is not None or self.run.ended.is_set():
                return
            self.failure = failure
        self.run.end()


# Copied into the branches' threads.
_branches: contextvars.ContextVar[_Branches | None] = contextvars.ContextVar(
    "branches", default=None
)


def register() -> None:
    """Tie the branches of a state together."""
    stepfunctions._run_parallel_branches = _together(stepfunctions._run_parallel_branches)
    stepfunctions._run_map_items = _together(stepfunctions._run_map_items)
    stepfunctions._run_sub_machine = _telling(stepfunctions._run_sub_machine)
    stepfunctions._add_event = _unless_over(stepfunctions._add_event)


def _together(run_all: _Run) -> _Run:
    def run(*arguments: object) -> object:
        with current_run.part() as part:
            if part is None:
                return run_all(*arguments)
            branches = _Branches(part)
            outer = _branches.set(branches)
            try:
                return run_all(*arguments)
            except stepfunctions._ExecutionError as error:
                raise branches.failure or error from None
            finally:
                _branches.reset(outer)

    return run


def _telling(run_sub_machine: _Run) -> _Run:
    def run(*arguments: object) -> object:
        branches = _branches.get()
        try:
            return run_sub_machine(*arguments)
        except Exception as failure:
            if branches is not None and branches.are_of(current_run.current_execution()):
                branches.fail(failure)
            raise

    return run


def _unless_over(add_event: Callable[..., object]) -> Callable[..., object]:
    def add(execution: object, *event: object) -> object:
        branches = _branches.get()
        if branches is not None and branches.are_of(execution) and branches.run.ended.is_set():
            return {}
        return add_event(execution, *event)

    return add
