"""Upstream gap: a Fail state without ``Error`` and ``Cause`` ends with ones of MiniStack's own.

On AWS such an execution has neither, and no execution that failed has an output: MiniStack writes
error and cause there too. A path of a Fail state that names no text ends the execution with
``States.Runtime``, and says so as other fields do.
Source: Step Functions developer guide, "Fail workflow state"; API reference, DescribeExecution
(read 2026-11-27).
"""

import json
from collections.abc import Callable, Mapping

from ministack.services import stepfunctions

from constructs_lib.local.extensions import paths
from constructs_lib.local.extensions.state_errors import runtime_error

_State = Mapping[str, object]
_Execution = dict[str, object]
_Told = tuple[str | None, str | None]


def register() -> None:
    """Leave out what the state does not give, and what a failed execution does not have."""
    stepfunctions._fail_state_error = _as_given(stepfunctions._fail_state_error)
    stepfunctions._fail_execution = _without_output(stepfunctions._fail_execution)


def _as_given(fail_state_error: Callable[..., _Told]) -> Callable[..., _Told]:
    def tell(state: _State, state_input: object, context: paths.Context | None = None) -> _Told:
        texts = {
            field: _text(f"{field}Path", state, state_input, context)
            for field in ("Error", "Cause")
            if f"{field}Path" in state
        }
        given = {
            name: value for name, value in state.items() if name.removesuffix("Path") not in texts
        }
        error, cause = fail_state_error({**given, **texts}, state_input, context)
        has_error = "Error" in state or "ErrorPath" in state
        has_cause = "Cause" in state or "CausePath" in state
        return error if has_error else None, cause if has_cause else None

    return tell


def _text(field: str, state: _State, state_input: object, context: paths.Context | None) -> str:
    text = paths.resolve_value(field, state[field], state_input, context)
    if not isinstance(text, str):
        raise runtime_error(
            f"The value referenced by {field} must be a string, but the value was: "
            f"{json.dumps(text)}"
        )
    return text


def _without_output(
    fail: Callable[[_Execution, str | None, str | None], None],
) -> Callable[[_Execution, str | None, str | None], None]:
    def fail_without_output(execution: _Execution, error: str | None, cause: str | None) -> None:
        fail(execution, error, cause)
        execution["output"] = None

    return fail_without_output
