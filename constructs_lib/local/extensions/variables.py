"""Upstream gap: JSONPath states assign no variables.

``Assign`` of a Pass, Task, Parallel or Map state reads the state's result as ``$``, that of a
catcher the error output, and that of the others their input. All of one ``Assign`` read the
variables as they were before, in JSONata as well; MiniStack let one read what another had assigned.
The event of a state's exit tells what it has assigned.
Source: Step Functions developer guide, "Passing data between states with variables" (read
2026-11-23); API reference, StateExitedEventDetails (read 2026-11-27).
"""

import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import cast

from ministack.services import stepfunctions

from constructs_lib.local.extensions import jsonata_failures, paths

_State = Mapping[str, object]
_Details = Mapping[str, Mapping[str, object]]

# By the state that the current thread is in.
_assigned: ContextVar[Mapping[str, str] | None] = ContextVar("assigned", default=None)


def register() -> None:
    """Assign where MiniStack has the result at hand."""
    stepfunctions._apply_state_assign = assign
    stepfunctions._apply_result_selector = _assigning(stepfunctions._apply_result_selector)
    stepfunctions._apply_catcher = _of_catcher(stepfunctions._apply_catcher)
    stepfunctions._add_event = _telling(stepfunctions._add_event)


def assign(
    state: _State,
    data: object,
    context: paths.Context | None,
    result: object = None,
    error_output: object = None,
) -> None:
    """Evaluate ``Assign`` of a state, choice rule or catcher; paths read ``data`` as ``$``."""
    templates = state.get("Assign")
    if context is None or not isinstance(templates, dict):
        return
    if paths.language_of_state() == "JSONata":
        with jsonata_failures.in_field("Assign"):
            values = stepfunctions._apply_jsonata_template(
                templates, data, context, result, error_output
            )
    else:
        values = paths.resolve_template(templates, data, context)
    assigned = cast(dict[str, object], values)
    cast(dict[str, object], context.setdefault("variables", {})).update(assigned)
    _assigned.set({name: json.dumps(value) for name, value in assigned.items()})


def _assigning(select: Callable[..., object]) -> Callable[..., object]:
    def apply(state: _State, result: object) -> object:
        if paths.language_of_state() != "JSONata":
            assign(state, result, paths.context_of_state())
        return select(state, result)

    return apply


def _of_catcher(apply_catcher: Callable[..., object]) -> Callable[..., object]:
    def apply(
        catcher: _State,
        state_input: object,
        context: paths.Context,
        language: str,
        error_output: object,
    ) -> object:
        output = apply_catcher(catcher, state_input, context, language, error_output)
        if language != "JSONata":
            assign(catcher, error_output, context)
        return output

    return apply


def _telling(add_event: Callable[..., object]) -> Callable[..., object]:
    def add(execution: object, kind: str, details: _Details | None = None) -> object:
        if kind.endswith(("StateEntered", "StateExited")):
            assigned = _assigned.get()
            _assigned.set(None)
            if kind.endswith("Exited") and details and assigned:
                told = {**details["stateExitedEventDetails"], "assignedVariables": assigned}
                details = {"stateExitedEventDetails": told}
        return add_event(execution, kind, details)

    return add
