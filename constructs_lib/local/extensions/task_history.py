"""Upstream gap: the history of a task is three events, whatever the task is.

* A task is scheduled, with its limits and what it hands on, then started; one that takes longer
  than its limit has timed out.
* A task whose resource is a function has ``LambdaFunction…`` events, an activity ``Activity…``.
* ``.sync`` and ``.waitForTaskToken`` have ``TaskSubmitted``, once their call is answered; for
  ``.sync`` MiniStack makes it known when the work has ended as well.
* ``resourceType`` and ``resource`` are the service and its action, as ``sqs`` and ``sendMessage``.
Source: Step Functions API reference, HistoryEvent, TaskScheduledEventDetails (read 2026-11-23).
"""

import contextvars
import json
import math
import re
from collections.abc import Callable, Mapping

from ministack.core.responses import get_region
from ministack.services import stepfunctions

from constructs_lib.local.extensions import current_run, task_tokens
from constructs_lib.local.extensions.task_timeouts import TIMEOUT

_AddEvent = Callable[..., Mapping[str, object]]
_Details = dict[str, object]
_Call = Callable[..., object]

# The version of startExecution.sync:2 belongs to the action.
_INTEGRATION = re.compile(r"arn:[\w-]+:states:::((?:aws-sdk:)?[^:]+):(.+)")
_CALLS = ("_call_lambda", "_invoke_aws_sdk_integration", "_invoke_nested_start_execution")

# The resource whose call was not answered yet, of a task that will wait for its token.
_submitting: contextvars.ContextVar[str | None] = contextvars.ContextVar("submitting", default=None)
# What the task that is about to be scheduled hands on.
_arguments: contextvars.ContextVar[object] = contextvars.ContextVar("arguments", default=None)


def register() -> None:
    """Rewrite MiniStack's events on their way into the history."""
    stepfunctions._add_event = _rewriting(stepfunctions._add_event)
    stepfunctions._invoke_with_callback = _before_waiting(stepfunctions._invoke_with_callback)
    for name in ("_apply_parameters", "_apply_jsonata_arguments"):
        setattr(stepfunctions, name, _kept(getattr(stepfunctions, name)))
    for name in _CALLS:
        setattr(stepfunctions, name, _answered(getattr(stepfunctions, name)))
    for prefix, call in stepfunctions._SERVICE_DISPATCH.items():
        stepfunctions._SERVICE_DISPATCH[prefix] = _answered(call)


def _rewriting(add_event: _AddEvent) -> _AddEvent:
    def add(execution: object, kind: str, details: _Details | None = None) -> Mapping[str, object]:
        key = f"{kind[0].lower()}{kind[1:]}EventDetails"
        known = (details or {}).get(key)
        if kind not in ("TaskScheduled", "TaskSucceeded", "TaskFailed"):
            return add_event(execution, kind, details)
        told = dict(known) if isinstance(known, dict) else {}
        resource = str(told.pop("resource", ""))
        told.pop("resourceType", None)
        subject, named = _subject(resource)
        what = kind.removeprefix("Task")
        if what == "Failed" and told.get("error") == TIMEOUT:
            what = "TimedOut"
        # A service that refused its call got nothing; States.… errors come from the work itself.
        is_refused = what == "Failed" and not str(told.get("error")).startswith("States.")
        if ".sync" in resource and what != "Scheduled" and not is_refused:
            _note(add_event, execution, "TaskSubmitted", dict(named))
        if what == "Scheduled":
            told |= {"resource": resource} if subject != "Task" else {"region": get_region()}
            told["parameters" if subject == "Task" else "input"] = json.dumps(_arguments.get())
            told |= _limits()
        event = _note(add_event, execution, f"{subject}{what}", {**named, **told})
        # An activity's task starts once a worker takes it.
        if what == "Scheduled" and subject != "Activity":
            event = _note(add_event, execution, f"{subject}Started", dict(named))
        return event

    return add


def _kept(evaluate: _Call) -> _Call:
    def run(*arguments: object, **named: object) -> object:
        value = evaluate(*arguments, **named)
        _arguments.set(value)
        return value

    return run


def _limits() -> _Details:
    limits = {
        "timeoutInSeconds": task_tokens.limit_seconds("TimeoutSeconds"),
        "heartbeatInSeconds": task_tokens.limit_seconds("HeartbeatSeconds"),
    }
    return {name: int(seconds) for name, seconds in limits.items() if seconds < math.inf}


def _subject(resource: str) -> tuple[str, _Details]:
    if ":activity:" in resource:
        return "Activity", {}
    integration = _INTEGRATION.fullmatch(resource)
    if integration is None:
        is_function = stepfunctions._extract_lambda_ref(resource)
        return ("LambdaFunction", {}) if is_function else ("Task", {"resource": resource})
    service, action = integration.groups()
    return "Task", {"resourceType": service, "resource": action}


def _note(
    add_event: _AddEvent, execution: object, kind: str, details: _Details
) -> Mapping[str, object]:
    key = f"{kind[0].lower()}{kind[1:]}EventDetails"
    return add_event(execution, kind, {key: details} if details else None)


def _before_waiting(invoke: _Call) -> _Call:
    def run(resource: str, *rest: object) -> object:
        outer = _submitting.set(resource)
        try:
            return invoke(resource, *rest)
        finally:
            _submitting.reset(outer)

    return run


def _answered(call: _Call) -> _Call:
    def run(*arguments: object) -> object:
        answer = call(*arguments)
        resource, execution = _submitting.get(), current_run.current_execution()
        if resource is not None and execution is not None:
            _submitting.set(None)
            details = {**_subject(resource)[1], "output": json.dumps(answer)}
            _note(stepfunctions._add_event, execution, "TaskSubmitted", details)
        return answer

    return run
