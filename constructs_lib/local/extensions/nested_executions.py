"""Upstream gap: a nested execution is started twice under one name, and fails with its own error.

* ``startExecution.sync`` keeps to the rule that names are unique, and to the names of its errors
  (``StepFunctions.ExecutionAlreadyExistsException``). MiniStack ran a second execution in place of
  the first.
* Starting a Standard workflow under the name and with the input of one that runs answers with that
  one, in a task as in the API.
* A nested execution that did not succeed fails its task with ``States.TaskFailed``, whatever its
  own error; the cause is its description, with times in milliseconds. ``.sync:2`` reads the output
  as JSON, ``.sync`` leaves it text.
* When the outer execution ends first, the nested one is stopped.

Source: Step Functions developer guide, "Start workflow executions from a task state"; API
reference, StartExecution (read 2026-11-23).
"""

import json
from collections.abc import Callable, Mapping
from typing import cast

from ministack.services import stepfunctions

from constructs_lib.local.extensions import clock, current_run
from constructs_lib.local.extensions.answers import content, failed
from constructs_lib.local.extensions.fault_points import InjectedError, possible_faults
from constructs_lib.local.extensions.optimized_errors import task_error
from constructs_lib.local.extensions.workflow_limits import LAST_EVENTS

_INCLUDED = {"Included": True}

_Request = Mapping[str, object]
_Execution = Mapping[str, object]
_Start = Callable[[_Request], object]
_Event = Mapping[str, object]
_AddEvent = Callable[[_Execution, str, _Event | None], _Event]

# Who waits for the end of which execution.
_waiting: dict[str, list[clock.Event]] = {}


def register() -> None:
    """Replace how tasks start executions, and what a repeated start answers."""
    stepfunctions._start_execution = _repeatable(stepfunctions._start_execution)
    stepfunctions._invoke_nested_start_execution = _started
    stepfunctions._invoke_nested_start_execution_sync = _completed
    stepfunctions._add_event = _telling(stepfunctions._add_event)


def _repeatable(start: _Start) -> _Start:
    def start_once(request: _Request) -> object:
        response = start(request)
        if not failed(response) or content(response).get("__type") != "ExecutionAlreadyExists":
            return response
        # What follows a number sign is the name of a test case.
        machine_arn = stepfunctions._resolve_state_machine_arn(
            str(request["stateMachineArn"]).partition("#")[0]
        )
        machine = stepfunctions._state_machines[machine_arn]
        named = f"{machine_arn.replace(':stateMachine:', ':execution:')}:{request['name']}"
        earlier = stepfunctions._executions[named]
        same = earlier["status"] == "RUNNING" and earlier["input"] == request.get("input", "{}")
        if machine.get("type") == "EXPRESS" or not same:
            return response
        answer = {"executionArn": named, "startDate": earlier["startDate"]}
        return stepfunctions.json_response(answer)

    return start_once


def _started(_resource: str, arguments: object) -> dict[str, object]:
    request = stepfunctions._nested_start_execution_request(arguments)
    try:
        with possible_faults("stepfunctions", "StartExecution", request):
            response = stepfunctions._start_execution(request)
    except InjectedError as error:
        raise error.as_task_error("StepFunctions") from error
    answer = content(response)
    if failed(response):
        raise task_error("sfn", str(answer.get("__type")), str(answer.get("message")))
    return {
        "ExecutionArn": answer["executionArn"],
        "StartDate": stepfunctions._iso_to_epoch_ms(answer["startDate"]),
    }


def _completed(resource: str, arguments: object) -> dict[str, object]:
    arn = _started(resource, arguments)["ExecutionArn"]
    execution = cast(_Execution, stepfunctions._executions[arn])
    _wait_until_over(execution)
    described = _description(execution)
    if execution["status"] != "SUCCEEDED":
        raise stepfunctions._ExecutionError("States.TaskFailed", json.dumps(described))
    if resource.endswith(":2"):
        described["Output"] = json.loads(str(execution["output"]))
    return described


def _wait_until_over(execution: _Execution) -> None:
    run, arn = current_run.current(), str(execution["executionArn"])
    waiting = _waiting.setdefault(arn, [])
    over = clock.Event()
    waiting.append(over)
    # The status changes before the fields that belong to it; the last event comes after them.
    if cast(list[_Event], execution["events"])[-1]["type"] in LAST_EVENTS:
        _waiting.pop(arn, None)
        return
    if run is None:
        over.wait()
        return
    run.on_end.add(over.set)
    try:
        if not run.ended.is_set():
            over.wait()
    finally:
        run.on_end.discard(over.set)
    if run.ended.is_set():
        stepfunctions._stop_execution({"executionArn": arn})
        current_run.require_running()


def _telling(add_event: _AddEvent) -> _AddEvent:
    def add(execution: _Execution, kind: str, details: _Event | None = None) -> _Event:
        event = add_event(execution, kind, details)
        if kind in LAST_EVENTS:
            for over in _waiting.pop(str(execution.get("executionArn")), ()):
                over.set()
        return event

    return add


def _description(execution: _Execution) -> dict[str, object]:
    succeeded = execution["status"] == "SUCCEEDED"
    optional = {
        "Cause": execution.get("cause"),
        "Error": execution.get("error"),
        "Output": execution["output"] if succeeded else None,
        "OutputDetails": _INCLUDED if succeeded else None,
        "RedriveStatusReason": (
            "Execution is SUCCEEDED and cannot be redriven" if succeeded else None
        ),
    }
    described = {
        "ExecutionArn": execution["executionArn"],
        "Input": execution["input"],
        "InputDetails": _INCLUDED,
        "Name": execution["name"],
        "RedriveCount": execution.get("redriveCount", 0),
        "RedriveStatus": "NOT_REDRIVABLE" if succeeded else "REDRIVABLE",
        "StartDate": stepfunctions._iso_to_epoch_ms(execution["startDate"]),
        "StateMachineArn": execution["stateMachineArn"],
        "Status": execution["status"],
        "StopDate": stepfunctions._iso_to_epoch_ms(execution["stopDate"]),
        **{name: value for name, value in optional.items() if value is not None},
    }
    return dict(sorted(described.items()))
