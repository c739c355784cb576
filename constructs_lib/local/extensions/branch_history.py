"""Upstream gap: Parallel and Map tell nothing of their branches and iterations as such.

``ParallelStateStarted``, ``MapStateStarted``, ``MapIterationStarted`` and what they end in are
written, a Map's or Parallel's failure once its retries are used up.
Source: Step Functions API reference, HistoryEvent (read 2026-11-23).
"""

import contextvars
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import cast

from ministack.services import stepfunctions

from constructs_lib.local.extensions import current_run
from constructs_lib.local.extensions.state_errors import RUNTIME

_State = Mapping[str, object]
_Context = dict[str, object]

# Name of the Map and number of the iteration that the current thread is about to run.
_iteration: contextvars.ContextVar[tuple[object, int] | None] = contextvars.ContextVar(
    "iteration", default=None
)


def register() -> None:
    """Write the events around what runs branches and iterations."""
    stepfunctions._run_parallel_branches = _started(stepfunctions._run_parallel_branches)
    stepfunctions._with_retry_and_catch = _attempts
    stepfunctions._run_sub_machine = _iterating(stepfunctions._run_sub_machine)


@contextmanager
def iteration(map_name: object, index: int) -> Iterator[None]:
    """Say that the next sub-machine of the current thread is an iteration of a Map."""
    outer = _iteration.set((map_name, index))
    try:
        yield
    finally:
        _iteration.reset(outer)


def _started(run_branches: Callable[..., object]) -> Callable[..., object]:
    def run(state: _State, state_input: object, execution: object, context: _Context) -> object:
        stepfunctions._add_event(execution, "ParallelStateStarted")
        output = run_branches(state, state_input, execution, context)
        stepfunctions._add_event(execution, "ParallelStateSucceeded")
        return output

    return run


def _iterating(run_sub_machine: Callable[..., object]) -> Callable[..., object]:
    def run(
        states: _State, first: str, state_input: object, execution: object, context: _Context
    ) -> object:
        this = _iteration.get()
        if this is None:
            return run_sub_machine(states, first, state_input, execution, context)

        def note(moment: str) -> None:
            details = {"name": this[0], "index": this[1]}
            named = {f"mapIteration{moment}EventDetails": details}
            stepfunctions._add_event(execution, f"MapIteration{moment}", named)

        note("Started")
        # What an iteration runs in turn is none of this Map.
        _iteration.set(None)
        try:
            output = run_sub_machine(states, first, state_input, execution, context)
        except Exception:
            note("Failed")
            raise
        note("Succeeded")
        return output

    return run


def _attempts(
    state: _State, state_input: object, context: _Context, attempt: Callable[[], object]
) -> object:
    entered = cast(_Context, context["State"])
    retries: dict[int, int] = {}
    while True:
        # Branches leave their own state in the context.
        context["State"] = {**entered, "RetryCount": sum(retries.values())}
        try:
            return attempt()
        except stepfunctions._ExecutionError as error:
            context["State"] = entered
            retrier, number = stepfunctions._find_matching_retrier(
                state.get("Retry", []), error.error, retries
            )
            if retrier is not None:
                delay = retrier.get("IntervalSeconds", 1)
                delay *= retrier.get("BackoffRate", 2.0) ** retries.get(number, 0)
                stepfunctions._scaled_sleep(delay)
                retries[number] = retries.get(number, 0) + 1
                continue
            execution = current_run.current_execution()
            if execution is not None and error.error != RUNTIME:
                stepfunctions._add_event(execution, f"{state['Type']}StateFailed")
            catcher = stepfunctions._find_matching_catcher(state.get("Catch", []), error.error)
            if catcher is None:
                raise
            told = {"Error": error.error, "Cause": error.cause}
            language = stepfunctions._state_query_language(state, context)
            output = stepfunctions._apply_catcher(catcher, state_input, context, language, told)
            return output, catcher["Next"]
