"""``duet up`` and ``duet down`` as processes: deployed, redeployed, ended, killed at any moment."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from constructs_lib.cli import app
from constructs_lib.local.instance import Instance, claim, find_instance
from tests.assemblies import Assembly, queue, queue_urls

if TYPE_CHECKING:
    from tests.local.conftest import WaitUntil

DUET = Path(sys.executable).with_name("duet")
SOURCE = "aws.partner/freshworks.com/acme/tickets"
PARTNER_BUS = {
    "Type": "AWS::Events::EventBus",
    "Properties": {"Name": {"Ref": "Source"}, "EventSourceName": {"Ref": "Source"}},
}


class Project:
    """A folder with an assembly, and the ``duet up`` that runs in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "cdk.out").mkdir()
        self.assembly = Assembly(folder / "cdk.out")
        self.printed = folder.with_suffix(".txt")

    def write(self, **resources: Any) -> None:
        outputs = {name: {"Value": {"Ref": name}} for name in resources}
        parameters = {"Source": {"Type": "String", "Default": SOURCE}}
        self.assembly.stack("Shop", resources, Outputs=outputs, Parameters=parameters)

    def up(self, *options: str) -> subprocess.Popen[bytes]:
        with self.printed.open("wb") as printed:
            return subprocess.Popen(
                [DUET, "up", *options],
                cwd=self.folder,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def instance(self) -> Instance | None:
        return find_instance(self.folder)

    def deployed(self) -> Instance | None:
        instance = self.instance()
        return instance if instance and instance.deployment == "deployed" else None

    def processes(self) -> list[int]:
        """All that name the folder or stand in it."""
        found = []
        for process in Path("/proc").iterdir():
            if process.name.isdigit() and int(process.name) != os.getpid():
                with suppress(OSError):
                    named = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
                    stands = str((process / "cwd").readlink())
                    if f"{self.folder}/".encode() in named or stands == str(self.folder):
                        found.append(int(process.name))
        return found

    def run(self, *arguments: str) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.folder)
            return CliRunner(env={"COLUMNS": "200"}).invoke(app, list(arguments))

    def end(self) -> None:
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def is_free(port: int) -> bool:
    """Whether the port can be served; the system closes a dying process's last of all."""
    with suppress(OSError), socket.create_server(("127.0.0.1", port)):
        return True
    return False


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = Project(tmp_path / "project")
    project.write(Orders=queue())
    yield project
    project.end()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, wait_until: WaitUntil) -> Iterator[Project]:
    """One that has been started in the foreground."""
    project = Project(tmp_path_factory.mktemp("up") / "project")
    project.write(Orders=queue(), Tickets=PARTNER_BUS)
    with project.up("--time-scale", "0", "--verify-sender", "example.com") as process:
        try:
            wait_until(project.deployed)
            yield project
        finally:
            process.kill()
            project.end()


def test_it_deploys_prints_the_outputs_and_is_found(running: Project) -> None:
    instance = running.deployed()

    assert instance is not None
    assert instance.stacks == ("Shop",)
    assert instance.assembly == running.folder / "cdk.out"
    assert instance.time_scale == 0
    assert len(queue_urls(instance.account())) == 1
    assert "Shop  │ Orders" in running.printed.read_text()


def test_it_offers_the_source_of_a_partner_bus_and_says_so(running: Project) -> None:
    instance = running.instance()

    assert instance is not None
    with closing(instance.account().client("events")) as events:
        assert events.describe_event_source(Name=SOURCE)["State"] == "ACTIVE"
    assert f"offered the event source {SOURCE}, as the partner does" in running.printed.read_text()


def test_it_verifies_the_sender_that_it_is_told(running: Project) -> None:
    instance = running.instance()

    assert instance is not None
    with closing(instance.account().client("sesv2")) as mails:
        found = mails.get_email_identity(EmailIdentity="example.com")
    assert found["VerifiedForSendingStatus"]


def test_a_second_one_is_refused_by_name_and_harms_nothing(running: Project) -> None:
    before = running.instance()

    refused = running.run("up")

    assert refused.exit_code == 2
    assert before is not None
    assert f"process {before.pid} at {before.endpoint_url}" in refused.stderr
    assert "run: duet down" in refused.stderr
    assert running.instance() == before


