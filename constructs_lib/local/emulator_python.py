"""Which Python runs the emulator: the starter's, one of the emulator's own, or one that was named.

MiniStack requires one exact botocore, and the user's app has a botocore of its own. They meet over
HTTP only, so they need not share an environment.
"""

import importlib.metadata
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from constructs_lib.local.extensions.pin import BOTOCORE_VERSION, MINISTACK_VERSION
from constructs_lib.local.own_environment import OwnEnvironment

#: Environment variable: a Python that has the pinned MiniStack; nothing is made then.
SETTING = "DUET_MINISTACK_PYTHON"
_PINS = {"ministack": MINISTACK_VERSION, "botocore": BOTOCORE_VERSION}


@dataclass(frozen=True)
class EmulatorPython:
    """A Python with the emulator.

    Attributes:
        executable: The Python.
        options: Options of its command line that keep other environments' packages out.
        origin: Whose environment it is.
    """

    executable: str
    options: tuple[str, ...]
    origin: Literal["this environment", "its own environment", "the setting"]


def find() -> EmulatorPython | None:
    """The Python that would run the emulator now; None if its own environment is still to be made.

    Raises:
        ValueError: The setting names no program.
    """
    named = os.environ.get(SETTING)
    if named:
        if not (Path(named).is_absolute() and os.access(named, os.X_OK)):
            raise ValueError(
                f"{SETTING} must be the absolute path of a Python, got {named!r}; "
                "leave it out to have an environment made"
            )
        return EmulatorPython(named, ("-I",), "the setting")
    if installed_here() == _PINS:
        return EmulatorPython(sys.executable, ("-P",), "this environment")
    python = OwnEnvironment().python()
    return EmulatorPython(str(python), ("-I",), "its own environment") if python else None


def find_or_make(on_progress: Callable[[str], None]) -> EmulatorPython:
    """The Python that runs the emulator; makes the emulator's own environment if there is none.

    Args:
        on_progress: Told in one line what is being done, when it takes more than a moment.
    Raises:
        ValueError: The setting names no program.
        EnvironmentMakingError: The environment could not be made; the message holds the reason.
    """
    found = find()
    if found:
        return found
    python = OwnEnvironment().make(on_progress)
    return EmulatorPython(str(python), ("-I",), "its own environment")


def installed_here() -> dict[str, str]:
    """The versions of MiniStack and botocore in this process's environment, as far as installed."""
    versions = {}
    for name in _PINS:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions
