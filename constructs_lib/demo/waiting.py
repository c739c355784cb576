"""Waiting for an outcome, with a deadline."""

import time
from collections.abc import Callable
from typing import TypeVar

_Result = TypeVar("_Result")
_POLL_SECONDS = 0.05


def wait_for(
    look: Callable[[], _Result],
    *,
    until: Callable[[_Result], bool],
    within_seconds: float = 60,
) -> _Result:
    """Look until ``until`` holds or time is up, and return what was seen last either way."""
    deadline = time.monotonic() + within_seconds
    while True:
        seen = look()
        if until(seen) or time.monotonic() > deadline:
            return seen
        time.sleep(_POLL_SECONDS)
