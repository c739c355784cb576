"""Upstream gap: tasks that wait for their token know real time only, and no heartbeats.

* ``TimeoutSeconds`` of a ``.waitForTaskToken`` task follows the time scale, but leaves at least one
  second of real time to answer; a day's confirmation takes 8.64 s at scale 0.0001, one at scale 0.
  It, and ``HeartbeatSeconds``, may be JSONata expressions, or come from ``TimeoutSecondsPath``.
* ``HeartbeatSeconds``, by the same rule, ends the task with ``States.HeartbeatTimeout``.
* A token whose task is over answers ``TaskTimedOut``, one that never was ``InvalidToken``, output
  that is no JSON ``InvalidOutput``. MiniStack says ``TaskDoesNotExist``, or accepts.

Timeouts of other tasks stay real: what they call takes real time. MiniStack keeps one token for all
attempts of a task, where AWS makes one for each; so a token is open again during a retry.
Source: Step Functions API reference, SendTaskSuccess (read 2026-11-23).
"""

import contextvars
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import cast

from ministack.core.responses import error_response_json
from ministack.services import stepfunctions

from constructs_lib.local.extensions import current_run
from constructs_lib.local.extensions.clock import real_seconds

MINIMUM_SECONDS = 1.0

_State = Mapping[str, object]
_Context = dict[str, object]
_Answer = Callable[[Mapping[str, object]], object]
_Callback = Callable[[str, object, str, _State], object]
_Task = Callable[[_State, object, object, _Context], object]

_last_beats: dict[str, float] = {}
_closed: set[str] = set()


def register() -> None:
    """Put the rules around tasks and around the answers to them."""
    stepfunctions._execute_task = _with_evaluated_limits(stepfunctions._execute_task)
    stepfunctions._invoke_with_callback = _limited(stepfunctions._invoke_with_callback)
    stepfunctions._send_task_success = _checking_output(_closing(stepfunctions._send_task_success))
    stepfunctions._send_task_failure = _closing(stepfunctions._send_task_failure)
    stepfunctions._send_task_heartbeat = _noting_beats(stepfunctions._send_task_heartbeat)


def _with_evaluated_limits(execute_task: _Task) -> _Task:
    def execute(state: _State, state_input: object, execution: object, context: _Context) -> object:
        limits: dict[str, object] = {}
        for field in ("TimeoutSeconds", "HeartbeatSeconds"):
            path = state.get(f"{field}Path")
            if path is not None:
                limits[field] = stepfunctions._resolve_path_or_ctx(path, state_input, context)
            elif isinstance(state.get(field), str):
                limits[field] = stepfunctions._jsonata_state_field(
                    state, field, "number", state_input, context
                )
        return execute_task({**state, **limits}, state_input, execution, context)

    return execute


def _limited(invoke: _Callback) -> _Callback:
    def invoke_limited(resource: str, arguments: object, token: str, state: _State) -> object:
        run, answered = current_run.current(), threading.Event()
        if run:
            run.task_tokens.add(token)
        _closed.discard(token)
        _last_beats[token] = time.monotonic()
        limits = _real_limits(state)
        if "HeartbeatSeconds" in limits:
            watch = contextvars.copy_context().run
            arguments_of_watch = (_watch_heart, token, limits["HeartbeatSeconds"], answered)
            threading.Thread(target=watch, args=arguments_of_watch, daemon=True).start()
        try:
            # Whoever ends the run from here on finds the token, and wakes the task.
            current_run.require_running()
            return invoke(resource, arguments, token, {**state, **limits})
        finally:
            answered.set()
            _closed.add(token)
            _last_beats.pop(token, None)
            if run:
                run.task_tokens.discard(token)

    return invoke_limited


def _real_limits(state: _State) -> dict[str, float]:
    return {
        field: real_seconds(float(cast(float, state[field])), at_least=MINIMUM_SECONDS)
        for field in ("TimeoutSeconds", "HeartbeatSeconds")
        if field in state
    }


def _watch_heart(token: str, limit_seconds: float, answered: threading.Event) -> None:
    while token in _last_beats:
        left = _last_beats[token] + limit_seconds - time.monotonic()
        if left <= 0:
            break
        if answered.wait(left):
            return
    waiting = stepfunctions._task_tokens.get(token)
    if waiting and not answered.is_set():
        waiting["error"] = {"Error": "States.HeartbeatTimeout", "Cause": ""}
        waiting["event"].set()


def _closing(send: _Answer) -> _Answer:
    def answer(request: Mapping[str, object]) -> object:
        refusal = _refusal(request)
        if refusal is not None:
            return refusal
        response = send(request)
        if cast(tuple[int], response)[0] < 400:
            _closed.add(str(request["taskToken"]))
        return response

    return answer


def _checking_output(send: _Answer) -> _Answer:
    def answer(request: Mapping[str, object]) -> object:
        try:
            json.loads(str(request.get("output")))
        except ValueError:
            return error_response_json("InvalidOutput", "Invalid Output: not valid JSON", 400)
        return send(request)

    return answer


def _noting_beats(send: _Answer) -> _Answer:
    def beat(request: Mapping[str, object]) -> object:
        refusal = _refusal(request)
        if refusal is not None:
            return refusal
        _last_beats[str(request["taskToken"])] = time.monotonic()
        return send(request)

    return beat


def _refusal(request: Mapping[str, object]) -> object:
    token = request.get("taskToken")
    if token in _closed:
        return error_response_json(
            "TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'", 400
        )
    if token not in stepfunctions._task_tokens:
        return error_response_json("InvalidToken", "Invalid Token: 'Invalid token'", 400)
    return None
