"""``duet cost`` on the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from constructs_lib.commands.cost import app
from constructs_lib.insight.runs import Run, save_run
from tests.insight.machines import SUCCEED, machine, read, task


@pytest.fixture
def template(tmp_path: Path) -> str:
    entry = {"Source": "shop", "DetailType": "Ordered", "EventBusName": "default", "Detail": {}}
    put = task("events:putEvents", {"Entries": [entry]}, Next="Done")
    read(tmp_path, machine("Tell", Tell=put, Done=SUCCEED))
    return str(tmp_path / "flow.template.json")


def _run(*arguments: str) -> str:
    ran = CliRunner(env={"COLUMNS": "200"}).invoke(app, list(arguments))
    assert ran.exit_code == 0, ran.output
    return ran.output


def test_it_shows_paths_events_and_what_is_taken_for_granted(template: str) -> None:
    shown = _run(template)

    assert "1 event, 2 transitions" in shown
    assert "Ordered of shop" in shown
    assert "size of an event in bytes: 1024" in shown


def test_json_has_the_units_and_the_prices_with_their_pages(template: str) -> None:
    written = json.loads(_run(template, "--json", "--runs-per-month", "1000"))

    (workflow,) = written["workflows"]
    assert workflow["unitsPerRun"] == {"custom-events": 1.0, "standard-transitions": 2.0}
    assert workflow["usdPerMillionRuns"] == 51.0
    assert written["month"]["usd"] == 0.051
    assert {price["id"]: price["page"][:23] for price in written["prices"]} == {
        "custom-events": "https://aws.amazon.com/",
        "standard-transitions": "https://aws.amazon.com/",
    }


def test_input_that_cannot_be_read_ends_it_with_2(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, [str(tmp_path / "nothing")])

    assert ran.exit_code == 2


def test_a_file_that_is_no_run_ends_it_with_2(template: str) -> None:
    ran = CliRunner().invoke(app, [template, "--run", template])

    assert ran.exit_code == 2
    assert "is no run file" in ran.output


def test_of_a_run_file_of_before_calls_were_recorded_it_says_what_is_lacking(
    template: str, tmp_path: Path
) -> None:
    file = tmp_path / "run.json"
    save_run(Run(name="old", recorded=datetime(2026, 11, 27, tzinfo=UTC)), file)

    assert "record the run again" in _run(template, "--run", str(file))
    assert "calls" in json.loads(_run(template, "--run", str(file), "--json"))["run"]["lacks"]


def test_it_starts_neither_node_nor_an_aws_client(template: str) -> None:
    program = (
        "import sys\n"
        "from typer.testing import CliRunner\n"
        "from constructs_lib.commands.cost import app\n"
        f"assert CliRunner().invoke(app, [{template!r}]).exit_code == 0\n"
        "print(sorted({'jsii', 'aws_cdk', 'botocore', 'boto3', 'yaml'} & set(sys.modules)))\n"
    )

    ran = subprocess.run(  # noqa: S603 - a fixed program
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert ran.stdout.strip() == "[]"
