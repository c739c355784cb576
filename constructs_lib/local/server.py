"""Start and stop an AWS emulator on this machine's loopback interface."""

from __future__ import annotations

import math
import os
import site
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from constructs_lib.local._process import EmbeddedAwsError, RunningProcess
from constructs_lib.local._step_functions_mocks import require_mocks
from constructs_lib.local.account import EmbeddedAccount
from constructs_lib.local.cdk_cli import CdkCliError, node_executable
from constructs_lib.local.emulator_python import EmulatorPython, find_or_make
from constructs_lib.local.faults import Fault
from constructs_lib.local.own_environment import EnvironmentMakingError

# All that the emulator sees of this process's environment. No AWS_*, no proxy, no emulator switch.
_INHERITED = (
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "PATH",
    "PYTHONPATH",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "SYSTEMROOT",
    "VIRTUAL_ENV",
)


class EmbeddedAws(EmbeddedAccount):
    """An AWS of your own: MiniStack with Duet's extensions, in a process on 127.0.0.1.

    ``start`` (or ``with``) creates the process; handlers of deployed Lambda functions run as its
    children. All of them end with ``stop``, and also when this process ends in any other way.
    Everything it holds is in memory and gone afterwards.

    Args:
        port: TCP port, 0 to 65535; 0, the default, takes a free one.
        time_scale: Factor for what waits, 0 or more: waits, delays before retries, limits and
            schedules. 1, the default, is real time. At 0 nothing waits: the clock of each account
            jumps to what is due next as soon as nothing in the account is at work, but leaves one
            second of real time to answer a task that waits for its token, and does not jump to
            schedules. ``clock`` holds and moves it; ADR 7 tells the whole.
        seed: Makes the jitter of retries the same in every run, and faults with a ``share`` strike
            other calls than with another seed. None, the default, is chance for the jitter.
        work_folder: Folder for its files, made if missing; only the log stays in it. None, the
            default, makes a temporary one and removes it. One folder serves one instance.
        faults: What goes wrong from the start in the account of ``account_id``; ``inject`` adds to
            it while running.
        step_functions_mocks: A ``MockConfigFile.json`` of Step Functions Local: in executions that
            are started with ``#TestCase`` behind the workflow's ARN, tasks answer as it says.
        account_id: The account, 12 digits, of this object's clients and environment; ``account``
            gives others.
        region: The region of this object's clients and environment.
    Raises:
        ValueError: An argument is out of its range, or the file of mocks is not valid.
    Source: MiniStack 1.5.33, ``app.py``.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        time_scale: float = 1.0,
        seed: int | None = None,
        work_folder: Path | None = None,
        faults: Sequence[Fault] = (),
        step_functions_mocks: Path | None = None,
        account_id: str = "000000000000",
        region: str = "us-east-1",
    ) -> None:
        if not 0 <= port <= 65535:
            raise ValueError(
                f"port must be between 0 and 65535, got {port}; pass 0 to take a free one"
            )
        if not (math.isfinite(time_scale) and time_scale >= 0):
            raise ValueError(
                f"time_scale must be 0 or more, got {time_scale}; "
                "pass 1 for real time, 0 to skip every wait"
            )
        super().__init__(
            account_id=account_id,
            region=region,
            endpoint_url=lambda: f"http://127.0.0.1:{self._require_running().port}",
        )
        self._requested_port = port
        self._time_scale = time_scale
        self._seed = seed
        self._given_work_folder = work_folder
        self._faults = tuple(faults)
        self._mocks = step_functions_mocks.absolute() if step_functions_mocks else None
        if self._mocks:
            require_mocks(self._mocks)
        self._running: RunningProcess | None = None

    def __enter__(self) -> Self:
        """Start, unless it runs already."""
        return self if self._running else self.start()

    def __exit__(self, *_exception: object) -> None:
        """Stop."""
        self.stop()

    @property
    def log_path(self) -> Path:
        """What the emulator and the handlers' runtime write."""
        return self._require_running().log_path

    @property
    def pid(self) -> int:
        """The emulator's process id."""
        return self._require_running().pid

    def start(self) -> Self:
        """Start the emulator and wait, at most 30 seconds, until it answers.

        It runs in this Python's environment if that has the pinned MiniStack and botocore, else in
        one of its own, which is made at the first start (it says so on standard error) in the
        user's cache folder. ``DUET_MINISTACK_PYTHON`` names another Python that has them. Handlers
        run with this Python and its packages in any case.

        Raises:
            EmbeddedAwsError: MiniStack's environment cannot be made, the Python that was named has
                no pinned MiniStack, the port is taken, the process ended or did not answer in time
                (the message then ends with its log).
        """
        if self._running:
            raise EmbeddedAwsError(
                f"the embedded AWS runs already at {self.endpoint_url}; stop it before a new start"
            )
        python = _emulator_python()
        running = RunningProcess(self._given_work_folder)
        try:
            environment = self._child_environment(running.scratch_folder)
            running.launch(python, environment, self._requested_port)
        except BaseException:
            running.end()
            raise
        self._running = running
        for fault in self._faults:
            self.inject(fault)
        return self

    def stop(self) -> None:
        """End the emulator and every handler it runs; stopping twice is no error."""
        running, self._running = self._running, None
        if running:
            running.end()

    def wait(self) -> None:
        """Block until the emulator ends, for a run in the foreground; signals interrupt it.

        Raises:
            EmbeddedAwsError: The emulator ended though nobody stopped it.
        """
        running = self._require_running()
        running.read_report(None)
        if self._running is running:
            raise EmbeddedAwsError(f"the embedded AWS ended by itself{running.log_tail()}")

    def _require_running(self) -> RunningProcess:
        if self._running is None:
            raise EmbeddedAwsError("the embedded AWS is not running; call start() or use `with`")
        return self._running

    def _child_environment(self, scratch: Path) -> dict[str, str]:
        environment = {key: os.environ[key] for key in _INHERITED if key in os.environ}
        if site.ENABLE_USER_SITE:
            # HOME changes, but packages installed with `pip install --user` must stay importable.
            environment["PYTHONUSERBASE"] = site.getuserbase()
        return {
            **environment,
            **self._aws_settings(),
            "TZ": "UTC",  # as Lambda
            "HOME": str(scratch),
            "TMPDIR": str(scratch),
            "STATE_DIR": str(scratch / "state"),
            "S3_DATA_DIR": str(scratch / "s3"),
            # The host in queue URLs; "localhost" may resolve to an address that nobody listens on.
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_ACCOUNT_ID": self.account_id,
            "MINISTACK_REGION": self.region,
            "SFN_WAIT_SCALE": str(self._time_scale),
            # No listener but the one port, and no Docker: a socket that cannot exist.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": f"unix://{scratch / 'no-docker.sock'}",
            "LAMBDA_EXECUTOR": "local",
            **_handler_programs(),
            **({} if self._seed is None else {"DUET_SEED": str(self._seed)}),
            **({"SFN_MOCK_CONFIG": str(self._mocks)} if self._mocks else {}),
        }


