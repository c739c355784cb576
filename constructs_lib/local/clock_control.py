"""How a client of the embedded AWS tells, stops and moves the clock of an account."""

from __future__ import annotations

import urllib.error
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import cast

from constructs_lib.local._emulator_client import EmulatorClient

#: The one path of the emulator for all about clocks; like the emulator, on loopback only.
CLOCK_PATH = "/_duet/clock"
# A month of a schedule by the minute takes that long, and a step that is stuck a minute.
_SECONDS_MAX = 600.0


class ClockStuckError(RuntimeError):
    """The clock did not move as far as asked: something has been at work for too long."""


class ClockControl:
    """The clock of one account: waits, delays, limits and schedules run on it, see ADR 7."""

    def __init__(self, client: EmulatorClient) -> None:
        self._client = client

    def now(self) -> datetime:
        """The clock's time: real time, and as far as the clock has jumped or was moved."""
        return datetime.fromtimestamp(
            cast(float, self._client._ask_emulator(CLOCK_PATH)["now"]), UTC
        )

    def advance(
        self,
        step: timedelta | None = None,
        *,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> datetime:
        """Move the clock by ``step`` and the other arguments together; the clock's time then.

        What is due on the way happens in the order of its times, each when nothing is at work any
        more that came of what was before; so does it before this returns. Schedules too, every
        single time.

        Raises:
            ValueError: The clock would go backwards.
            ClockStuckError: Something has been at work for a minute of real time.
        """
        whole = (step or timedelta()) + timedelta(hours=hours, minutes=minutes, seconds=seconds)
        if whole < timedelta():
            raise ValueError(f"step must be 0 or more, got {whole}; the clock never goes back")
        return _now(self._order({"advance_seconds": whole.total_seconds()}))

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Stop the clock for the time of a ``with`` block: only ``advance`` moves it there.

        What waits goes on waiting, so somebody has all the time to answer a task.
        """
        self._order({"hold": True})
        try:
            yield
        finally:
            self._order({"hold": False})

    def _order(self, order: Mapping[str, object]) -> Mapping[str, object]:
        try:
            return self._client._ask_emulator(
                CLOCK_PATH, method="POST", body=order, timeout_seconds=_SECONDS_MAX
            )
        except urllib.error.HTTPError as error:
            if error.code == 409:
                raise ClockStuckError(error.read().decode()) from error
            raise


def _now(answer: Mapping[str, object]) -> datetime:
    return datetime.fromtimestamp(cast(float, answer["now"]), UTC)
