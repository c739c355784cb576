"""The emulators that are compared, each in a process of its own on a free port of 127.0.0.1."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from constructs_lib.local import EmbeddedAccount, EmbeddedAws
from constructs_lib.local.emulator_python import find_or_make

_ACCOUNT_ID = "000000000000"
_REGION = "us-east-1"
_START_SECONDS_MAX = 60.0
_POLL_SECONDS = 0.005


@dataclass(frozen=True, kw_only=True)
class Emulator:
    """A running emulator.

    Attributes:
        account: Its clients.
        pid: Its process.
        start_seconds: From the order to start it to its first answer.
    """

    account: EmbeddedAccount
    pid: int
    start_seconds: float


@contextmanager
def duet() -> Iterator[Emulator]:
    """Duet's embedded AWS, as it comes."""
    begin = time.perf_counter()
    with EmbeddedAws() as aws:
        yield Emulator(account=aws, pid=aws.pid, start_seconds=time.perf_counter() - begin)


@contextmanager
def ministack() -> Iterator[Emulator]:
    """The same pinned MiniStack without any extension."""
    python = find_or_make(print).executable
    port = _free_port()
    settings = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "MINISTACK_HOST": "127.0.0.1"}
    code = "from ministack.app import main; main()"
    with _process([python, "-c", code], port, "/_ministack/health", settings) as emulator:
        yield emulator


@contextmanager
def moto() -> Iterator[Emulator]:
    """moto in server mode, with its interpreter of workflows turned on."""
    port = _free_port()
    arguments = ["moto_server", "-H", "127.0.0.1", "-p", str(port)]
    with _process(arguments, port, "/moto-api/config", {}) as emulator:
        request = urllib.request.Request(
            f"http://127.0.0.1:{port}/moto-api/config",
            data=json.dumps({"stepfunctions": {"execute_state_machine": True}}).encode(),
            headers={"Content-Type": "application/json"},
        )
        _opener().open(request, timeout=10).close()
        yield emulator


EMULATORS: Mapping[str, Callable[[], AbstractContextManager[Emulator]]] = {
    "Duet": duet,
    "MiniStack": ministack,
    "moto": moto,
}


@contextmanager
def _process(
    arguments: Sequence[str], port: int, health_path: str, settings: Mapping[str, str]
) -> Iterator[Emulator]:
    url = f"http://127.0.0.1:{port}"
    account = EmbeddedAccount(account_id=_ACCOUNT_ID, region=_REGION, endpoint_url=lambda: url)
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "HOME": folder,
            "TMPDIR": folder,
            "STATE_DIR": str(Path(folder, "state")),
            "S3_DATA_DIR": str(Path(folder, "s3")),
            "DOCKER_HOST": f"unix://{folder}/no-docker.sock",
            "LAMBDA_EXECUTOR": "local",
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "AWS_ACCESS_KEY_ID": _ACCOUNT_ID,
            "AWS_SECRET_ACCESS_KEY": "embedded",
            "AWS_DEFAULT_REGION": _REGION,
            **settings,
        }
        begin = time.perf_counter()
        process = subprocess.Popen(
            arguments,
            env=environment,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(f"{url}{health_path}", process)
            took = time.perf_counter() - begin
            yield Emulator(account=account, pid=process.pid, start_seconds=took)
        finally:
            process.kill()
            process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.perf_counter() + _START_SECONDS_MAX
    while time.perf_counter() < deadline and process.poll() is None:
        try:
            _opener().open(url, timeout=1).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(_POLL_SECONDS)
        else:
            return
    raise RuntimeError(f"{process.args!r} did not answer at {url}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))
