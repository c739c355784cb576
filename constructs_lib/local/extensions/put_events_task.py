"""Upstream gap: the optimized ``events:putEvents`` task succeeds though an entry failed.

On AWS the task fails with ``EventBridge.FailedEntry`` when any entry was refused; MiniStack returns
the answer with its ``FailedEntryCount`` and goes on.
Source: Step Functions, "Add EventBridge events with Step Functions" (read 2026-11-23).
"""

import json
from collections.abc import Callable
from typing import cast

from ministack.services import stepfunctions

RESOURCE = "arn:aws:states:::events:putEvents"
_Task = Callable[[str, dict[str, object]], dict[str, object]]


def register() -> None:
    """Put the check behind the task."""
    stepfunctions._SERVICE_DISPATCH[RESOURCE] = failing_on_failed_entries(
        stepfunctions._SERVICE_DISPATCH[RESOURCE]
    )


def failing_on_failed_entries(task: _Task) -> _Task:
    """``task``, but raising ``EventBridge.FailedEntry`` when its answer holds a failed entry."""

    def checked(resource: str, request: dict[str, object]) -> dict[str, object]:
        answer = task(resource, request)
        if cast(int, answer.get("FailedEntryCount", 0)):
            raise stepfunctions._ExecutionError("EventBridge.FailedEntry", json.dumps(answer))
        return answer

    return checked
