"""Runs: kept as files, laid over pictures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.insight import InsightError, load
from constructs_lib.insight.pictures import pictures
from constructs_lib.insight.recording.steps import steps_of
from constructs_lib.insight.report.overlay import overlay
from constructs_lib.insight.runs import (
    Execution,
    Run,
    Step,
    keep_assembly,
    load_run,
    newest_run,
    save_run,
)
from tests.insight.drawn_apps import definition_file, example_folder
from tests.insight.drawn_runs import run_of_the_example
from tests.insight.machines import FAIL, PASS, SUCCEED, machine

_AT = datetime(2026, 11, 27, tzinfo=UTC)


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "run.json"

    save_run(run_of_the_example(), file)

    assert load_run(file) == run_of_the_example()
    assert newest_run(file.parent) == file


def test_a_run_of_another_version_is_refused(tmp_path: Path) -> None:
    save_run(replace(run_of_the_example(), version=99), tmp_path / "run.json")

    with pytest.raises(InsightError, match="has version 99, this is version 1"):
        load_run(tmp_path / "run.json")


def test_a_missing_run_file_is_refused_with_the_way_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(InsightError, match="run `duet demo` to make one"):
        load_run(tmp_path / "none.json")


def test_of_an_assembly_templates_are_kept_and_assets_are_not(tmp_path: Path) -> None:
    assembly = tmp_path / "cdk.out"
    (assembly / "asset.1").mkdir(parents=True)
    (assembly / "asset.1" / "index.py").write_text("code")
    example_folder(assembly)

    keep_assembly(assembly, tmp_path / "kept")

    assert {path.name for path in (tmp_path / "kept").iterdir()} == {
        "manifest.json",
        "DuetChoreography.template.json",
        "DuetHybrid.template.json",
        "DuetOrchestration.template.json",
    }


@pytest.mark.parametrize(
    ("status", "test", "told"),
    [
        ("SUCCEEDED", "one", ""),
        ("RUNNING", "one", "still running when the test ended"),
        ("RUNNING", "", "still running when it was recorded"),
    ],
)
def test_of_an_execution_that_was_not_over_it_is_told_when_that_was_seen(
    tmp_path: Path, status: str, test: str, told: str
) -> None:
    assembly = load(definition_file(tmp_path, machine("Work", Work=PASS)))
    graphs = pictures(assembly)
    execution = Execution(id="one", workflow=graphs[0].key, status=status, started=_AT, test=test)

    laid = overlay(Run(name="run", recorded=_AT, executions=(execution,)), graphs, assembly)

    assert laid["executions"][0]["open"] == told


def _laid_over(folder: Path, definition: Any, *steps: Step) -> dict[str, Any]:
    """What an execution of these steps marks, by the titles of nodes."""
    assembly = load(definition_file(folder, definition))
    graphs = pictures(assembly)
    execution = Execution(
        id="one", workflow=graphs[0].key, status="SUCCEEDED", started=_AT, steps=steps
    )
    run = Run(name="run", recorded=_AT, executions=(execution,))
    (laid,) = overlay(run, graphs, assembly)["executions"]
    titles = {node.id: node.title or node.kind for node in graphs[0].nodes}
    ways = {
        edge.id: f"{titles[edge.source]} → {titles[edge.target]}{' (error)' * edge.is_error}"
        for edge in graphs[0].edges
    }
    return {
        "nodes": {titles[id_]: mark for id_, mark in laid["nodes"].items()},
        "ways": sorted(ways[id_] for id_ in laid["edges"]),
    }


def test_a_caught_error_takes_the_error_path(tmp_path: Path) -> None:
    caught = {"ErrorEquals": ["States.ALL"], "Next": "Same"}
    work = {"Type": "Task", "Resource": "x", "Catch": [caught], "Next": "Same"}
    laid = _laid_over(
        tmp_path,
        machine("Work", Work=work, Same=SUCCEED),
        Step(state="Work", entered_ms=0, left_ms=5, error="A.B"),
        Step(state="Same", entered_ms=6, left_ms=7, previous=0),
    )

    assert laid["ways"] == ["Start → Work", "Work → Same (error)"]


def test_branches_are_taken_through_and_their_parallel_is_left_at_its_join(tmp_path: Path) -> None:
    inner = {"StartAt": "In", "States": {"In": PASS}}
    other = {"StartAt": "Out", "States": {"Out": PASS}}
    both = {"Type": "Parallel", "Branches": [inner, other], "Next": "Done"}
    laid = _laid_over(
        tmp_path,
        machine("Both", Both=both, Done=SUCCEED),
        Step(state="Both", entered_ms=0, left_ms=9),
        Step(state="Both / In", entered_ms=1, left_ms=2, inside=0, part="branch 1"),
        Step(state="Both / Out", entered_ms=3, left_ms=4, inside=0, part="branch 2"),
        Step(state="Done", entered_ms=9, left_ms=9, previous=0),
    )

    assert laid["ways"] == [
        "Both → In",
        "Both → Out",
        "In → join",
        "Out → join",
        "Start → Both",
        "join → Done",
    ]


def test_a_parallel_that_a_fail_state_ended_bears_its_error(tmp_path: Path) -> None:
    inner = {"StartAt": "No", "States": {"No": FAIL}}
    both = {"Type": "Parallel", "Branches": [inner], "End": True}
    laid = _laid_over(
        tmp_path,
        machine("Both", Both=both),
        Step(state="Both", entered_ms=0, left_ms=9, error="error of a Fail state"),
        Step(state="Both / No", entered_ms=1, inside=0, part="branch 1"),
    )

    assert laid["nodes"]["Both"]["error"] == "It.Failed"


def test_a_state_that_is_entered_often_adds_its_times_up(tmp_path: Path) -> None:
    again = {"Type": "Choice", "Choices": [], "Default": "Again"}
    laid = _laid_over(
        tmp_path,
        machine("Again", Again=again, Other=FAIL),
        Step(state="Again", entered_ms=0, left_ms=2),
        Step(state="Again", entered_ms=3, left_ms=6, previous=0),
    )

    assert laid["nodes"]["Again"] == {"ms": 5.0, "times": 2, "retries": 0, "error": ""}


def test_a_history_gives_steps_with_sizes_attempts_and_what_came_before() -> None:
    def at(milliseconds: int) -> datetime:
        return _AT.replace(microsecond=milliseconds * 1000)

    entered = {"name": "Work", "input": '{"a":1}'}
    events: list[dict[str, Any]] = [
        {"type": "ExecutionStarted"},
        {"type": "TaskStateEntered", "stateEnteredEventDetails": entered},
        {"type": "TaskScheduled", "taskScheduledEventDetails": {"resourceType": "sqs"}},
        {"type": "TaskFailed", "taskFailedEventDetails": {"error": "A.B", "cause": "Ada"}},
        {"type": "TaskScheduled", "taskScheduledEventDetails": {"resourceType": "sqs"}},
        {"type": "TaskSucceeded", "taskSucceededEventDetails": {}},
        {
            "type": "TaskStateExited",
            "stateExitedEventDetails": {"name": "Work", "output": '"é"'},
        },
        {"type": "SucceedStateEntered", "stateEnteredEventDetails": {"name": "Done"}},
    ]
    history = [
        {**event, "id": n + 1, "previousEventId": n, "timestamp": at(n)}
        for n, event in enumerate(events)
    ]

    work, done = steps_of(history)

    assert (work.entered_ms, work.left_ms, work.input_bytes, work.output_bytes) == (1, 6, 7, 4)
    assert [(each.began_ms, each.ended_ms, each.error) for each in work.attempts] == [
        (2, 3, "A.B"),
        (4, 5, ""),
    ]
    assert (done.previous, done.left_ms) == (0, None)
    assert "Ada" not in repr((work, done))
