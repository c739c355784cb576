"""Upstream gap: a workflow's own ``TimeoutSeconds`` is ignored, and a stopped one works on.

An execution over its limit, on the account's clock, ends as TIMED_OUT. At time scales between 0 and
1 the limit leaves at least ten seconds of real time, as tasks take real time. An execution that has
ended, by its limit or by StopExecution, stays as it ended: it starts no state, retries nothing, and
its history gets no further event but that of a redrive. MiniStack turned an aborted execution into
a failed one.
Source: Amazon States Language, "Timeouts" (read 2026-11-23).
"""

import json
import threading
from collections.abc import Callable, Mapping
from typing import cast

from ministack.services import stepfunctions

from constructs_lib.local.extensions import clock, current_run

MINIMUM_SECONDS = 10.0
REDRIVEN = "ExecutionRedriven"
LAST_EVENTS = ("ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut")

_Execution = dict[str, object]
_Event = dict[str, object]

_lock = threading.RLock()


def register() -> None:
    """Put the limit around executions, and hold ended ones as they are."""
    stepfunctions._run_execution = _limited(stepfunctions._run_execution)
    stepfunctions._stop_execution = _ending(stepfunctions._stop_execution)
    stepfunctions._fail_execution = _unless_ended(stepfunctions._fail_execution)
    stepfunctions._add_event = _unless_last(stepfunctions._add_event)
    stepfunctions._scaled_sleep = _while_running(stepfunctions._scaled_sleep)


def _limited(run_execution: Callable[[str], None]) -> Callable[[str], None]:
    def run(execution_arn: str) -> None:
        limit_seconds = _limit_seconds(execution_arn)
        if limit_seconds is None:
            run_execution(execution_arn)
            return
        timer = clock.call_later(
            limit_seconds,
            lambda: _time_out(execution_arn),
            answer_seconds=min(limit_seconds, MINIMUM_SECONDS),
        )
        try:
            run_execution(execution_arn)
        finally:
            timer.cancel()

    return run


def _limit_seconds(execution_arn: str) -> float | None:
    execution = stepfunctions._executions.get(execution_arn) or {}
    machine = stepfunctions._state_machines.get(execution.get("stateMachineArn")) or {}
    definition = json.loads(machine.get("definition", "{}"))
    return cast(float | None, definition.get("TimeoutSeconds"))


def _time_out(execution_arn: str) -> None:
    execution = stepfunctions._executions.get(execution_arn)
    with _lock:
        if not execution or execution["status"] != "RUNNING":
            return
        execution.update(
            status="TIMED_OUT", error="States.Timeout", cause="", stopDate=stepfunctions.now_iso()
        )
        stepfunctions._add_event(
            execution,
            "ExecutionTimedOut",
            {"executionTimedOutEventDetails": {"error": "States.Timeout"}},
        )
    stepfunctions._emit_execution_status_event(execution)
    _wake(execution_arn)


def _ending(
    stop: Callable[[Mapping[str, object]], object],
) -> Callable[[Mapping[str, object]], object]:
    def stop_and_wake(request: Mapping[str, object]) -> object:
        response = stop(request)
        if cast(tuple[int], response)[0] < 400:
            _wake(request.get("executionArn"))
        return response

    return stop_and_wake


def _wake(execution_arn: object) -> None:
    run = current_run.of(execution_arn)
    if run:
        run.end()


def _unless_ended(
    fail: Callable[[_Execution, str, str], None],
) -> Callable[[_Execution, str, str], None]:
    def fail_running(execution: _Execution, error: str, cause: str) -> None:
        if execution["status"] == "RUNNING":
            fail(execution, error, cause)

    return fail_running


def _unless_last(
    add: Callable[[_Execution, str, _Event | None], _Event],
) -> Callable[[_Execution, str, _Event | None], _Event]:
    def add_in_order(execution: _Execution, kind: str, details: _Event | None = None) -> _Event:
        # Branches write at the same time, and ids count up.
        with _lock:
            events = cast(list[_Event], execution["events"])
            if events and events[-1]["type"] in LAST_EVENTS and kind != REDRIVEN:
                return {}
            return add(execution, kind, details)

    return add_in_order


def _while_running(sleep: Callable[[float], None]) -> Callable[[float], None]:
    def sleep_while_running(seconds: float) -> None:
        # A pause before a retry; the end of the execution wakes it, and forbids the retry.
        current_run.require_running()
        sleep(seconds)
        current_run.require_running()

    return sleep_while_running
