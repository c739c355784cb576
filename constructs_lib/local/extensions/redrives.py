"""Upstream gap: there is no RedriveExecution.

An execution of a Standard workflow that did not succeed goes on from the state in which it ended,
with that state's input, the variables it found and the definition the execution began with. A
Parallel or Map is run anew as a whole, where AWS runs only what did not succeed; the history enters
the state again, after ``ExecutionRedriven``. A Map Run is not redriven by itself.
Source: Step Functions developer guide, "Restarting state machine executions with redrive"; API
reference, RedriveExecution (read 2026-11-27).
"""

import contextvars
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import cast

from ministack.core.responses import error_response_json, json_response
from ministack.services import stepfunctions

from constructs_lib.local.extensions import paths, state_machine_releases
from constructs_lib.local.extensions.answers import Properties
from constructs_lib.local.extensions.workflow_answers import redrive_status

MAXIMUM_REDRIVES = 1000

_ACTION = ".RedriveExecution"
_ENTERED = "StateEntered"
_DEFINITION = "definition"
_VARIABLES = "variables"
_Execution = dict[str, object]
_Event = Mapping[str, object]
_Handle = Callable[..., Awaitable[object]]

# What the state begins with from which the current thread's execution goes on, until it has begun.
_state_input: contextvars.ContextVar[str | None] = contextvars.ContextVar("input", default=None)


class _Redriven(_Execution):
    """An execution whose thread begins in the middle of it."""

    def __getitem__(self, name: str) -> object:
        given = _state_input.get()
        return given if name == "input" and given is not None else super().__getitem__(name)


def register() -> None:
    """Answer the action, and remember what a redrive needs."""
    stepfunctions.handle_request = _redriving(stepfunctions.handle_request)
    stepfunctions._run_execution = _remembering(stepfunctions._run_execution)
    for kind in ("pass", "task", "choice", "wait", "parallel", "map"):
        name = f"_execute_{kind}"
        setattr(stepfunctions, name, _resuming(getattr(stepfunctions, name)))
    stepfunctions._fail_state_error = _resuming(stepfunctions._fail_state_error)
    stepfunctions._add_event = _forgetting(stepfunctions._add_event)


def _redriving(handle: _Handle) -> _Handle:
    async def handle_request(
        method: str, path: str, headers: Mapping[str, str], body: bytes, parameters: object
    ) -> object:
        if not headers.get("x-amz-target", "").endswith(_ACTION):
            return await handle(method, path, headers, body, parameters)
        return cast(object, stepfunctions._finalize_response(_redrive(json.loads(body))))

    return handle_request


def _redrive(request: Properties) -> object:
    arn = str(request.get("executionArn"))
    ended = stepfunctions._executions.get(arn)
    if ended is None:
        message = f"Execution Does Not Exist: '{arn}'"
        return error_response_json("ExecutionDoesNotExist", message, 400)
    refusal = _refusal(ended)
    if refusal is not None:
        return error_response_json("ExecutionNotRedrivable", refusal, 400)
    count = cast(int, ended.get("redriveCount", 0)) + 1
    redriven = _Redriven(ended)
    redriven.update(
        status="RUNNING",
        stopDate=None,
        error=None,
        cause=None,
        redriveCount=count,
        redriveDate=stepfunctions.now_iso(),
        # What still works for the attempt before writes into that one's history.
        events=list(cast(list[_Event], ended["events"])),
    )
    stepfunctions._executions[arn] = redriven
    details = {"executionRedrivenEventDetails": {"redriveCount": count}}
    stepfunctions._add_event(redriven, "ExecutionRedriven", details)
    stepfunctions._emit_execution_status_event(redriven)
    _go_on(arn, redriven)
    return json_response({"redriveDate": redriven["redriveDate"]})


def _refusal(execution: _Execution) -> str | None:
    shown = redrive_status(execution)
    machine = stepfunctions._state_machines.get(execution["stateMachineArn"]) or {}
    if machine.get("type") == "EXPRESS":
        return "Executions of Express workflows cannot be redriven"
    if "redriveStatusReason" in shown:
        return str(shown["redriveStatusReason"])
    if cast(int, shown["redriveCount"]) >= MAXIMUM_REDRIVES:
        return f"An execution can be redriven {MAXIMUM_REDRIVES} times"
    return None


def _go_on(arn: str, execution: _Redriven) -> None:
    definition = json.loads(str(execution[_DEFINITION]))
    state, state_input = definition["StartAt"], str(execution["input"])
    for event in reversed(cast(list[_Event], execution["events"])):
        entered = cast(Mapping[str, str], event.get("stateEnteredEventDetails") or {})
        # Names are given once; the states of branches are not among these.
        if str(event["type"]).endswith(_ENTERED) and entered["name"] in definition["States"]:
            state, state_input = entered["name"], entered["input"]
            break
    version = {
        "stateMachineArn": execution["stateMachineArn"],
        "definition": json.dumps({**definition, "StartAt": state}),
        "roleArn": execution["roleArn"],
    }
    own = contextvars.copy_context()
    own.run(state_machine_releases.run_as, version)
    own.run(_state_input.set, state_input)
    stepfunctions.threading.Thread(
        target=own.run, args=(stepfunctions._run_execution, arn), daemon=True
    ).start()


def _remembering(run_execution: Callable[[str], None]) -> Callable[[str], None]:
    def run(arn: str) -> None:
        execution = stepfunctions._executions.get(arn)
        machine = execution and stepfunctions._state_machines.get(execution["stateMachineArn"])
        if machine and _DEFINITION not in execution:
            execution |= {_DEFINITION: machine[_DEFINITION], "roleArn": machine["roleArn"]}
        run_execution(arn)

    return run


def _resuming(execute: Callable[..., object]) -> Callable[..., object]:
    def run(state: object, state_input: object, *rest: object) -> object:
        # The context is the last argument of every kind.
        context = cast(paths.Context, rest[-1] if rest and isinstance(rest[-1], dict) else {})
        about = cast(Mapping[str, str], context.get("Execution") or {})
        execution = stepfunctions._executions.get(about.get("Id"))
        if execution is not None:
            _keep_variables(execution, context)
        return execute(state, state_input, *rest)

    return run


def _keep_variables(execution: _Execution, context: paths.Context) -> None:
    kept = cast(dict[str, object], execution.setdefault(_VARIABLES, {}))
    state = cast(Mapping[str, str], context.get("State") or {}).get("Name", "")
    variables = cast(dict[str, object], context.get("variables") or {})
    if _state_input.get() is not None:
        _state_input.set(None)
        variables |= cast(dict[str, object], kept.get(state) or {})
        context["variables"] = variables
        own = cast(dict[str, object], context["Execution"])
        own["Input"] = json.loads(str(execution["input"]))
    if variables or state in kept:
        kept[state] = dict(variables)


def _forgetting(add_event: Callable[..., object]) -> Callable[..., object]:
    def add(execution: _Execution, kind: str, details: object = None) -> object:
        if kind == "ExecutionSucceeded":
            execution.pop(_VARIABLES, None)
        return add_event(execution, kind, details)

    return add
