"""One run of the emulator's process: its folders, its two pipes, its end."""

import http.client
import json
import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from constructs_lib.local.emulator_python import EmulatorPython

_LAUNCHER = Path(__file__).parent / "_launch.py"
_START_SECONDS_MAX = 30.0
_LOG_LINES_SHOWN = 20
_LOG_NAME = "embedded-aws.log"


class EmbeddedAwsError(RuntimeError):
    """The embedded AWS could not start, or is not running; the message holds the remedy."""


class RunningProcess:
    """The emulator's process from launch to end; see ``_serve`` for the other side.

    Args:
        work_folder: Folder for log and scratch files, made if missing; None makes a temporary one.
    """

    def __init__(self, work_folder: Path | None) -> None:
        self.port = 0
        self._keeps_log = work_folder is not None
        if work_folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="duet-aws-"))
        else:
            self._folder = work_folder.absolute()
            self._folder.mkdir(parents=True, exist_ok=True)
        self.log_path = self._folder / _LOG_NAME
        self.scratch_folder = Path(tempfile.mkdtemp(prefix="scratch-", dir=self._folder))
        self._process: subprocess.Popen[bytes] | None = None
        # Nothing is written to the lifeline: its end of file tells the child that we are gone.
        lifeline_read, self._lifeline = os.pipe()
        self._report, report_write = os.pipe()
        self._childs_ends = (lifeline_read, report_write)
        self._open_descriptors = [lifeline_read, self._lifeline, self._report, report_write]

    @property
    def pid(self) -> int:
        """The process id, which is also the id of the group that the handlers belong to."""
        if self._process is None:
            raise EmbeddedAwsError("the embedded AWS was not launched")
        return self._process.pid

    def launch(self, python: EmulatorPython, environment: dict[str, str], port: int) -> None:
        """Start the process and wait until it answers.

        Raises:
            EmbeddedAwsError: The port is taken, the Python has no pinned MiniStack, or the process
                ended or stayed silent.
        """
        lifeline_read, report_write = self._childs_ends
        orders = {
            "port": port,
            "parent_pid": os.getpid(),
            "report_fd": report_write,
            "lifeline_fd": lifeline_read,
            "folder_to_remove": str(self.scratch_folder if self._keeps_log else self._folder),
        }
        with self.log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [python.executable, *python.options, str(_LAUNCHER), json.dumps(orders)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=self._childs_ends,
                env=environment,
                cwd=self.scratch_folder,
                # Out of the terminal's reach (Ctrl-C), and a group of its own to end as a whole.
                start_new_session=True,
            )
        for descriptor in self._childs_ends:
            self._close(descriptor)
        deadline = time.monotonic() + _START_SECONDS_MAX
        line = self.read_report(_START_SECONDS_MAX)
        message = json.loads(line) if line else {}
        if "refusal" in message:
            raise EmbeddedAwsError(message["refusal"])
        if "error" in message:
            raise EmbeddedAwsError(
                f"port {port} of 127.0.0.1 cannot be used ({message['error']}); "
                "pass another port, or 0 to take a free one"
            )
        if "port" not in message:
            what = "did not answer in time" if line is None else "ended before it could serve"
            raise EmbeddedAwsError(
                f"the embedded AWS {what}; look at its log for the reason{self.log_tail()}"
            )
        self.port = int(message["port"])
        self._require_answer(deadline)

    def read_report(self, timeout_seconds: float | None) -> bytes | None:
        """The child's next report: a line, nothing (``b""``) once it has ended, None if too late.

        The child alone holds the other end, so its death, however it comes, ends the wait.
        """
        # A descriptor of our own: another thread may call end() and close the original meanwhile.
        report = os.dup(self._report)
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(report, selectors.EVENT_READ)
                # A report is far smaller than what a pipe takes in one piece.
                return os.read(report, 4096) if selector.select(timeout_seconds) else None
        finally:
            os.close(report)

    def log_tail(self) -> str:
        """The end of the log, ready to stand behind a message; empty when there is none."""
        with suppress(OSError):
            lines = self.log_path.read_text(errors="replace").splitlines()[-_LOG_LINES_SHOWN:]
            return "\n".join(["; the log ends with:", *lines]) if lines else "; its log is empty"
        return ""

    def end(self) -> None:
        """Kill the process and its group at once (it holds nothing to save), remove its files."""
        if self._process:
            # It has not been waited for, so its id cannot belong to another group by now.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
        for descriptor in tuple(self._open_descriptors):
            self._close(descriptor)
        folder = self.scratch_folder if self._keeps_log else self._folder
        shutil.rmtree(folder, ignore_errors=True)

    def _close(self, descriptor: int) -> None:
        self._open_descriptors.remove(descriptor)
        os.close(descriptor)

    def _require_answer(self, deadline: float) -> None:
        """One request, answered by the emulator itself, before anybody relies on the port."""
        seconds = max(deadline - time.monotonic(), 0.1)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request("GET", "/_ministack/health")
            status = connection.getresponse().status
        except OSError as error:
            raise EmbeddedAwsError(
                f"the embedded AWS does not answer ({error}); "
                f"look at its log for the reason{self.log_tail()}"
            ) from error
        finally:
            connection.close()
        if status != 200:
            raise EmbeddedAwsError(
                f"the embedded AWS is not healthy (status {status}); "
                f"look at its log for the reason{self.log_tail()}"
            )
