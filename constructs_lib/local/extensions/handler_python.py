"""Upstream gap: handlers in Python run with the emulator's own Python and packages, no other.

They are the user's code, so they run with the user's: where the emulator has an environment of its
own, the two differ. Handlers in JavaScript take ``node`` from the path, as upstream has it.
"""

import os
from collections.abc import Callable

from ministack.core import lambda_runtime

#: Environment variable of the emulator's process: the Python of the starter.
HANDLER_PYTHON = "DUET_HANDLER_PYTHON"


def register() -> None:
    """Start Python handlers with the Python that the starter names; without a name, as upstream."""
    python = os.environ.pop(HANDLER_PYTHON, None)
    if python:
        lambda_runtime._detect_runtime_binary = _with(python, lambda_runtime._detect_runtime_binary)


def _with(
    python: str, detect: Callable[[str], tuple[str, str]]
) -> Callable[[str], tuple[str, str]]:
    def detect_binary(runtime: str) -> tuple[str, str]:
        binary, script = detect(runtime)
        return (python if runtime.startswith("python") else binary), script

    return detect_binary
