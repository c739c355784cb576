"""What ``--duet-report`` writes of the tests of a session, from runs made by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from constructs_lib.insight.runs import Execution, RecordedTest, Run, load_run, newest_run
from constructs_lib.testing.deployed.kept_runs import (
    keep_tested_assembly,
    merged_runs,
    write_runs,
)

_AT = datetime(2026, 11, 27, tzinfo=UTC)


def _part(test: str, *, assembly: str = "a.cdk.out", **fields: object) -> Run:
    execution = Execution(
        id=test, workflow="Shop/Flow", status="SUCCEEDED", started=_AT, duration_ms=1.0, test=test
    )
    return Run(
        **{  # type: ignore[arg-type]  # fields of many types
            "name": "tests",
            "recorded": _AT,
            "assembly": assembly,
            "tests": (RecordedTest(id=test, outcome="passed"),),
            "executions": (execution,),
            **fields,
        }
    )


def test_what_tests_did_with_one_assembly_is_one_run() -> None:
    later = _AT + timedelta(seconds=5)

    [run] = merged_runs([_part("one"), _part("two", recorded=later)])

    assert [test.id for test in run.tests] == ["one", "two"]
    assert [each.test for each in run.executions] == ["one", "two"]
    assert (run.name, run.recorded, run.notes) == ("tests", later, ())


def test_each_assembly_has_a_run_that_of_most_tests_first() -> None:
    parts = [_part("one", assembly="few"), *(_part(name, assembly="many") for name in "abc")]

    runs = merged_runs(parts)

    assert [(run.name, run.assembly, len(run.tests)) for run in runs] == [
        ("tests", "many", 3),
        ("tests-2", "few", 1),
    ]


def test_a_test_that_used_several_accounts_is_named_once() -> None:
    [run] = merged_runs([_part("one"), _part("one")])

    assert [test.id for test in run.tests] == ["one"]
    assert len(run.executions) == 2


def test_what_is_billed_besides_executions_is_added_up_by_what_used_it() -> None:
    parts = [
        _part("one", units={"Shop/Greet": {"lambda-requests": Decimal(2)}}),
        _part("two"),
        _part("three", units={"Shop/Greet": {"lambda-requests": Decimal(1)}, "": {}}),
    ]

    [run] = merged_runs(parts)

    assert run.units == {"Shop/Greet": {"lambda-requests": Decimal(3)}, "": {}}


def test_runs_of_before_calls_were_recorded_stay_so() -> None:
    [run] = merged_runs([_part("one"), _part("two")])

    assert run.units is None


def test_different_speeds_of_the_clock_are_said() -> None:
    [run] = merged_runs([_part("one", time_scale=0.0), _part("two", time_scale=1.0)])

    assert run.time_scale == 0
    assert run.notes == ("not all waits ran at the same speed: time scales 0, 1",)


def test_the_report_shows_the_run_of_most_tests_unless_told_otherwise(tmp_path: Path) -> None:
    parts = [_part("one", assembly="few"), *(_part(name, assembly="many") for name in "ab")]

    files = write_runs(merged_runs(parts), tmp_path)

    assert [file.name for file in files] == ["tests.json", "tests-2.json"]
    assert newest_run(tmp_path) == tmp_path / "tests.json"
    assert load_run(files[1]).assembly == "few"


def test_a_session_takes_the_place_of_the_one_before_and_of_nothing_else(tmp_path: Path) -> None:
    old = "tests-000000000000.cdk.out"
    for folder in (old, "demo.cdk.out", "tests-of-mine"):
        (tmp_path / folder).mkdir()
    for file in ("tests-2.json", "demo.json", "tests-notes.json"):
        (tmp_path / file).write_text("{}", encoding="utf-8")

    write_runs(merged_runs([_part("one", assembly="tests-111111111111.cdk.out")]), tmp_path)

    assert {each.name for each in tmp_path.iterdir()} == {
        "demo.cdk.out",
        "demo.json",
        "tests-notes.json",
        "tests-of-mine",
        "tests.json",
    }


def test_assemblies_of_the_same_content_are_kept_once_without_their_assets(tmp_path: Path) -> None:
    names = []
    for number in (1, 2, 3):
        assembly = tmp_path / f"cdk.out-{number}"
        (assembly / "asset.1").mkdir(parents=True)
        (assembly / "asset.1" / "index.py").write_text("code", encoding="utf-8")
        (assembly / "manifest.json").write_text(f'{{"n": {number // 3}}}', encoding="utf-8")
        names.append(keep_tested_assembly(assembly, tmp_path / "runs"))

    assert names[0] == names[1] != names[2]
    assert {each.name for each in (tmp_path / "runs").iterdir()} == set(names)
    assert not list((tmp_path / "runs").rglob("index.py"))
