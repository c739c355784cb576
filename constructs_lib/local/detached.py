"""A ``duet up`` that outlives the terminal, without ever being left behind half started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_GO_ON = b"go on"
#: The hidden option that hands a detached process its two pipes.
HAND_OVER_OPTION = "--hand-over"


def start_detached(arguments: Sequence[str]) -> int | None:
    """Run ``duet ARGUMENTS`` in a session of its own and wait until it says that it is ready.

    Until then it prints to our standard error and ends with us, however we end.

    Returns:
        None once it runs on alone; its exit status if it has ended instead.
    """
    ready, ready_childs = os.pipe()
    lifeline_childs, lifeline = os.pipe()
    command = [sys.executable, "-m", "constructs_lib.cli", *arguments]
    command += [HAND_OVER_OPTION, f"{ready_childs}:{lifeline_childs}"]
    process = subprocess.Popen(
        command,
        pass_fds=(ready_childs, lifeline_childs),
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr.fileno(),
        start_new_session=True,
    )
    os.close(ready_childs)
    os.close(lifeline_childs)
    try:
        if not os.read(ready, 1):
            return process.wait()
        os.write(lifeline, _GO_ON)
        # It is nobody's child to be waited for now.
        process.returncode = 0
        return None
    finally:
        os.close(lifeline)
        os.close(ready)


class HandOver:
    """The detached process's side; without pipes, that of a process that is not detached.

    Args:
        pipes: What ``HAND_OVER_OPTION`` was given.
    """

    def __init__(self, pipes: str | None) -> None:
        self._ready: int | None = None
        if pipes:
            self._ready, lifeline = map(int, pipes.split(":"))
            threading.Thread(target=_watch, args=(lifeline,), daemon=True).start()

    def complete(self, log: Path) -> None:
        """Let the starter go, if there is one; from now on what is printed goes to ``log``."""
        if self._ready is None:
            return
        sys.stdout.flush()
        sys.stderr.flush()
        with log.open("ab") as file:
            os.dup2(file.fileno(), sys.stdout.fileno())
            os.dup2(file.fileno(), sys.stderr.fileno())
        with suppress(BrokenPipeError):  # the watch of the lifeline ends us
            os.write(self._ready, b"r")
        os.close(self._ready)
        self._ready = None


def _watch(lifeline: int) -> None:
    if os.read(lifeline, len(_GO_ON)) != _GO_ON:
        os.kill(os.getpid(), signal.SIGTERM)
    os.close(lifeline)
