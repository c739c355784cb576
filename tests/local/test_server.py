"""The embedded AWS: what it opens, what it sees of its surroundings, and that it always ends."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import zipfile
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from constructs_lib.local import EmbeddedAws, EmbeddedAwsError, serve

if TYPE_CHECKING:
    from tests.local.conftest import WaitUntil

LISTENING = "0A"
# A program of the handler's own outlives the handler, unless somebody ends the whole group.
SLEEPING_HANDLER = """
import subprocess
def handler(event, context):
    subprocess.run(["sleep", "600"])
"""
# The emulator, the handler's process, and its program.
BUSY_MEMBERS = 3


def group_members(group_id: int) -> list[int]:
    """The living processes of a process group; a zombie that nobody reaps does not live."""
    members = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            # pid (name) state parent group ...; the name may hold spaces.
            state, _parent, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            if int(group) == group_id and state not in "ZX":
                members.append(int(entry.name))
    return members


def listening_addresses(pid: int) -> set[str]:
    """Local addresses (hexadecimal, as the kernel writes them) that a process listens on."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            inodes.add(descriptor.readlink().name.removeprefix("socket:[").removesuffix("]"))
    addresses = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes and (fields[3] == LISTENING or table.startswith("udp")):
                addresses.add(f"{table} {fields[1]}")
    return addresses


def refuses_connections(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def start_sleeping_handler(aws: EmbeddedAws) -> None:
    """Call a function that runs a program for ten minutes; do not wait for its answer."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("index.py", SLEEPING_HANDLER)
    with closing(aws.client("lambda")) as functions:
        functions.create_function(
            FunctionName="sleeper",
            Runtime="python3.13",
            Handler="index.handler",
            Role=f"arn:aws:iam::{aws.account_id}:role/any",
            Timeout=900,
            Code={"ZipFile": archive.getvalue()},
        )
        functions.invoke(FunctionName="sleeper", InvocationType="Event")


def test_it_listens_on_one_loopback_port_and_nowhere_else() -> None:
    with EmbeddedAws() as aws:
        port = int(aws.endpoint_url.rpartition(":")[2])
        assert listening_addresses(aws.pid) == {f"tcp 0100007F:{port:04X}"}


def test_two_instances_do_not_meet() -> None:
    with EmbeddedAws() as one, EmbeddedAws() as other:
        assert one.endpoint_url != other.endpoint_url
        with closing(one.client("sqs")) as sqs, closing(other.client("sqs")) as other_sqs:
            sqs.create_queue(QueueName="mine")
            assert not other_sqs.list_queues().get("QueueUrls")


def test_a_taken_port_is_named_and_nothing_stays(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        aws = EmbeddedAws(port=port, work_folder=tmp_path)
        with pytest.raises(EmbeddedAwsError, match=rf"port {port} .*pass another port, or 0"):
            aws.start()
    assert [entry.name for entry in tmp_path.iterdir()] == ["embedded-aws.log"]
    with pytest.raises(EmbeddedAwsError, match="not running"):
        _ = aws.pid


def test_a_given_port_is_used_again_after_a_stop() -> None:
    with EmbeddedAws() as first:
        port = int(first.endpoint_url.rpartition(":")[2])
    with serve(port=port) as second:
        assert second.endpoint_url == f"http://127.0.0.1:{port}"


def test_settings_of_the_starter_do_not_leak_in(monkeypatch: pytest.MonkeyPatch) -> None:
    leaks = {
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "secret",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
        "LOCALSTACK_PERSISTENCE": "1",
        "MINISTACK_VERSION": "9",
        "SERVICES": "s3",
        "AUTH": "true",
        "PERSIST_STATE": "1",
        "S3_PERSIST": "1",
        "USE_SSL": "1",
        "SFN_MOCK_CONFIG": "/nowhere.json",
        "EDGE_PORT": "4566",
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    for name, value in leaks.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DOCKER_HOST", "unix:///var/run/docker.sock")
    with EmbeddedAws() as aws, closing(aws.client("sqs")) as sqs:
        seen = Path(f"/proc/{aws.pid}/environ").read_text().split("\0")
        names = {line.partition("=")[0] for line in seen}
        assert names.isdisjoint(leaks)
        docker_socket = next(line for line in seen if line.startswith("DOCKER_HOST=unix://"))
        assert not Path(docker_socket.removeprefix("DOCKER_HOST=unix://")).exists()
        assert sqs.create_queue(QueueName="works")["QueueUrl"].startswith(aws.endpoint_url)


def test_a_given_work_folder_keeps_only_the_log(tmp_path: Path) -> None:
    temporary_before = set(Path(tempfile.gettempdir()).glob("ministack*"))
    with EmbeddedAws(work_folder=tmp_path / "work") as aws, closing(aws.client("s3")) as s3:
        start_sleeping_handler(aws)
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="b", Body=b"c")
        assert aws.log_path == tmp_path / "work" / "embedded-aws.log"
    assert [entry.name for entry in (tmp_path / "work").iterdir()] == ["embedded-aws.log"]
    assert set(Path(tempfile.gettempdir()).glob("ministack*")) == temporary_before


def test_a_temporary_work_folder_goes_with_the_emulator() -> None:
    with EmbeddedAws() as aws:
        folder = aws.log_path.parent
        assert folder.is_dir()
    assert not folder.exists()


def test_stopping_ends_busy_handlers_and_may_be_repeated(wait_until: WaitUntil) -> None:
    aws = EmbeddedAws().start()
    group = aws.pid
    start_sleeping_handler(aws)
    wait_until(lambda: len(group_members(group)) == BUSY_MEMBERS)
    aws.stop()
    wait_until(lambda: not group_members(group))
    aws.stop()


STARTER = """
    import os, signal, sys
    from constructs_lib.local import EmbeddedAws
    sys.path.append({folder!r})
    from test_server import start_sleeping_handler
    with EmbeddedAws() as aws:
        start_sleeping_handler(aws)
        if {forks} and os.fork() == 0:
            os.close(1)  # or the reader of our output waits for this process
            signal.pause()
        print(aws.pid, aws.endpoint_url.rpartition(":")[2], aws.log_path.parent, flush=True)
        signal.pause()
"""


@pytest.mark.parametrize("forks", [False, True], ids=["alone", "with-a-forked-child"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_killing_the_parent_ends_the_emulator(
    how: signal.Signals, forks: bool, wait_until: WaitUntil
) -> None:
    program = textwrap.dedent(STARTER.format(folder=str(Path(__file__).parent), forks=forks))
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as starter:
        assert starter.stdout is not None
        emulator, port, folder = starter.stdout.readline().decode().split()
        # Whatever happens, the starter must die: leaving `with Popen` waits for it.
        try:
            wait_until(lambda: len(group_members(int(emulator))) == BUSY_MEMBERS)
            starter.send_signal(how)
            wait_until(lambda: not group_members(int(emulator)))
            wait_until(lambda: refuses_connections(int(port)))
            wait_until(lambda: not Path(folder).exists())
        finally:
            with suppress(ProcessLookupError):
                os.killpg(starter.pid, signal.SIGKILL)


def test_an_interrupt_of_the_terminal_does_not_reach_the_emulator() -> None:
    with EmbeddedAws() as aws:
        assert os.getsid(aws.pid) == os.getpgid(aws.pid) == aws.pid != os.getsid(0)


def test_an_emulator_that_dies_at_start_shows_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hypercorn.py").write_text("raise RuntimeError('no such luck')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(EmbeddedAwsError, match=r"(?s)ended before it could serve.*no such luck"):
        EmbeddedAws().start()


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf")])
def test_a_time_scale_below_zero_or_unknown_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match=rf"time_scale must be 0 or more, got {value}; pass 1"):
        EmbeddedAws(time_scale=value)


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_out_of_range_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match=f"port must be between 0 and 65535, got {port}; pass 0"):
        EmbeddedAws(port=port)


@pytest.mark.parametrize("account_id", ["", "123", "12345678901a", "1234567890123", "\u0660" * 12])
def test_an_account_that_is_not_12_digits_is_refused(account_id: str) -> None:
    with pytest.raises(ValueError, match="account_id must be 12 digits, got "):
        EmbeddedAws(account_id=account_id)


def test_a_second_start_is_refused(aws: EmbeddedAws) -> None:
    with pytest.raises(EmbeddedAwsError, match=rf"runs already at {aws.endpoint_url}; stop it"):
        aws.start()


def test_clients_and_children_see_only_this_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    whoami = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
    with EmbeddedAws(account_id="123456789012", region="eu-central-1") as aws:
        with closing(aws.client("sts")) as sts, closing(aws.client("sqs")) as sqs:
            assert sts.get_caller_identity()["Account"] == "123456789012"
            sqs.create_queue(QueueName="q")
            arn = sqs.get_queue_attributes(
                QueueUrl=sqs.get_queue_url(QueueName="q")["QueueUrl"], AttributeNames=["QueueArn"]
            )["Attributes"]["QueueArn"]
            assert arn == "arn:aws:sqs:eu-central-1:123456789012:q"
        environment = aws.environment()
        assert environment.keys().isdisjoint({"AWS_PROFILE", "AWS_SESSION_TOKEN"})
        seen = subprocess.check_output([sys.executable, "-c", whoami], env=environment, text=True)
        assert seen.strip() == "123456789012"


def test_waits_of_workflows_follow_the_time_scale(aws: EmbeddedAws, wait_until: WaitUntil) -> None:
    definition = {
        "StartAt": "Wait",
        "States": {"Wait": {"Type": "Wait", "Seconds": 3600, "End": True}},
    }
    with closing(aws.client("stepfunctions")) as workflows:
        machine = workflows.create_state_machine(
            name="waits", definition=json.dumps(definition), roleArn="arn:aws:iam::0:role/any"
        )["stateMachineArn"]
        run = workflows.start_execution(stateMachineArn=machine)["executionArn"]
        wait_until(lambda: workflows.describe_execution(executionArn=run)["status"] == "SUCCEEDED")


def test_waiting_ends_with_an_error_when_the_emulator_dies() -> None:
    with EmbeddedAws() as aws:
        os.kill(aws.pid, signal.SIGKILL)
        with pytest.raises(EmbeddedAwsError, match=r"(?s)ended by itself; the log ends with:\n"):
            aws.wait()


def test_waiting_ends_with_a_stop() -> None:
    with serve(port=0) as aws:
        began = threading.Event()

        def wait() -> None:
            began.set()
            aws.wait()

        waiting = threading.Thread(target=wait)
        waiting.start()
        assert began.wait(timeout=5)  # waiting after the stop is another case
        aws.stop()
        waiting.join(timeout=5)
        assert not waiting.is_alive()


def test_starting_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with serve(port=0):
        pass
    assert capfd.readouterr() == ("", "")


def test_importing_it_loads_no_node_no_boto3_and_no_emulator() -> None:
    program = (
        "import sys, constructs_lib.local; "
        "print(sorted({'jsii', 'aws_cdk', 'boto3', 'ministack'} & sys.modules.keys()))"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"


def test_scripts_that_lie_on_the_machine_are_not_run(tmp_path: Path) -> None:
    (tmp_path / "init.sh").write_text("exit 1")
    program = (
        "from constructs_lib.local._serve import prepare; prepare(); "
        f"from ministack import app; print(app._collect_scripts({str(tmp_path)!r}))"
    )
    found = subprocess.check_output(
        [sys.executable, "-c", program],
        text=True,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "STATE_DIR": str(tmp_path / "state")},
    )
    assert found.strip() == "[]"
