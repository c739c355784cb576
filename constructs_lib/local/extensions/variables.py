"""Upstream gap: JSONPath states assign no variables.

``Assign`` of a Pass, Task, Parallel or Map state reads the state's result as ``$``, that of a
catcher the error output, and that of the others their input. All of one ``Assign`` read the
variables as they were before, in JSONata as well; MiniStack let one read what another had assigned.
Source: Step Functions developer guide, "Passing data between states with variables" (read
2026-11-23).
"""

from collections.abc import Callable, Mapping
from typing import cast

from ministack.services import stepfunctions

from constructs_lib.local.extensions import jsonata_failures, paths

_State = Mapping[str, object]


def register() -> None:
    """Assign where MiniStack has the result at hand."""
    stepfunctions._apply_state_assign = assign
    stepfunctions._apply_result_selector = _assigning(stepfunctions._apply_result_selector)
    stepfunctions._apply_catcher = _of_catcher(stepfunctions._apply_catcher)


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
    cast(dict[str, object], context.setdefault("variables", {})).update(
        cast(dict[str, object], values)
    )


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
