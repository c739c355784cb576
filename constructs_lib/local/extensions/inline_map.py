"""Upstream gap: a Map takes anything for its items, and ignores ``MaxConcurrencyPath``.

Items that are no array end the state; the history tells of the Map and of each iteration.
Source: Step Functions developer guide, "Map workflow state" (read 2026-11-23).
"""

import copy
from collections.abc import Mapping
from functools import partial
from typing import cast

from ministack.services import stepfunctions

from constructs_lib.local.extensions import branch_history, jsonata_failures
from constructs_lib.local.extensions.clock_threads import WorkPool
from constructs_lib.local.extensions.map_fields import MapFields

_State = Mapping[str, object]
_Context = dict[str, object]
_Output = tuple[object, str | None]


def register() -> None:
    """Run the items of inline Maps here."""
    stepfunctions._run_map_items = _run


def _run(state: _State, state_input: object, execution: object, context: _Context) -> _Output:
    fields = MapFields(state, state_input, context)
    processor = cast(_State, state.get("ItemProcessor") or state.get("Iterator"))
    items = cast(list[object], fields.items())
    workers = fields.max_concurrency() or len(items) or 1
    started = {"mapStateStartedEventDetails": {"length": len(items)}}
    stepfunctions._add_event(execution, "MapStateStarted", started)
    results = _Iterations(fields, processor, execution).run(items, workers)
    stepfunctions._add_event(execution, "MapStateSucceeded")
    return _output(fields, results), stepfunctions._next_or_end(state)


def _output(fields: MapFields, results: list[object]) -> object:
    state, state_input, context = fields.state, fields.state_input, fields.context
    if fields.in_jsonata:
        output = stepfunctions._apply_jsonata_output(
            state, state_input, context, result=results, default=results
        )
        stepfunctions._apply_state_assign(state, state_input, context, result=results)
        return output
    selected = stepfunctions._apply_result_selector(state, results)
    output = stepfunctions._apply_result_path(state, state_input, selected)
    return stepfunctions._apply_output_path(state, output, context)


class _Iterations:
    """The iterations of one attempt of an inline Map."""

    def __init__(self, fields: MapFields, processor: _State, execution: object) -> None:
        self._fields = fields
        self._processor = processor
        self._execution = execution
        self._name = cast(_State, fields.context["State"])["Name"]

    def run(self, items: list[object], workers: int) -> list[object]:
        with WorkPool(workers) as pool:
            made = [
                pool.start(partial(self._iterate, index, item)) for index, item in enumerate(items)
            ]
            pool.join()
        return [each.result() for each in made]

    def _iterate(self, index: int, item: object) -> object:
        own = copy.deepcopy(self._fields.context)
        own["Map"] = {"Item": {"Index": index, "Value": item}}
        states, first = self._processor["States"], self._processor["StartAt"]
        with branch_history.iteration(self._name, index):
            return stepfunctions._run_sub_machine(
                states, first, self._input(own, item), self._execution, own
            )

    def _input(self, own: _Context, item: object) -> object:
        state = self._fields.state
        selector = state.get("ItemSelector") or state.get("Parameters")
        if not selector:
            return item
        with jsonata_failures.in_field("ItemSelector"):
            return self._fields.evaluate(selector, Map=own["Map"])
