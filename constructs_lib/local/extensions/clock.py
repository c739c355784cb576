"""The one clock of each account: waits, delays, limits and schedules run on it (ADR 7).

At a time scale above 0 it runs that much faster than real time. At 0 it runs with real time, and
jumps to what is due next as soon as nothing in the account is at work: no thread of an execution,
a function or a delivery runs but such as wait for the clock themselves. So what waits ends in the
order of its due times, however long the waits are. ``hold`` stops the clock; ``advance`` moves it.

Threads that the clock shall wait for are counted while they work, from before they start: see
``clock_threads``. Whoever ends a wait counts the thread that waited as at work again, so that the
clock does not jump in between.
"""

from __future__ import annotations

import contextvars
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from ministack.core.responses import get_account_id
from ministack.services import stepfunctions

from constructs_lib.local.extensions.clock_of_account import (
    ANSWER_SECONDS,
    Clock,
    ClockError,
    changed,
)
from constructs_lib.local.extensions.clock_timers import Timer

__all__ = [
    "ANSWER_SECONDS",
    "Clock",
    "ClockError",
    "Event",
    "Timer",
    "call_later",
    "counted_elsewhere",
    "current",
    "moving",
    "now_iso",
    "of",
    "sleep",
    "start",
    "working",
]

_driver: threading.Thread | None = None
_clocks: dict[str, Clock] = {}
_at_work = threading.local()


def current() -> Clock:
    """The clock of the current account."""
    return of(get_account_id())


def of(account_id: str) -> Clock:
    """The clock of an account."""
    found = _clocks.get(account_id)
    if found is None:
        with changed:
            found = _clocks.setdefault(account_id, Clock(stepfunctions._SFN_WAIT_SCALE))
            _ensure_driver()
    return found


@contextmanager
def working(clock: Clock) -> Iterator[None]:
    """Count the current thread as at work for the block, unless it is counted."""
    if getattr(_at_work, "clock", None) is not None:
        yield
        return
    clock.enter()
    with counted_elsewhere(clock):
        try:
            yield
        finally:
            clock.leave()


@contextmanager
def counted_elsewhere(clock: Clock) -> Iterator[None]:
    """For the block, the current thread is one that somebody else counts."""
    _at_work.clock = clock
    try:
        yield
    finally:
        _at_work.clock = None


class Event:
    """An event, as in ``threading``, whose waits run on the clock."""

    #: The real time that somebody has to answer, if waits are for an answer.
    answer_seconds = 0.0

    def __init__(self) -> None:
        self._is_set = False
        self._waiting: dict[threading.Event, Clock | None] = {}

    def is_set(self) -> bool:
        """Whether it has happened."""
        return self._is_set

    def set(self) -> None:
        """Let it happen, and everyone who waits go on."""
        with changed:
            self._is_set = True
            for pause in tuple(self._waiting):
                self._end(pause)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it happens, or that much time is over on the clock; whether it happened."""
        own: Clock | None = getattr(_at_work, "clock", None)
        pause = threading.Event()
        timer = None
        with changed:
            if self._is_set or (seconds is not None and seconds <= 0):
                return self._is_set
            self._waiting[pause] = own
            if seconds is not None and seconds != math.inf:
                clock = current()
                timer = clock.call_at(
                    clock.instant() + seconds,
                    lambda: self._end(pause),
                    answer_seconds=self.answer_seconds,
                )
            if own is not None:
                own.leave()
        pause.wait()
        if timer:
            timer.cancel()
        return self._is_set

    def _end(self, pause: threading.Event) -> None:
        own = self._waiting.pop(pause, None)
        if not pause.is_set():
            if own is not None:
                own.enter()
            pause.set()


@contextmanager
def moving() -> Iterator[None]:
    """For the block, no clock moves and nothing comes due."""
    with changed:
        yield


def sleep(seconds: float) -> None:
    """Wait that long on the clock of the current account."""
    Event().wait(seconds)


def now_iso() -> str:
    """The clock's time as AWS writes it."""
    moment = datetime.fromtimestamp(current().now(), UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def call_later(seconds: float, work: Callable[[], object], *, answer_seconds: float = 0.0) -> Timer:
    """Do ``work`` in a thread of its own after that much time on the current account's clock."""
    clock, context = current(), contextvars.copy_context()
    due = clock.instant() + seconds
    return clock.call_at(due, lambda: context.run(start, work), answer_seconds=answer_seconds)


def start(work: Callable[[], object]) -> None:
    """Do ``work`` in a thread of its own that the clock waits for, from now on."""
    clock, context = current(), contextvars.copy_context()
    clock.enter()

    def run() -> None:
        with counted_elsewhere(clock):
            try:
                context.run(work)
            finally:
                clock.leave()

    threading.Thread(target=run, daemon=True).start()


def _ensure_driver() -> None:
    global _driver
    if _driver is None:
        _driver = threading.Thread(target=_drive, daemon=True, name="duet-clock")
        _driver.start()


def _drive() -> None:
    while True:
        with changed:
            pause = min((clock.step() for clock in tuple(_clocks.values())), default=math.inf)
            if pause > 0:
                changed.wait(None if pause == math.inf else min(pause, threading.TIMEOUT_MAX))
