"""Upstream gap: what Step Functions shows of executions lacks fields, and its errors AWS's words.

* DescribeExecution tells how often an execution was redriven and whether it can be, the version and
  the alias by which it was started, and ``outputDetails`` only where there is an output.
* StartSyncExecution tells what is billed, the time and the least memory, and of every end why.
* ListExecutions by the ARN of a version or an alias lists those that were started by it.
* What failed, timed out or was aborted has the error and the cause it was given: none if empty.
* The message of an error names what is not there, or is there already, as AWS does.

Source: Step Functions API reference, DescribeExecution, ListExecutions, StopExecution (read
2026-11-27).
"""

import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import cast

from ministack.core.responses import error_response_json, json_response
from ministack.services import stepfunctions

from constructs_lib.local.extensions.answers import Properties, content, failed

_VERSION = "stateMachineVersionArn"
_ALIAS = "stateMachineAliasArn"
_REDRIVABLE = ("FAILED", "ABORTED", "TIMED_OUT")
# Of each error, what its message calls the thing, and where the request names it.
_NOT_THERE = {
    "StateMachineDoesNotExist": ("State Machine", "stateMachineArn"),
    "ExecutionDoesNotExist": ("Execution", "executionArn"),
    "ActivityDoesNotExist": ("Activity", "activityArn"),
}
_BILLING_STEP = timedelta(milliseconds=100)
#: The least that is billed; nothing measures what an execution takes here.
_BILLED_MEMORY_MB = 64
_FAILURES = ("Failed", "TimedOut", "Aborted")
_REASON = ("error", "cause")
_OPERATIONS = (
    "_create_state_machine",
    "_describe_state_machine",
    "_update_state_machine",
    "_start_execution",
    "_start_sync_execution",
    "_describe_execution",
    "_stop_execution",
    "_get_execution_history",
    "_describe_state_machine_for_execution",
    "_describe_activity",
    "_publish_state_machine_version",
    "_list_state_machine_versions",
    "_list_state_machine_aliases",
)

_Handler = Callable[[Properties], object]
_Event = Mapping[str, object]


def register() -> None:
    """Complete the answers of the operations."""
    for name in _OPERATIONS:
        setattr(stepfunctions, name, _worded(getattr(stepfunctions, name)))
    stepfunctions._start_execution = _remembering(stepfunctions._start_execution)
    stepfunctions._describe_execution = _described(stepfunctions._describe_execution)
    stepfunctions._start_sync_execution = _ended(stepfunctions._start_sync_execution)
    stepfunctions._list_executions = _listed(stepfunctions._list_executions)
    stepfunctions._add_event = _as_given(stepfunctions._add_event)


def redrive_status(execution: Properties) -> dict[str, object]:
    """Whether and how often ``execution`` is redriven, as the API shows it."""
    status = str(execution["status"])
    shown: dict[str, object] = {"redriveCount": execution.get("redriveCount", 0)}
    if status in _REDRIVABLE:
        return {**shown, "redriveStatus": "REDRIVABLE"}
    reason = f"Execution is {status} and cannot be redriven"
    return {**shown, "redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}


def _worded(handler: _Handler) -> _Handler:
    def handle(request: Properties) -> object:
        response = handler(request)
        if not failed(response):
            return response
        kind = str(content(response).get("__type"))
        if kind in _NOT_THERE:
            what, field = _NOT_THERE[kind]
            message = f"{what} Does Not Exist: '{request.get(field)}'"
        elif kind == "StateMachineAlreadyExists":
            prefix = f"arn:aws:states:{stepfunctions.get_region()}:{stepfunctions.get_account_id()}"
            message = f"State Machine Already Exists: '{prefix}:stateMachine:{request.get('name')}'"
        elif kind == "ExecutionAlreadyExists":
            message = str(content(response)["message"]).replace("already exists", "Already Exists")
        elif kind == "InvalidToken":
            message = "Invalid Token: 'Invalid token'"
        else:
            return response
        return cast(object, error_response_json(kind, message, 400))

    return handle


def _remembering(start: _Handler) -> _Handler:
    def start_execution(request: Properties) -> object:
        response = start(request)
        # What follows a number sign is the name of a test case.
        arn = str(request.get("stateMachineArn", "")).partition("#")[0]
        version = stepfunctions._execution_version_arn(arn)
        if version and not failed(response):
            execution = stepfunctions._executions[content(response)["executionArn"]]
            execution[_VERSION] = version
            if arn in stepfunctions._state_machine_aliases:
                execution[_ALIAS] = arn
        return response

    return start_execution


def _described(describe: _Handler) -> _Handler:
    def describe_execution(request: Properties) -> object:
        response = describe(request)
        if failed(response):
            return response
        execution = stepfunctions._executions[request["executionArn"]]
        shown = {**content(response), **redrive_status(execution)}
        shown |= {name: execution[name] for name in (_VERSION, _ALIAS) if name in execution}
        if execution.get("redriveDate"):
            shown["redriveDate"] = execution["redriveDate"]
        if shown.get("output") is None:
            shown = {name: value for name, value in shown.items() if not name.startswith("output")}
        return json_response(shown)

    return describe_execution


def _ended(start: _Handler) -> _Handler:
    def start_sync_execution(request: Properties) -> object:
        response = start(request)
        if failed(response):
            return response
        shown = content(response)
        execution = stepfunctions._executions[shown["executionArn"]]
        told = {name: execution.get(name) for name in ("output", *_REASON)}
        shown = {name: value for name, value in shown.items() if name not in told}
        shown |= {name: value for name, value in told.items() if value}
        return json_response({**shown, "billingDetails": _billed(execution)})

    return start_sync_execution


def _billed(execution: Mapping[str, object]) -> dict[str, int]:
    began = datetime.fromisoformat(str(execution["startDate"]))
    ended = datetime.fromisoformat(str(execution["stopDate"]))
    steps = max(1, math.ceil((ended - began) / _BILLING_STEP))
    return {
        "billedDurationInMilliseconds": steps * (_BILLING_STEP // timedelta(milliseconds=1)),
        "billedMemoryUsedInMB": _BILLED_MEMORY_MB,
    }


def _listed(list_executions: _Handler) -> _Handler:
    def listed(request: Properties) -> object:
        arn = request.get("stateMachineArn")
        field = _ALIAS if arn in stepfunctions._state_machine_aliases else _VERSION
        if arn not in stepfunctions._state_machine_versions and field is not _ALIAS:
            return list_executions(request)
        machine = stepfunctions._resolve_state_machine_arn(arn)
        response = list_executions({**request, "stateMachineArn": machine})
        if failed(response):
            return response
        shown = content(response)
        shown["executions"] = [
            {**each, field: arn}
            for each in cast(list[dict[str, object]], shown["executions"])
            if stepfunctions._executions[each["executionArn"]].get(field) == arn
        ]
        return json_response(shown)

    return listed


def _as_given(add_event: Callable[..., object]) -> Callable[..., object]:
    def add(execution: object, kind: str, details: _Event | None = None) -> object:
        if kind.endswith(_FAILURES):
            details = {
                name: {each: value for each, value in told.items() if value or each not in _REASON}
                for name, told in cast(Mapping[str, _Event], details or {}).items()
            }
        return add_event(execution, kind, details)

    return add