def test_a_change_is_deployed_once_the_assembly_is_whole(
    running: Project, wait_until: WaitUntil
) -> None:
    instance = running.instance()
    assert instance is not None
    manifest = running.folder / "cdk.out" / "manifest.json"
    whole = manifest.read_bytes()

    manifest.write_bytes(whole[: len(whole) // 2])
    running.write(Orders=queue(), Tickets=PARTNER_BUS, Refunds=queue())

    wait_until(lambda: len(queue_urls(instance.account())) == 2)
    assert "must hold" not in running.printed.read_text()


def test_an_assembly_that_was_removed_and_made_again_is_deployed(
    running: Project, wait_until: WaitUntil
) -> None:
    instance = running.instance()
    assert instance is not None
    folder = running.folder / "cdk.out"

    shutil.rmtree(folder)
    folder.mkdir()
    Assembly(folder).stack(
        "Shop",
        {"Later": queue(QueueName="later"), "Tickets": PARTNER_BUS},
        Parameters={"Source": {"Type": "String", "Default": SOURCE}},
    )

    wait_until(lambda: any(url.endswith("/later") for url in queue_urls(instance.account())))


def test_a_deployment_that_fails_is_shown_and_is_no_end(
    running: Project, wait_until: WaitUntil
) -> None:
    instance = running.instance()
    assert instance is not None

    running.write(Odd={"Type": "AWS::No::Such"}, Tickets=PARTNER_BUS)
    wait_until(lambda: "AWS::No::Such is not supported" in running.printed.read_text())
    failed = running.instance()
    running.write(Mended=queue(QueueName="mended"), Tickets=PARTNER_BUS)

    wait_until(lambda: any(url.endswith("/mended") for url in queue_urls(instance.account())))
    assert failed is not None
    assert failed.deployment == "failed"


# ── The end ──────────────────────────────────────────────────────────────────────────────────────


def test_a_detached_one_outlives_its_starter_until_down(project: Project) -> None:
    with project.up("--detach", "--json") as starter:
        assert starter.wait() == 0
    printed = project.printed.read_text()
    instance = project.deployed()
    assert instance is not None
    session = os.getsid(instance.pid)
    down = project.run("down", "--json")

    assert session == instance.pid, "a terminal that is closed would end it"
    assert instance.pid != starter.pid
    assert json.loads(printed[printed.index("{") : printed.rindex("}") + 1]) == instance.to_json()
    assert down.exit_code == 0
    assert json.loads(down.stdout) == {"ended": instance.to_json()}
    assert project.processes() == []
    assert [path.name for path in project.folder.iterdir()] == ["cdk.out"]


def test_secrets_that_it_is_given_are_deployed_and_shown_nowhere(project: Project) -> None:
    project.assembly.stack(
        "Shop",
        {
            "Key": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {
                    "Name": "/read",
                    "Type": "String",
                    "Value": "{{resolve:secretsmanager:crm:SecretString:key}}{{resolve:ssm:/tax}}",
                },
            }
        },
    )
    (project.folder / "crm.json").write_text('{"key": "sesame"}\n')

    with project.up("--detach", "--secret", "crm=file://crm.json", "--ssm", "/tax=19") as starter:
        assert starter.wait() == 0

    instance = project.deployed()
    assert instance is not None
    with closing(instance.account().client("ssm")) as ssm:
        assert ssm.get_parameter(Name="/read")["Parameter"]["Value"] == "sesame19"
    (project.folder / "crm.json").unlink()
    written = [each for each in project.folder.rglob("*") if each.is_file()]
    shown = b"".join([project.printed.read_bytes(), *(each.read_bytes() for each in written)])
    assert b"made crm, with the value given" in shown
    assert b"sesame" not in shown


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ("sesame", "--secret must be NAME=VALUE, got no value"),
        ("=sesame", "--secret must be NAME=VALUE, got no name"),
        ("crm=file://sesame.txt", "--secret crm must name a file of text, got sesame.txt"),
    ],
)
def test_a_value_that_is_not_given_well_is_refused_unseen(
    project: Project, given: str, refusal: str
) -> None:
    refused = project.run("up", "--secret", given)

    assert refused.exit_code == 2
    assert refusal in refused.stderr
    assert "sesame" not in refused.stderr.replace("sesame.txt", "")


def test_it_is_at_home_where_the_stacks_go(project: Project) -> None:
    project.assembly.stack("Shop", {"Orders": queue()}, environment="aws://123456789012/eu-west-1")

    with project.up("--detach", "--no-watch") as starter:
        assert starter.wait() == 0

    instance = project.instance()
    assert instance is not None
    assert (instance.account_id, instance.region) == ("123456789012", "eu-west-1")
    assert len(queue_urls(instance.account())) == 1


