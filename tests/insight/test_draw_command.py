"""``duet draw`` and ``duet report`` as commands."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from constructs_lib.commands.draw import app as draw_app
from constructs_lib.commands.report import app as report_app
from constructs_lib.insight import load, svg
from constructs_lib.insight.compare import save_comparison
from constructs_lib.insight.graph import Graph
from constructs_lib.insight.layout import Layout, UndrawnPictureError, lay_out
from constructs_lib.insight.pictures import workflow_picture
from constructs_lib.insight.report import drawing
from constructs_lib.insight.runs import keep_assembly, save_run
from tests.insight.drawn_apps import definition_file, example_folder, large_template
from tests.insight.drawn_runs import comparison_of_the_example, run_of_the_example
from tests.insight.machines import machine


@pytest.fixture(scope="module")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return example_folder(tmp_path_factory.mktemp("example"))


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _draw(*arguments: str | Path) -> Result:
    return CliRunner().invoke(draw_app, [str(argument) for argument in arguments])


def test_the_default_is_markdown_of_all_pictures_on_standard_output(assembly: Path) -> None:
    drawn = _draw(assembly)

    assert drawn.exit_code == 0
    assert drawn.stdout.count("```mermaid") == 6
    assert drawn.stdout.startswith("## Event map\n")
    assert drawn.stderr == ""


def test_a_workflow_is_named_by_its_logical_id_in_any_case(assembly: Path) -> None:
    drawn = _draw(assembly, "--workflow", "signupworkflow75d4e874")

    assert drawn.stdout.count("```mermaid") == 1
    assert "Reserve email" in drawn.stdout


def test_a_focus_leaves_the_neighbourhood_of_one_node(assembly: Path) -> None:
    drawn = _draw(assembly, "--focus", "AppBusAnalyticsOfSignUps2168E66D", "--depth", "1")

    assert drawn.stdout.count("-->") + drawn.stdout.count("-.->") == 3


def test_a_state_is_focused_on_in_the_workflow_that_has_it(assembly: Path) -> None:
    drawn = _draw(assembly, "--focus", "Reserve email", "--depth", "0")

    assert drawn.stdout.startswith("## SignUpWorkflow75D4E874\n")


def test_text_that_mermaid_would_not_draw_is_written_with_a_word_of_warning(tmp_path: Path) -> None:
    drawn = _draw(large_template(tmp_path, rules=300, states=1))

    assert drawn.exit_code == 0
    assert "flowchart LR" in drawn.stdout
    assert "Event map is too large for Mermaid's own limits" in drawn.stderr
    assert "--focus" in drawn.stderr


def test_svg_is_one_picture_and_says_which_others_there_are(assembly: Path) -> None:
    drawn = _draw(assembly, "--format", "svg")

    assert drawn.stdout.startswith("<svg ")
    assert "this is Event map" in drawn.stderr
    assert "SignUpWorkflow75D4E874" in drawn.stderr


def test_a_folder_gets_a_file_for_each_picture(assembly: Path, tmp_path: Path) -> None:
    drawn = _draw(assembly, "--format", "svg", "--output", "pictures/")

    assert drawn.exit_code == 0
    names = {path.name for path in (tmp_path / "pictures").iterdir()}
    assert len(names) == 6
    assert "00-event-map.svg" in names


def test_html_is_written_to_a_file_and_said(assembly: Path, tmp_path: Path) -> None:
    drawn = _draw(assembly, "--format", "html")

    assert (drawn.stdout, drawn.stderr) == ("", "wrote duet-report.html\n")
    assert (tmp_path / "duet-report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--workflow", "Nope"], "must be one that there is, got 'Nope'"),
        (["--focus", "Nope"], "must be one that there is, got 'Nope'"),
        (["--output", "no/such/folder.md"], "No such file"),
    ],
    ids=["workflow", "node", "folder"],
)
def test_what_cannot_be_drawn_is_said_in_one_line_with_status_2(
    assembly: Path, arguments: list[str], message: str
) -> None:
    drawn = _draw(assembly, *arguments)

    assert drawn.exit_code == 2
    assert message in drawn.stderr
    assert drawn.stderr.count("\n") == 1


def test_an_assembly_without_workflows_and_events_is_refused(tmp_path: Path) -> None:
    template = tmp_path / "t.json"
    template.write_text('{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}', encoding="utf-8")

    drawn = _draw(template)

    assert drawn.exit_code == 2
    assert "has neither workflows nor events to draw" in drawn.stderr


def test_what_could_not_be_read_is_said_beside_the_pictures(tmp_path: Path) -> None:
    file = definition_file(tmp_path, machine("A", A={"Type": "Pass", "Next": "Gone"}))

    drawn = _draw(file)

    assert drawn.exit_code == 0
    assert "goes on to 'Gone'" in drawn.stderr


def test_drawing_loads_neither_cdk_nor_boto3_and_starts_no_program(assembly: Path) -> None:
    program = (
        "import subprocess, sys\n"
        "subprocess.Popen.__init__ = None\n"
        "from typer.main import get_command\n"
        "from constructs_lib.commands.draw import app\n"
        f"get_command(app)([{str(assembly)!r}, '--format', 'svg'], standalone_mode=False)\n"
        "print(sorted({'aws_cdk', 'boto3', 'jsii', 'jinja2'} & sys.modules.keys()))"
    )

    ended = subprocess.run(  # noqa: S603 - this Python, a fixed program
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )

    assert ended.stdout.splitlines()[-1] == "[]"


def test_a_report_shows_the_newest_run_on_the_assembly_that_was_deployed(
    assembly: Path, tmp_path: Path
) -> None:
    runs = tmp_path / ".duet" / "runs"
    keep_assembly(assembly, runs / "by-hand.cdk.out")
    run = run_of_the_example()
    save_run(type(run)(**{**vars(run), "assembly": "by-hand.cdk.out"}), runs / "by-hand.json")

    written = CliRunner().invoke(report_app, [])

    assert written.exit_code == 0, written.output
    assert written.stderr == "wrote report.html, with the run by hand\n"
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Run: by hand" in html
    assert "executions of these have no picture here: Other/Flow" in html


def test_a_report_tells_of_other_runs_which_are_newer_and_how_to_see_them(
    assembly: Path, tmp_path: Path
) -> None:
    runs = tmp_path / ".duet" / "runs"
    shown = run_of_the_example()
    for name, days in (("older one", -1), ("shown", 0), ("newer one", 1)):
        other = replace(shown, name=name, recorded=shown.recorded + timedelta(days=days))
        save_run(other, runs / f"{name}.json")
    (runs / "notes.json").write_text("[]", encoding="utf-8")

    CliRunner().invoke(report_app, [str(assembly), "--run", str(runs / "shown.json")])

    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Other runs (2)" in html
    told = html.partition("Other runs (2)")[2].partition("</details>")[0]
    assert re.findall(r"<li>(.*?)<small>(.*?), 2 exec", told) == [
        ("newer one, newer", "2026-11-28 09:30 UTC"),
        ("older one, older", "2026-11-26 09:30 UTC"),
    ]
    assert f"duet report --run &#39;{runs}/newer one.json&#39;" in told


def test_a_report_without_a_run_says_so(assembly: Path) -> None:
    written = CliRunner().invoke(report_app, [str(assembly)])

    assert written.stderr == "wrote report.html, without a run\n"


def test_a_report_shows_a_comparison_of_the_designs_that_it_draws(tmp_path: Path) -> None:
    save_comparison(comparison_of_the_example(), tmp_path / ".duet" / "comparison.json")
    example = tmp_path / "example.template.json"
    queues = {
        f"Queue{number}": {
            "Type": "AWS::SQS::Queue",
            "Metadata": {"aws:cdk:path": f"{design}/SignUp/Queue/Resource"},
        }
        for number, design in enumerate(("DuetOrchestration", "DuetChoreography"))
    }
    example.write_text(json.dumps({"Resources": queues}), encoding="utf-8")
    other = definition_file(tmp_path, {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}})

    pages = []
    for path in (example, other):
        CliRunner().invoke(report_app, [str(path)])
        pages.append((tmp_path / "report.html").read_text(encoding="utf-8"))

    assert ["Compare designs" in page for page in pages] == [True, False]
    assert "components &lt;b&gt;that&lt;/b&gt; know the order" in pages[0]


def test_a_report_without_one_of_its_pictures_is_written_all_the_same(
    assembly: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "lay_out", _give_up_the_event_map)
    written = CliRunner().invoke(report_app, [str(assembly)])

    assert written.exit_code == 0
    assert "graphviz cannot lay out 'Event map'" in written.stderr
    assert "--focus NODE --depth 2" in written.stderr
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert html.count('class="view undrawn"') == 1
    assert html.count('class="view"') == 5


def test_a_folder_without_one_of_its_pictures_gets_the_others(
    assembly: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(svg, "lay_out", _give_up_the_event_map)

    drawn = _draw(assembly, "--format", "svg", "--output", f"{tmp_path}/pictures/")

    assert drawn.exit_code == 0
    assert "left out: graphviz cannot lay out 'Event map'" in drawn.stderr
    assert len(list((tmp_path / "pictures").glob("*.svg"))) == 5


def _give_up_the_event_map(graph: Graph) -> Layout:
    if graph.kind == "event-map":
        raise UndrawnPictureError(graph, "it takes longer than 30 seconds")
    return lay_out(graph)


def test_the_commands_that_a_report_offers_for_a_missing_picture_work(
    assembly: Path,
) -> None:
    picture = workflow_picture(load(assembly), "SignUpWorkflow75D4E874")
    remedies = drawing.drawing(picture).remedies(str(assembly))

    drawn = [_draw(*shlex.split(command)[2:]) for command in remedies]

    assert [each.exit_code for each in drawn] == [0, 0]
    assert drawn[0].stdout.startswith("<svg ")
    assert drawn[1].stdout.startswith("## SignUpWorkflow75D4E874")


def test_a_file_that_is_no_run_is_refused(assembly: Path, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_text('{"name": 3}', encoding="utf-8")

    refused = CliRunner().invoke(report_app, [str(assembly), "--run", str(file)])

    assert refused.exit_code == 2
    assert "is no run file" in refused.stderr
