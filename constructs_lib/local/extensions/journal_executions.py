"""The journal of executions: who started each, how it ended, and how many transitions it took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import cast

from ministack.services import stepfunctions

from constructs_lib.local._journal_records import ExecutionEnded, ExecutionStarted
from constructs_lib.local.extensions import journal_store
from constructs_lib.local.extensions.journal_callers import A_WORKFLOW, acting_as, current_caller
from constructs_lib.local.extensions.workflow_limits import LAST_EVENTS

_Execution = Mapping[str, object]
_AddEvent = Callable[..., Mapping[str, object]]
# What begins an attempt, by what enters the state.
_ATTEMPTS = {
    "TaskStateEntered": ("TaskScheduled", "LambdaFunctionScheduled", "ActivityScheduled"),
    "ParallelStateEntered": ("ParallelStateStarted",),
    "MapStateEntered": ("MapStateStarted", "MapRunStarted"),
}


def register() -> None:
    """Look at executions as they begin, and at the last event of their history."""
    stepfunctions._run_execution = _beginning(stepfunctions._run_execution)
    stepfunctions._add_event = _watching(stepfunctions._add_event)


def _beginning(run_execution: Callable[[str], None]) -> Callable[[str], None]:
    def run(execution_arn: str) -> None:
        # Whoever starts an execution is at work in its thread until here.
        execution = stepfunctions._executions.get(execution_arn)
        # One that is redriven goes on: it began before.
        if execution and not execution.get("redriveCount"):
            _begin(execution)
        with acting_as(A_WORKFLOW):
            run_execution(execution_arn)

    return run


def _watching(add_event: _AddEvent) -> _AddEvent:
    def add(execution: _Execution, kind: str, details: object = None) -> Mapping[str, object]:
        event = add_event(execution, kind, details)
        # None was added to a history that had ended before.
        if kind in LAST_EVENTS and event:
            _end(execution)
        elif kind == "ExecutionStarted":
            # A child of a Distributed Map; the others begin with their history written.
            _begin(execution)
        return event

    return add


def _begin(execution: _Execution) -> None:
    text = str(execution.get("input") or "")
    journal_store.add(
        ExecutionStarted,
        execution_arn=execution["executionArn"],
        state_machine_arn=execution["stateMachineArn"],
        is_express=_is_express(execution),
        starter=current_caller(),
        input_bytes=len(text) if text.isascii() else len(text.encode()),
    )


def _end(execution: _Execution) -> None:
    kinds = Counter(_kinds_since_redrive(execution))
    began = datetime.fromisoformat(str(execution["startDate"]))
    ended = datetime.fromisoformat(str(execution["stopDate"]))
    journal_store.add(
        ExecutionEnded,
        execution_arn=execution["executionArn"],
        state_machine_arn=execution["stateMachineArn"],
        is_express=_is_express(execution),
        status=execution["status"],
        error=str(execution.get("error") or ""),
        duration_ms=(ended - began).total_seconds() * 1000,
        states_entered=sum(n for kind, n in kinds.items() if kind.endswith("StateEntered")),
        retries=sum(
            max(0, sum(kinds[begun] for begun in attempts) - kinds[entered])
            for entered, attempts in _ATTEMPTS.items()
        ),
    )


def _kinds_since_redrive(execution: _Execution) -> list[str]:
    """The types of the events that no earlier end of the execution has told of."""
    kinds = [str(event["type"]) for event in cast(list[_Execution], execution["events"])]
    redrives = [index for index, kind in enumerate(kinds) if kind == "ExecutionRedriven"]
    return kinds[redrives[-1] :] if redrives else kinds


def _is_express(execution: _Execution) -> bool:
    machine = stepfunctions._state_machines.get(execution["stateMachineArn"])
    if machine is None:
        return bool(execution.get("sync"))
    return bool(machine.get("type") == "EXPRESS")