def serve(*, port: int, time_scale: float = 1.0) -> EmbeddedAws:
    """Start an embedded AWS for a run in the foreground; go on with ``wait()``.

    Use it in ``with``, so that it ends with the block, and call ``aws.wait()`` inside.

    Args:
        port: TCP port on 127.0.0.1, 0 to 65535; 0 takes a free one.
        time_scale: Factor for the waits of Step Functions, 0 or more; 1 is real time.
    Raises:
        EmbeddedAwsError: As ``EmbeddedAws.start``.
        ValueError: An argument is out of its range.
    """
    return EmbeddedAws(port=port, time_scale=time_scale).start()


def _handler_programs() -> dict[str, str]:
    """What runs the handlers of functions; without Duet's own Node they take the path's."""
    programs = {"DUET_HANDLER_PYTHON": sys.executable}
    with suppress(CdkCliError):
        programs["DUET_HANDLER_NODE"] = str(node_executable())
    return programs


def _emulator_python() -> EmulatorPython:
    try:
        return find_or_make(lambda line: print(f"duet: {line}", file=sys.stderr))  # noqa: T201 - said once, at the first use on a machine
    except (EnvironmentMakingError, ValueError) as error:
        raise EmbeddedAwsError(f"the embedded AWS cannot start: {error}") from error
