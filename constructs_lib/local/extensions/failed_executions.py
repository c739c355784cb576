"""Upstream gap: a Fail state without ``Error`` and ``Cause`` ends with ones of MiniStack's own.

On AWS such an execution has neither.
Source: Step Functions developer guide, "Fail workflow state" (read 2026-11-23).
"""

from collections.abc import Callable, Mapping

from ministack.services import stepfunctions

_State = Mapping[str, object]
_Told = tuple[str | None, str | None]


def register() -> None:
    """Leave out what the state does not give."""
    stepfunctions._fail_state_error = _as_given(stepfunctions._fail_state_error)


def _as_given(fail_state_error: Callable[..., _Told]) -> Callable[..., _Told]:
    def tell(state: _State, state_input: object, context: object = None) -> _Told:
        error, cause = fail_state_error(state, state_input, context)
        has_error = "Error" in state or "ErrorPath" in state
        has_cause = "Cause" in state or "CausePath" in state
        return error if has_error else None, cause if has_cause else None

    return tell
