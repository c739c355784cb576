"""Upstream gap: the events of a history do not say which event each one follows.

``previousEventId`` tells parallel branches and iterations apart: an event follows the last one that
its own thread of the execution has written, and the first state follows none. On AWS, what ends a
Parallel or a Map follows the last event inside; here it follows the one that began it.
Source: Step Functions API reference, HistoryEvent (read 2026-11-27).
"""

import contextvars
from collections.abc import Callable, Mapping

from ministack.services import stepfunctions

_Execution = Mapping[str, object]
_Event = dict[str, object]

#: Which execution this thread writes for, and the id of what it has written last.
_last: contextvars.ContextVar[tuple[object, object]] = contextvars.ContextVar(
    "last_event", default=(None, 0)
)


def register() -> None:
    """Link each event as it is added; before what rewrites one event into several."""
    stepfunctions._add_event = _linking(stepfunctions._add_event)


def _linking(add_event: Callable[..., _Event]) -> Callable[..., _Event]:
    def add(execution: _Execution, kind: str, details: object = None) -> _Event:
        event = add_event(execution, kind, details)
        arn, last_id = _last.get()
        # A child of a Distributed Map begins in its parent's thread, with a history of its own.
        own = execution.get("executionArn")
        event["previousEventId"] = last_id if arn == own and kind != "ExecutionStarted" else 0
        _last.set((own, event["id"] if kind != "ExecutionStarted" else 0))
        return event

    return add
