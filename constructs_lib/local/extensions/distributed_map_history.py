"""Upstream gap: a Distributed Map tells of its Map Run, but not of itself.

``MapStateStarted`` and ``MapStateSucceeded`` stand around the events of the Map Run, and tolerances
that cannot be end the execution before it.
Source: Step Functions developer guide, "Fields of a Distributed Map state" (read 2026-11-23).
"""

from collections.abc import Callable, Mapping
from typing import cast

from ministack.services import stepfunctions

from constructs_lib.local.extensions.map_fields import MapFields
from constructs_lib.local.extensions.state_errors import runtime_error

_State = Mapping[str, object]
_Run = Callable[..., object]


def register() -> None:
    """Write the events around what runs Maps; inline ones write their own."""
    stepfunctions._run_map_items = _noted(stepfunctions._run_map_items)


def _noted(run_items: _Run) -> _Run:
    def run(
        state: _State, state_input: object, execution: object, context: dict[str, object]
    ) -> object:
        processor = cast(_State, state.get("ItemProcessor") or state.get("Iterator"))
        config = cast(_State, processor.get("ProcessorConfig") or {})
        if config.get("Mode") != "DISTRIBUTED":
            return run_items(state, state_input, execution, context)
        stepfunctions._add_event(execution, "MapStateStarted")
        _require_tolerances(MapFields(state, state_input, context))
        output = run_items(state, state_input, execution, context)
        stepfunctions._add_event(execution, "MapStateSucceeded")
        return output

    return run


def _require_tolerances(fields: MapFields) -> None:
    if fields.number("ToleratedFailureCount") < 0:
        raise runtime_error("ToleratedFailureCount cannot be negative.")
    if not 0 <= fields.number("ToleratedFailurePercentage") <= 100:
        raise runtime_error("ToleratedFailurePercentage must be between 0 and 100.")
