"""Definitions of a size that nobody writes by hand are counted and drawn all the same."""

import json
from pathlib import Path
from typing import Any

from constructs_lib.insight import load
from constructs_lib.insight.cost import DEFAULTS, cost_report
from constructs_lib.insight.cost.as_json import to_json
from tests.insight.machines import task


def _nested_maps(depth: int, inmost: dict[str, Any]) -> dict[str, Any]:
    machine = {"StartAt": "Inmost", "States": {"Inmost": inmost}}
    for level in range(depth):
        name = f"Level {level}"
        outer = {"Type": "Map", "ItemProcessor": machine, "End": True}
        machine = {"StartAt": name, "States": {name: outer}}
    return machine


def test_maps_within_maps_are_counted_although_their_events_fill_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "nested.asl.json"
    event = {"Source": "shop", "DetailType": "Ordered"}
    inmost = task("events:putEvents", {"Entries": [event]})
    path.write_text(json.dumps(_nested_maps(30, inmost)), encoding="utf-8")

    report = cost_report(load(path), assumptions=DEFAULTS)

    (workflow,) = report.workflows
    (only,) = workflow.cost.paths
    assert only.events == {("shop", "Ordered"): 10**30}
    assert json.dumps(to_json(report))
