"""Upstream gap: handlers run with the emulator's own Python, and with the path's Node.

They are the user's code, so they run with the user's Python and its packages: where the emulator
has an environment of its own, the two differ. Those in JavaScript run with the Node that came with
Duet, if it did, so that a machine without one runs them too.
"""

import os
from collections.abc import Callable, Mapping

from ministack.core import lambda_runtime

# Environment variables of the emulator's process, by the start of the runtime's name.
_VARIABLES = {"python": "DUET_HANDLER_PYTHON", "nodejs": "DUET_HANDLER_NODE"}


def register() -> None:
    """Start handlers with the programs that the starter names; without a name, as upstream."""
    programs = {
        family: os.environ.pop(variable)
        for family, variable in _VARIABLES.items()
        if variable in os.environ
    }
    lambda_runtime._detect_runtime_binary = _with(programs, lambda_runtime._detect_runtime_binary)


def _with(
    programs: Mapping[str, str], detect: Callable[[str], tuple[str, str]]
) -> Callable[[str], tuple[str, str]]:
    def detect_binary(runtime: str) -> tuple[str, str]:
        binary, script = detect(runtime)
        named = (program for family, program in programs.items() if runtime.startswith(family))
        return next(named, binary), script

    return detect_binary