def test_down_where_nothing_runs_says_so_and_is_no_error(project: Project) -> None:
    down = project.run("down")

    assert down.exit_code == 0
    assert "no embedded AWS runs for this folder" in down.stdout


def test_a_missing_assembly_is_named_with_the_remedy(project: Project) -> None:
    refused = project.run("up", "nowhere")

    assert refused.exit_code == 2
    assert "got nowhere; run: cdk synth" in refused.stderr


def test_a_template_is_refused_with_the_way_it_can_be_deployed(project: Project) -> None:
    (project.folder / "template.yaml").write_text("Resources: {}", encoding="utf-8")

    refused = project.run("up", "template.yaml")

    assert refused.exit_code == 2
    assert "got the file template.yaml" in refused.stderr
    assert "run: duet serve" in refused.stderr


def test_without_watching_a_deployment_that_fails_is_the_end(project: Project) -> None:
    project.write(Odd={"Type": "AWS::No::Such"})

    ended = project.run("up", "--no-watch")

    assert ended.exit_code == 1
    assert "AWS::No::Such is not supported" in ended.stderr
    assert [path.name for path in project.folder.iterdir()] == ["cdk.out"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_it_and_leaves_nothing(
    project: Project, how: signal.Signals, wait_until: WaitUntil
) -> None:
    with project.up() as process:
        wait_until(project.deployed)
        process.send_signal(how)
        assert process.wait() == 130

    assert "the embedded AWS has stopped" in project.printed.read_text()
    assert project.processes() == []
    assert [path.name for path in project.folder.iterdir()] == ["cdk.out"]


def test_down_ends_one_that_is_just_starting(project: Project, wait_until: WaitUntil) -> None:
    with project.up() as process:
        wait_until((project.folder / ".duet" / ".gitignore").exists)

        assert project.run("down").exit_code == 0
        assert process.wait() == 130


def test_an_emulator_that_dies_ends_it_with_the_reason(
    project: Project, wait_until: WaitUntil
) -> None:
    with project.up("--json") as process:
        wait_until(project.deployed)
        (emulator,) = [pid for pid in project.processes() if pid != process.pid]
        os.kill(emulator, signal.SIGKILL)

        assert process.wait() == 1
    printed = project.printed.read_text().splitlines()
    (deployed,) = [json.loads(line) for line in printed if line.startswith("{")]
    assert [(each["name"], each["changed"]) for each in deployed["stacks"]] == [("Shop", True)]
    assert "the embedded AWS ended by itself" in project.printed.read_text()


MOMENTS: dict[str, Callable[[Project], object]] = {
    "as-it-claims-the-folder": lambda project: (project.folder / ".duet" / ".gitignore").exists(),
    "as-the-emulator-starts": lambda project: list(project.folder.glob(".duet/aws/scratch-*")),
    "as-it-deploys": Project.instance,
    "as-it-serves": Project.deployed,
}


@pytest.mark.parametrize(
    ("moment", "options"),
    [
        *((moment, ()) for moment in MOMENTS),
        ("as-the-emulator-starts", ("--detach",)),
        ("as-it-deploys", ("--detach",)),
    ],
    ids=str,
)
def test_a_kill_leaves_no_process_port_or_lock_behind(
    project: Project, moment: str, options: tuple[str, ...], wait_until: WaitUntil
) -> None:
    """With ``--detach`` it is the starter that is killed before it could let go."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with project.up("--port", str(port), *options) as process:
        wait_until(lambda: MOMENTS[moment](project))
        process.kill()

    wait_until(lambda: project.processes() == [] or (options and project.deployed()))
    if project.instance() is None:  # else the starter had let go just before
        wait_until(lambda: is_free(port))
        with claim(project.folder):
            pass
        assert [path.name for path in project.folder.iterdir()] == ["cdk.out"]


def test_a_killed_detached_one_is_no_hindrance(project: Project, wait_until: WaitUntil) -> None:
    with project.up("--detach") as starter:
        starter.wait()
    killed = project.instance()
    assert killed is not None
    port = killed.endpoint_url.rpartition(":")[2]
    os.kill(killed.pid, signal.SIGKILL)
    # A dying process names no folder any more, while it still counts as running and has its port.
    wait_until(lambda: project.processes() == [] and is_free(int(port)))

    wait_until(lambda: project.instance() is None)
    with project.up("--detach", "--port", port) as again:
        assert again.wait() == 0
    assert project.run("down").exit_code == 0
