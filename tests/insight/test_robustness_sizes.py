"""Definitions of a size that nobody writes by hand are counted and drawn all the same."""

import json
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.insight import InsightError, graphviz, layout, load
from constructs_lib.insight.cost import DEFAULTS, cost_report
from constructs_lib.insight.cost.as_json import to_json
from constructs_lib.insight.documents import parse
from constructs_lib.insight.pictures import pictures
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


def test_a_picture_that_takes_too_long_is_given_up_with_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = 300
    states: dict[str, Any] = {
        f"Choice {number}": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.a", "NumericEquals": way, "Next": f"Choice {(number + way) % many}"}
                for way in range(20)
            ],
            "Default": "End",
        }
        for number in range(many)
    }
    path = tmp_path / "tangle.asl.json"
    definition = {"StartAt": "Choice 0", "States": {**states, "End": {"Type": "Succeed"}}}
    path.write_text(json.dumps(definition), encoding="utf-8")
    (picture,) = pictures(load(path))
    monkeypatch.setattr(graphviz, "_LONGEST_SECONDS", 0.0)

    with pytest.raises(InsightError, match=r"takes longer than 0 seconds; draw a part of it"):
        layout.lay_out(picture)


@pytest.mark.parametrize(
    ("begin", "between", "end"), [("{", ",\n", "}"), ("", "\n", "")], ids=["JSON", "YAML"]
)
def test_of_many_names_the_one_that_stands_twice_is_told(
    begin: str, between: str, end: str
) -> None:
    names = [*(f"Name{number}" for number in range(50_000)), "Name7"]
    text = begin + between.join(f'"{name}": 1' for name in names) + end
    notes: list[str] = []

    parse(text, "large", note=notes.append)

    assert notes == ["name 'Name7' stands twice in one object; only the last one counts"]
