"""The ``duet`` command as a user runs it, in a copy of the project."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from constructs_lib.demo.waiting import wait_for

PROJECT_FOLDER = Path(__file__).parent.parent.parent
DUET = Path(sys.executable).parent / "duet"
_COPIED = ("app.py", "cdk.json", "stacks", "lambdas", "examples")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder of its own, so that what a command leaves behind is seen."""
    folder = tmp_path_factory.mktemp("project")
    for name in _COPIED:
        source = PROJECT_FOLDER / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    (folder / "node_modules").symlink_to(PROJECT_FOLDER / "node_modules")
    return folder


def _environment(project: Path) -> dict[str, str]:
    return {
        **{name: text for name, text in os.environ.items() if name != "CDK_VALIDATION"},
        "HOME": str(_home(project)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "COLUMNS": "160",
    }


def _home(project: Path) -> Path:
    """A home of its own but for the caches of packages."""
    home = project.with_name("home")
    if not home.exists():
        home.mkdir()
        (home / ".cache").symlink_to(Path.home() / ".cache")
    return home


def _duet(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [DUET, *arguments],
        cwd=project,
        env=_environment(project),
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )


def _processes_of(project: Path) -> list[str]:
    """Command lines of the processes whose environment names the project's work folder."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and int(process.name) != os.getpid():
            try:
                environment = (process / "environ").read_bytes()
                command = (process / "cmdline").read_bytes()
            except (OSError, ProcessLookupError):
                continue
            if str(project / ".duet").encode() in environment + command:
                found.append(command.replace(b"\0", b" ").decode())
    return found


def _left_in(project: Path) -> set[str]:
    """What a command has left in its folder for scratch: runs for ``duet report``."""
    return {path.name for path in project.glob(".duet/*")}


@pytest.fixture(scope="module")
def demo(project: Path) -> subprocess.CompletedProcess[str]:
    return _duet(project, "demo")


def test_the_demo_ends_well_with_every_outcome_as_expected(
    demo: subprocess.CompletedProcess[str],
) -> None:
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert "every outcome was the expected one" in demo.stdout
    assert "✗" not in demo.stdout


def test_the_demo_shows_who_signed_up_and_who_was_refused_by_name(
    demo: subprocess.CompletedProcess[str],
) -> None:
    rows = [line for line in demo.stdout.splitlines() if line.startswith("│ ✓ │")]
    assert sum("signed up" in row for row in rows) == 12 + 3
    assert any("Ada Byron" in row and "SignUp.EmailTaken" in row for row in rows)
    assert any("not-an-email" in row and "SignUp.InvalidRequest" in row for row in rows)
    assert any("Late Riser" in row and "SignUp.NotConfirmed" in row for row in rows)


def test_the_demo_shows_the_events_of_each_sign_up_without_a_workflow(
    demo: subprocess.CompletedProcess[str],
) -> None:
    chains = dict(
        line.strip().split(": ", 1) for line in demo.stdout.splitlines() if "  form-" in line
    )
    untimed = {
        request_id: re.sub(r" \d+\.\d\d s", "", chain) for request_id, chain in chains.items()
    }
    user = "SignUpRequested → EmailReserved → IdentityCreated → UserSignedUp"
    refused = "SignUpRequested → SignUpRejected"
    assert [untimed[f"form-000{number}"] for number in (1, 2, 3, 4)] == [user, user, user, refused]
    assert untimed["form-0005"].startswith(f"{refused} (email must be ASCII text")
    assert all(" s" in chain for chain in chains.values())
    assert sum("│ by mail" in line for line in demo.stdout.splitlines()) == 3


def test_the_demo_shows_each_event_with_its_receivers(
    demo: subprocess.CompletedProcess[str],
) -> None:
    received = [line for line in demo.stdout.splitlines() if "│ UserSignedUp" in line]
    assert len(received) == 12 + 3
    assert all("analytics queue, onboarding function, CRM contact" in line for line in received)
    assert sum("TicketTriaged" in line for line in demo.stdout.splitlines()) == 2


def test_the_demo_shows_tickets_archive_and_replay(
    demo: subprocess.CompletedProcess[str],
) -> None:
    assert "user" in demo.stdout
    assert "urgent" in demo.stdout
    row = next(line for line in demo.stdout.splitlines() if "events in the archive" in line)
    assert row.split("│")[3].strip() == row.split("│")[4].strip() == "23"
    assert "state of replay 'Duet" in demo.stdout
    assert "delivered again to the analytics queue, with replay-name" in demo.stdout


def test_the_demo_shows_each_contact_with_the_request_that_led_to_it(
    demo: subprocess.CompletedProcess[str],
) -> None:
    _, _, contacts = demo.stdout.partition("Contacts in the CRM")
    rows = contacts.splitlines()
    assert sum("│ sign-up-00" in row for row in rows) == 12
    assert sum("│ form-00" in row for row in rows) == 3
    assert "contacts in the CRM after the replay" in contacts


def test_the_demo_shows_the_states_of_the_partners_event_source(
    demo: subprocess.CompletedProcess[str],
) -> None:
    _, _, states = demo.stdout.partition("The partner's event source")
    seen = [line.split("│")[2:4] for line in states.splitlines() if line.startswith("│ ✓")][:3]
    assert [(when.strip(), state.strip()) for when, state in seen] == [
        ("offered by the partner", "PENDING"),
        ("a bus of its name deployed", "ACTIVE"),
        ("the stacks destroyed", "PENDING"),
    ]


def test_the_demo_shows_that_no_dead_letter_is_left(
    demo: subprocess.CompletedProcess[str],
) -> None:
    row = next(line for line in demo.stdout.splitlines() if "dead-letter queues" in line)
    count = re.search(r"in all (\d+) dead-letter queues", row)
    assert count is not None
    assert int(count[1]) > 20
    assert row.split("│")[3].strip() == "0"


def test_the_demo_shows_the_time_of_each_phase(demo: subprocess.CompletedProcess[str]) -> None:
    phases = [line for line in demo.stdout.splitlines() if line.startswith("✓ ")]
    assert len(phases) == 13
    assert all(line.endswith(" s") for line in phases)


def test_the_demo_prints_no_end_of_life_banner(demo: subprocess.CompletedProcess[str]) -> None:
    printed = (demo.stdout + demo.stderr).lower()
    assert "end-of-life" not in printed
    assert "deprecat" not in printed


def test_the_demo_leaves_no_process_and_no_file_but_what_the_report_shows(
    demo: subprocess.CompletedProcess[str], project: Path
) -> None:
    assert demo.returncode == 0
    assert _processes_of(project) == []
    assert {path.name for path in project.iterdir()} == {*_COPIED, "node_modules", ".duet"}
    assert _left_in(project) == {"runs"}
    assert {path.name for path in _home(project).iterdir()} == {".cache"}


def test_the_report_after_a_demo_shows_its_executions_and_events_and_no_person(
    demo: subprocess.CompletedProcess[str], project: Path, tmp_path: Path
) -> None:
    assert demo.stdout.splitlines()[-2].endswith("duet report --open")
    file = tmp_path / "report.html"

    reported = _duet(project, "report", "--output", str(file))

    assert reported.returncode == 0, reported.stderr
    html = file.read_text(encoding="utf-8")
    assert "Run: demo" in html
    assert '"id":"sign-up-0016","graph":2,"status":"FAILED"' in html
    run = (project / ".duet" / "runs" / "demo.json").read_text(encoding="utf-8")
    assert "@" not in run
    assert "Byron" not in run


@pytest.mark.parametrize(
    ("option", "text", "message"),
    [
        ("--sign-ups", '{"name": "Ada"}', "line 1: field email: field required"),
        ("--tickets", '{"detail-type": "x"}', "line 1: field detail: field required"),
    ],
)
def test_a_bad_input_file_is_refused_in_one_line_before_anything_starts(
    project: Path, tmp_path: Path, option: str, text: str, message: str
) -> None:
    path = tmp_path / "input"
    path.write_text(text, encoding="utf-8")

    refused = _duet(project, "demo", option, str(path))

    assert refused.returncode == 2
    assert refused.stdout == ""
    assert refused.stderr == f"{path}, {message}\n"
    assert _left_in(project) <= {"runs"}


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_stops_all_that_it_started(
    project: Path, ending: signal.Signals
) -> None:
    running = subprocess.Popen(
        [DUET, "demo"],
        cwd=project,
        env=_environment(project),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with running:
        assert wait_for(
            lambda: any("deploy" in command for command in _processes_of(project)), until=bool
        )
        running.send_signal(ending)
        _, errors = running.communicate(timeout=30)

    assert running.returncode == 130
    assert "interrupted" in errors
    assert wait_for(lambda: _processes_of(project), until=lambda left: left == []) == []
    assert _left_in(project) <= {"runs"}


@pytest.fixture
def serving(project: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [DUET, "serve", "--port", "0", "--time-scale", "0"],
        cwd=project,
        env=_environment(project),
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        first_line = process.stdout.readline()
        yield process, first_line.split(" at ")[1].split(";")[0]
        process.kill()


def test_serve_answers_on_loopback_until_it_is_interrupted(
    serving: tuple[subprocess.Popen[str], str],
) -> None:
    process, endpoint_url = serving
    assert endpoint_url.startswith("http://127.0.0.1:")
    with urllib.request.urlopen(f"{endpoint_url}/_ministack/health") as answer:  # noqa: S310 - http on loopback
        assert json.load(answer)["services"]["events"]

    process.send_signal(signal.SIGINT)

    assert process.wait(timeout=30) == 0
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(endpoint_url)  # noqa: S310 - http on loopback


def test_help_names_every_command_and_every_exit_status(project: Path) -> None:
    assert {"demo", "serve"} <= set(_duet(project, "--help").stdout.split())
    assert "0 if every outcome was the expected one, 1 if not, 2 for a bad" in " ".join(
        _duet(project, "demo", "--help").stdout.split()
    )
