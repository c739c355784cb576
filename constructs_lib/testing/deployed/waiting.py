"""Waiting for an outcome on a condition, with a deadline: the only place here that sleeps."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias, TypeVar

_Result = TypeVar("_Result")

#: Real time, as a number of seconds or a ``timedelta``.
Within: TypeAlias = float | timedelta

_FIRST_PAUSE_SECONDS = 0.002
_GROWTH = 1.3


def seconds(within: Within) -> float:
    """The seconds of a deadline."""
    return within.total_seconds() if isinstance(within, timedelta) else within


def wait_for(
    look: Callable[[], _Result | None], *, within: Within, longest_pause_seconds: float
) -> _Result | None:
    """Look until there is something, at growing intervals; None once time is up.

    It looks at least once, and once more after the last pause.
    """
    deadline = time.monotonic() + seconds(within)
    pause = _FIRST_PAUSE_SECONDS
    while (seen := look()) is None:
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        time.sleep(min(pause, left))
        pause = min(pause * _GROWTH, longest_pause_seconds)
    return seen
