"""Upstream gap: tasks of activities have no limits, and do not tell when a worker takes them.

``ActivityStarted`` names the worker. ``TimeoutSeconds`` and ``HeartbeatSeconds`` begin with it, by
the rules of tasks that wait for their token; nobody has to take a task. No worker gets one whose
execution is over. An activity that is not there ends the execution with ``States.Runtime``.
Source: Amazon States Language, "Timeouts"; Step Functions API reference, GetActivityTask; answers
of AWS that LocalStack records in its ``test_activities`` (read 2026-11-27).
"""

import json
import math
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import cast

from ministack.services import stepfunctions

from constructs_lib.local.extensions import current_run, step_functions_mocks, task_tokens
from constructs_lib.local.extensions.answers import Properties, content, failed
from constructs_lib.local.extensions.clock_threads import with_answer_limit
from constructs_lib.local.extensions.state_errors import runtime_error
from constructs_lib.local.extensions.task_timeouts import NO_CAUSE, TIMEOUT

_ExecuteTask = Callable[..., object]
_GetTask = Callable[[Properties], Awaitable[object]]

_ACTIVITY = ":activity:"


def register() -> None:
    """Replace how an activity is waited for, and tell who takes its tasks."""
    stepfunctions._execute_task = _existing(stepfunctions._execute_task)
    stepfunctions._invoke_activity = _invoke
    stepfunctions._get_activity_task = _telling(stepfunctions._get_activity_task)


def _existing(execute_task: _ExecuteTask) -> _ExecuteTask:
    def execute(state: Mapping[str, object], *rest: object) -> object:
        arn = str(state.get("Resource"))
        is_missing = _ACTIVITY in arn and arn not in stepfunctions._activities
        if is_missing and current_run.current() and not step_functions_mocks.is_mocked():
            raise runtime_error(f"The activity {arn} does not exist.")
        return execute_task(state, *rest)

    return execute


def _invoke(arn: str, state_input: object) -> object:
    token = str(uuid.uuid4())
    taken = stepfunctions.threading.Event()
    waiting = {"event": taken, "result": None, "error": None, "heartbeat": None}
    stepfunctions._task_tokens[token] = waiting
    with task_tokens.kept(token):
        try:
            # Whoever ends the run from here on finds the token, and wakes the task.
            current_run.require_running()
            task = {"taskToken": token, "input": json.dumps(state_input)}
            stepfunctions._activity_tasks[arn].append(task)
            with_answer_limit(math.inf, taken.wait)
            if not waiting["error"]:
                _note_start(waiting.get("worker"))
                task_tokens.expect_heartbeats(token)
                limit_seconds = task_tokens.limit_seconds("TimeoutSeconds")
                if not with_answer_limit(limit_seconds, waiting["event"].wait):
                    raise stepfunctions._ExecutionError(TIMEOUT, NO_CAUSE)
        finally:
            stepfunctions._task_tokens.pop(token, None)
    error = cast(Mapping[str, str] | None, waiting["error"])
    if error:
        raise stepfunctions._ExecutionError(error["Error"], error["Cause"])
    return json.loads(str(waiting["result"]))


def _note_start(worker: object) -> None:
    execution = current_run.current_execution()
    if execution is not None:
        details = {"workerName": worker} if worker else {}
        stepfunctions._add_event(
            execution, "ActivityStarted", {"activityStartedEventDetails": details}
        )


def _telling(get_task: _GetTask) -> _GetTask:
    async def take(request: Properties) -> object:
        while True:
            response = await get_task(request)
            token = None if failed(response) else content(response).get("taskToken")
            if token is None:
                return response
            waiting = stepfunctions._task_tokens.get(token)
            if waiting and not waiting["error"]:
                taken, waiting["event"] = waiting["event"], stepfunctions.threading.Event()
                waiting["worker"] = request.get("workerName")
                taken.set()
                return response

    return take
