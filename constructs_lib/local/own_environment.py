"""An environment that holds the emulator and nothing else, made once for a user."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable
from pathlib import Path

from constructs_lib.local.extensions.pin import MINISTACK_VERSION

_REQUIREMENTS = Path(__file__).parent / "ministack-requirements.txt"
_LOG_LINES_SHOWN = 15
# Settings of pip that would put packages elsewhere, or other packages there.
_PIP_SETTINGS_LEFT_OUT = (
    "PIP_CONSTRAINT",
    "PIP_PREFIX",
    "PIP_REQUIREMENT",
    "PIP_ROOT",
    "PIP_TARGET",
    "PIP_USER",
)
# Runs a module until its starter ends, however that ends: its standard input closes then.
_RUN_MODULE = """
import os, runpy, signal, sys, threading
def watch():
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)
threading.Thread(target=watch, daemon=True).start()
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


class EnvironmentMakingError(RuntimeError):
    """The emulator's environment could not be made; the message holds the reason and a remedy."""


class OwnEnvironment:
    """The emulator's environment in the user's cache folder, for this Python and this pin.

    It appears under its name only when it is whole. Processes that need it at once wait for the one
    that makes it; what a killed one left is removed by the next that makes one.
    """

    def __init__(self) -> None:
        import platformdirs

        self.cache_folder = platformdirs.user_cache_path("duet")
        content = _REQUIREMENTS.read_bytes() + sysconfig.get_platform().encode()
        digest = hashlib.sha256(content).hexdigest()[:8]
        tag = sys.implementation.cache_tag
        self.folder = self.cache_folder / f"ministack-{MINISTACK_VERSION}-{tag}-{digest}"

    def python(self) -> Path | None:
        """Its Python; None if the environment was not made, or the Python it was made with went."""
        python = self.folder / "bin" / "python"
        return python if python.exists() else None

    def make(self, on_progress: Callable[[str], None]) -> Path:
        """Make it unless it is there, and return its Python. It needs the package index.

        Args:
            on_progress: Told in one line what is being done.
        Raises:
            EnvironmentMakingError: No package index, no ``ensurepip``, no right to write, …
        """
        try:
            self.cache_folder.mkdir(parents=True, exist_ok=True)
            # The lock is the open file's and ends with this process; the file itself stays.
            with (self.cache_folder / "making.lock").open("w") as lock:
                _wait_for(lock.fileno(), on_progress)
                return self.python() or self._build(on_progress)
        except OSError as error:
            raise EnvironmentMakingError(
                f"the emulator's environment cannot be made in {self.cache_folder} ({error}); "
                "make that folder writable, or set XDG_CACHE_HOME to another"
            ) from error

    def _build(self, on_progress: Callable[[str], None]) -> Path:
        for leftover in self.cache_folder.glob("making-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        temporary = Path(tempfile.mkdtemp(prefix="making-", dir=self.cache_folder))
        on_progress(
            f"making an environment for MiniStack {MINISTACK_VERSION}, once, "
            f"in {self.folder} (half a minute or so)"
        )
        try:
            for step, command in _commands(temporary):
                on_progress(step)
                _run(command, temporary / "making.log", step)
            if self.folder.exists():
                # Its Python is gone. In two steps, so that no half of it bears the name.
                self.folder.rename(temporary / "replaced")
                shutil.rmtree(temporary / "replaced", ignore_errors=True)
            temporary.rename(self.folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        on_progress("done")
        return self.folder / "bin" / "python"


def _commands(folder: Path) -> list[tuple[str, list[str]]]:
    """What fills a folder with the environment: what is said of each step, and its command."""
    run_module = ["-I", "-c", _RUN_MODULE]
    return [
        (
            "1 of 2: a virtual environment with pip",
            [sys.executable, *run_module, "venv", str(folder)],
        ),
        (
            "2 of 2: MiniStack and what it requires",
            [
                *[str(folder / "bin" / "python"), *run_module, "pip", "install"],
                *["--no-input", "--disable-pip-version-check", "--no-warn-script-location"],
                *["--retries", "2", "--require-hashes", "--requirement", str(_REQUIREMENTS)],
            ],
        ),
    ]


def _wait_for(lock: int, on_progress: Callable[[str], None]) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        on_progress("waiting for another process that makes the emulator's environment")
        fcntl.flock(lock, fcntl.LOCK_EX)


def _run(command: list[str], log: Path, step: str) -> None:
    environment = {key: os.environ[key] for key in os.environ if key not in _PIP_SETTINGS_LEFT_OUT}
    with (
        log.open("ab") as output,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        ) as process,
    ):
        process.wait()
    if process.returncode != 0:
        lines = log.read_text(errors="replace").splitlines()[-_LOG_LINES_SHOWN:]
        raise EnvironmentMakingError(
            f"the emulator's environment could not be made ({step}); install MiniStack yourself "
            "with pip install 'cdk-duet[emulator]', or name a Python that has it in "
            "DUET_MINISTACK_PYTHON; the log ends with:\n" + "\n".join(lines)
        )
