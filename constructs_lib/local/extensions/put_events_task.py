"""Upstream gap: the optimized ``events:putEvents`` task is the bare API call.

On AWS the task fails with ``EventBridge.FailedEntry`` when any entry was refused; MiniStack returns
the answer with its ``FailedEntryCount`` and goes on. AWS also appends the ARNs of the execution and
the state machine to the ``Resources`` of every entry.
Source: Step Functions, "Add EventBridge events with Step Functions" (read 2026-11-23).
"""

import json
from collections.abc import Callable
from typing import cast

from ministack.services import stepfunctions

from constructs_lib.local.extensions import current_run

RESOURCE = "arn:aws:states:::events:putEvents"
_Task = Callable[[str, dict[str, object]], dict[str, object]]


def register() -> None:
    """Put the ARNs before the task and the check behind it."""
    stepfunctions._SERVICE_DISPATCH[RESOURCE] = failing_on_failed_entries(
        _naming_the_execution(stepfunctions._SERVICE_DISPATCH[RESOURCE])
    )


def failing_on_failed_entries(task: _Task) -> _Task:
    """``task``, but raising ``EventBridge.FailedEntry`` when its answer holds a failed entry."""

    def checked(resource: str, request: dict[str, object]) -> dict[str, object]:
        answer = task(resource, request)
        if cast(int, answer.get("FailedEntryCount", 0)):
            raise stepfunctions._ExecutionError("EventBridge.FailedEntry", json.dumps(answer))
        return answer

    return checked


def _naming_the_execution(task: _Task) -> _Task:
    def named(resource: str, request: dict[str, object]) -> dict[str, object]:
        execution = current_run.current_execution() or {}
        arns = [execution[key] for key in ("executionArn", "stateMachineArn") if key in execution]
        entries = [
            {**entry, "Resources": [*cast(list[object], entry.get("Resources") or []), *arns]}
            for entry in cast(list[dict[str, object]], request.get("Entries") or [])
        ]
        return task(resource, {**request, "Entries": entries})

    return named
