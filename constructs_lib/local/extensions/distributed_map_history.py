"""Upstream gap: a Distributed Map tells of its Map Run, but not of itself.

``MapStateStarted`` and ``MapStateSucceeded`` stand around the events of the Map Run. Tolerances
that cannot be end the execution before it, and items that cannot be before the Map has started.
Source: Step Functions developer guide, "Fields of a Distributed Map state"; API reference,
MapStateStartedEventDetails (read 2026-11-27).
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
        fields = MapFields(state, state_input, context)
        fields.max_concurrency()
        # What is read from elsewhere is not counted yet.
        length = 0 if "ItemReader" in state else len(fields.items(objects=True))
        started = {"mapStateStartedEventDetails": {"length": length}}
        stepfunctions._add_event(execution, "MapStateStarted", started)
        _require_tolerances(fields)
        output = run_items(state, state_input, execution, context)
        stepfunctions._add_event(execution, "MapStateSucceeded")
        return output

    return run


def _require_tolerances(fields: MapFields) -> None:
    if fields.whole("ToleratedFailureCount") < 0:
        raise runtime_error("ToleratedFailureCount cannot be negative.")
    if not 0 <= fields.number("ToleratedFailurePercentage") <= 100:
        raise runtime_error("ToleratedFailurePercentage must be between 0 and 100.")
