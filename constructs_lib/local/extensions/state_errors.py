"""Upstream gap: the cause of a runtime error does not say which state failed, and when.

``States.Runtime`` and ``States.QueryEvaluationError`` begin with the state's name and the id of the
event that entered it. As the other extensions of Step Functions raise such errors, this file also
knows which state the current thread is in.
Source: Step Functions developer guide, "Handling errors in Step Functions workflows" (read
2026-11-23).
"""

import contextvars
from collections.abc import Callable, Mapping
from typing import cast

from ministack.services import stepfunctions

RUNTIME = "States.Runtime"
QUERY_EVALUATION = "States.QueryEvaluationError"

_AddEvent = Callable[..., Mapping[str, object]]

_ENTERED = "StateEntered"

# Name, event id and type; branches have a thread, hence a state, of their own.
_entered: contextvars.ContextVar[tuple[str, int, str] | None] = contextvars.ContextVar(
    "entered", default=None
)


def register() -> None:
    """Follow the states that are entered."""
    stepfunctions._add_event = _following(stepfunctions._add_event)


def state_name() -> str | None:
    """The state that the current thread is in."""
    entered = _entered.get()
    return entered[0] if entered else None


def state_type() -> str | None:
    """The type of that state; None in the TestState API."""
    entered = _entered.get()
    return entered[2] if entered else None


def located(text: str) -> str:
    """``text`` as a cause in the state that the current thread is in."""
    entered = _entered.get()
    if entered is None:
        # The TestState API has no history.
        return text
    name, event_id, _ = entered
    return (
        f"An error occurred while executing the state '{name}' "
        f"(entered at the event id #{event_id}). {text}"
    )


def runtime_error(text: str) -> Exception:
    """The uncatchable error of a definition that does not fit its input."""
    return cast(Exception, stepfunctions._ExecutionError(RUNTIME, located(text)))


def _following(add_event: _AddEvent) -> _AddEvent:
    def add(execution: object, kind: str, details: object = None) -> Mapping[str, object]:
        event = add_event(execution, kind, details)
        if kind.endswith(_ENTERED) and "id" in event:
            entered = cast(Mapping[str, str], event["stateEnteredEventDetails"])
            _entered.set((entered["name"], cast(int, event["id"]), kind.removesuffix(_ENTERED)))
        return event

    return add
