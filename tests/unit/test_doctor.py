"""`duet doctor`: what it says of a machine, and when it fails."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from constructs_lib.commands.doctor import app
from constructs_lib.local import cdk_versions, doctor, emulator_python, own_environment
from constructs_lib.local.doctor import Finding, examine

_PROJECT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def _users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv(emulator_python.SETTING, raising=False)
    monkeypatch.chdir(tmp_path)


def finding(about: str) -> Finding:
    (found,) = [each for each in examine(Path.cwd()) if each.about == about]
    return found


def program(path: Path, printed: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {printed}\n")
    path.chmod(0o755)
    return path


def cdk_cli(folder: Path, version: str) -> None:
    package = folder / "node_modules" / "aws-cdk"
    package.mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"name": "aws-cdk", "version": version}))


def test_it_finds_what_the_project_itself_has() -> None:
    states = {each.about: each.state for each in examine(_PROJECT)}

    needed = ("Python", "Node", "CDK CLI", "aws-cdk-lib", "boto3", "MiniStack", "botocore", "moto")
    assert {name: states[name] for name in needed} == dict.fromkeys(needed, "ok")


def test_the_cdk_cli_that_it_names_is_the_one_that_the_project_locks() -> None:
    locked = json.loads((_PROJECT / "package.json").read_text())["devDependencies"]["aws-cdk"]

    assert locked == cdk_versions.PINNED_CLI


def test_the_cdk_cli_that_was_published_by_accident_is_a_warning(tmp_path: Path) -> None:
    cdk_cli(tmp_path, "3.0.0")

    found = finding("CDK CLI")

    assert found.state == "warning"
    assert found.found.startswith("3.0.0 in ")
    assert found.remedy == f"run: npm install aws-cdk@{cdk_versions.PINNED_CLI}"


def test_without_a_cdk_cli_it_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert finding("CDK CLI").found == "none in the project or on the path"


def test_an_old_node_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JSII_NODE", str(program(tmp_path / "node", "v20.19.2")))

    found = finding("Node")

    assert (found.state, found.found) == (
        "warning",
        f"20.19.2 at {tmp_path}/node, which is no longer supported",
    )


def test_a_node_that_does_not_run_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JSII_NODE", str(tmp_path / "nowhere"))

    assert finding("Node").found == "none"


def test_an_environment_that_is_still_to_be_made_is_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(emulator_python, "installed_here", lambda: {"botocore": "9.9.9"})

    found = finding("MiniStack")

    assert found.state == "warning"
    assert "duet doctor --make-environment" in found.remedy
    assert finding("botocore").found.startswith("9.9.9, apart from the emulator's ")


def test_a_named_python_without_the_emulator_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = program(tmp_path / "python", "1.0.0")
    monkeypatch.setenv(emulator_python.SETTING, str(python))

    found = finding("MiniStack")

    assert found.state == "missing"
    assert found.found == f"1.0.0 in {python} (DUET_MINISTACK_PYTHON)"
    assert found.remedy.startswith(f"run: {python} -m pip install 'ministack==")


def test_a_setting_that_names_no_program_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(emulator_python.SETTING, "python")

    found = finding("MiniStack")

    assert found.state == "missing"
    assert "must be the absolute path of a Python, got 'python'" in found.remedy


def test_a_record_that_a_killed_instance_left_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / ".duet").mkdir()
    (tmp_path / ".duet" / "up.json").write_text("{}")

    found = finding("duet up")

    assert (found.state, found.remedy) == ("warning", "run: duet down")


def test_a_taken_port_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(doctor, "DEFAULT_PORT", port)
        found = finding(f"port {port}")

    assert found.state == "warning"
    assert "duet serve --port 0" in found.remedy


def test_environments_of_other_versions_are_counted_with_the_size(tmp_path: Path) -> None:
    old = tmp_path / "cache" / "duet" / "ministack-1.0.0-cpython-311-00000000"
    old.mkdir(parents=True)
    (old / "file").write_bytes(b"0" * 2_000_000)

    found = finding("cache")

    assert found.found.startswith("2 MB in ")
    assert found.remedy.endswith(f"run: rm -r {old}")


def test_json_holds_every_finding_and_whether_the_embedded_aws_can_run() -> None:
    ended = CliRunner().invoke(app, ["--json"])

    answer = json.loads(ended.stdout)
    assert answer["ready"] is True
    assert [each["about"] for each in answer["findings"]] == [
        each.about for each in examine(Path.cwd())
    ]
    assert ended.exit_code == 0


def test_it_fails_when_something_needed_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(emulator_python.SETTING, "/nowhere/python")

    ended = CliRunner().invoke(app, [])

    assert ended.exit_code == 1
    assert re.search(r"missing +MiniStack", ended.stdout)


def test_it_makes_the_environment_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator_python, "installed_here", dict)

    def commands(folder: Path) -> list[tuple[str, list[str]]]:
        link = (
            "import os, sys; os.mkdir(sys.argv[1]); "
            "os.symlink(sys.executable, sys.argv[1] + '/python')"
        )
        return [("a step", [sys.executable, "-c", link, str(folder / "bin")])]

    monkeypatch.setattr(own_environment, "_commands", commands)

    ended = CliRunner().invoke(app, ["--make-environment", "--json"])

    assert "a step\n" in ended.stderr
    (row,) = [row for row in json.loads(ended.stdout)["findings"] if row["about"] == "MiniStack"]
    assert row["state"] == "ok"
    assert "in its own environment: " in row["found"]


def test_an_environment_that_cannot_be_made_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator_python, "installed_here", dict)
    failing = [("a step", [sys.executable, "-c", "raise SystemExit('offline')"])]
    monkeypatch.setattr(own_environment, "_commands", lambda _folder: failing)

    ended = CliRunner().invoke(app, ["--make-environment"])

    assert ended.exit_code == 1
    assert ended.stderr.rstrip().endswith("offline")


def test_without_typer_or_a_terminal_the_logic_runs_alone() -> None:
    loaded = (
        "import sys, constructs_lib.local.doctor as d, pathlib; d.examine(pathlib.Path('.')); "
        "print({'typer', 'rich', 'boto3', 'jsii'} & sys.modules.keys())"
    )

    printed = subprocess.check_output(  # noqa: S603 - this Python, a fixed program
        [sys.executable, "-c", loaded], text=True, env={**os.environ, "PYTHONPATH": str(_PROJECT)}
    )

    assert printed == "set()\n"
