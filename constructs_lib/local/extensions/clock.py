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
import heapq
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ministack.core.responses import get_account_id
from ministack.services import stepfunctions

#: Real time, at least, to answer a task's token or beat its heart, unless the limit is shorter.
ANSWER_SECONDS = 1.0
# Nothing has been at work for so many rounds of real time before the clock jumps. Rounds, as a busy
# machine delays whoever counts them, too.
_SETTLE_ROUNDS = 3
_ROUND_SECONDS = 0.001
_IDLE_SECONDS_MAX = 60.0
# Limits that were kept would pile up until they are due.
_TIMERS_BETWEEN_SWEEPS = 256

_changed = threading.Condition(threading.RLock())
_driver: threading.Thread | None = None
_clocks: dict[str, Clock] = {}
_at_work = threading.local()


class ClockError(RuntimeError):
    """The clock cannot move as asked, as something is at work for too long."""


@dataclass(order=True)
class Timer:
    """What happens once the clock has come to ``due``.

    ``own_time`` is when it happens if nobody moves the clock: later than ``due`` where somebody is
    given real time to answer. ``missed`` marks what recurs: the clock does not jump to it, and
    where it jumps over it, that is called instead.
    """

    own_time: float
    number: int
    due: float = field(compare=False)
    call: Callable[[], None] = field(compare=False)
    patience_seconds: float = field(compare=False, default=0.0)
    on_schedule: bool = field(compare=False, default=False)
    missed: Callable[[], None] | None = field(compare=False, default=None)
    is_cancelled: bool = field(compare=False, default=False)

    def cancel(self) -> None:
        """Let it not happen."""
        self.is_cancelled = True


class Clock:
    """The clock of one account."""

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self._rate = 1 / scale if scale else 1.0
        self._real_origin, self._origin = time.monotonic(), time.time()
        self._moved = self._ahead = 0.0
        self._stands_at: float | None = None
        self._holds = 0
        self._workers = 0
        self._stirred = 0
        self._idle_since = self._last_round = self._real_origin
        self._rounds = 0
        self._answers_awaited = 0
        self._timers: list[Timer] = []
        self._schedules: list[Timer] = []
        self._numbers = 0
        self._advancing = threading.Lock()

    def instant(self) -> float:
        """Where the clock stands, in seconds since 1970; waits are measured on it."""
        if self._stands_at is not None:
            return self._stands_at
        passed = (time.monotonic() - self._real_origin) * self._rate
        return self._origin + passed + self._moved

    def now(self) -> float:
        """The time that is written into histories and events, in seconds since 1970.

        It is ``instant`` at scales of 0 and 1. At others it is real time, moved by ``advance``
        alone, so that it agrees with the clocks of clients, who ask for windows of time.
        """
        return self.instant() if self.scale in (0, 1) else time.time() + self._ahead

    def after_real(self, seconds: float) -> float:
        """How far the clock comes in that much real time, if it does not jump."""
        return seconds * self._rate

    def call_at(
        self,
        due: float,
        call: Callable[[], None],
        *,
        answer_seconds: float = 0.0,
        on_schedule: bool = False,
        missed: Callable[[], None] | None = None,
    ) -> Timer:
        """Call ``call``, which must not take long, at an instant.

        ``answer_seconds``: the real time that somebody has before it happens by itself, but not
        more than is left until ``due``. ``on_schedule``: the clock does not jump to it; ``missed``:
        nor does it call it where it jumps over it, but this.
        """
        patience = min(answer_seconds, due - self.instant())
        own_time = due
        if self.scale:
            own_time = max(due, self.instant() + self.after_real(patience))
        with _changed:
            self._numbers += 1
            timer = Timer(own_time, self._numbers, due, call, patience, on_schedule, missed)
            timers = self._schedules if on_schedule else self._timers
            if not self._numbers % _TIMERS_BETWEEN_SWEEPS:
                timers[:] = [each for each in timers if not each.is_cancelled]
                heapq.heapify(timers)
            heapq.heappush(timers, timer)
            _ensure_driver()
            if timers[0] is timer:
                _changed.notify_all()
        return timer

    def enter(self) -> None:
        """Count a thread as at work."""
        self._stir(+1)

    def leave(self) -> None:
        """Count it no more."""
        self._stir(-1)

    def stir(self) -> None:
        """Note that somebody outside did something: whoever answers has the whole time again."""
        self._stir(0)

    @contextmanager
    def awaiting_answer(self) -> Iterator[None]:
        """For the block, somebody's answer is waited for; only then limits leave time for one."""
        with _changed:
            self._answers_awaited += 1
        try:
            yield
        finally:
            with _changed:
                self._answers_awaited -= 1

    @contextmanager
    def held(self) -> Iterator[None]:
        """Stop the clock for the time of a ``with`` block."""
        self.hold()
        try:
            yield
        finally:
            self.release()

    def hold(self) -> None:
        """Stop the clock, until ``release`` has been called as often."""
        with _changed:
            self._stands_at = self.instant()
            self._holds += 1

    def release(self) -> None:
        """Let the clock go on from where it stands; without a hold it is no error."""
        with _changed:
            if not self._holds:
                return
            self._holds -= 1
            if not self._holds and self._stands_at is not None:
                stood_at, self._stands_at = self._stands_at, None
                self._moved += stood_at - self.instant()
                _changed.notify_all()

    @property
    def is_held(self) -> bool:
        """Whether somebody holds it."""
        return self._holds > 0

    def advance(self, seconds: float) -> None:
        """Move the clock; what is due on the way happens in order, each when the last is done.

        Raises:
            ClockError: Something has been at work for a minute of real time.
        """
        with self._advancing, self.held():
            goal = self.instant() + seconds
            fired = True
            while fired:
                self._wait_until_idle()
                with _changed:
                    fired = self._fire_next_until(goal)
            self._wait_until_idle()

    def step(self) -> float:
        """Do what is due; the real seconds until there may be something to do."""
        if self._stands_at is not None:
            return math.inf
        self._drop_cancelled(self._timers)
        self._drop_cancelled(self._schedules)
        instant = self.instant()
        due_now = [timers for timers in (self._timers, self._schedules) if timers]
        due_now.sort(key=lambda timers: timers[0])
        for timers in due_now:
            if timers[0].own_time <= instant:
                self._fire(heapq.heappop(timers))
                return 0.0
        until_due = min(
            ((timers[0].own_time - instant) / self._rate for timers in due_now), default=math.inf
        )
        if self.scale or not self._timers or self._workers:
            return until_due
        return min(until_due, self._seconds_to_jump())

    def _seconds_to_jump(self) -> float:
        """Jump if it is time to; the real seconds until it may be."""
        real, timer = time.monotonic(), self._timers[0]
        if real - self._last_round >= _ROUND_SECONDS:
            self._rounds += 1
            self._last_round = real
        patience = min(timer.patience_seconds, ANSWER_SECONDS) if self._answers_awaited else 0.0
        left = patience - (real - self._idle_since)
        if left > 0 or self._rounds < _SETTLE_ROUNDS:
            return max(left, _ROUND_SECONDS)
        while self._schedules and self._schedules[0].due <= timer.due:
            scheduled = heapq.heappop(self._schedules)
            if scheduled.missed is None:
                timer = scheduled
                break
            self._move_to(timer.due)
            scheduled.missed()
        else:
            heapq.heappop(self._timers)
        self._move_to(timer.due)
        self._fire(timer)
        return 0.0

    def _move_to(self, instant: float) -> None:
        further = max(instant - self.instant(), 0.0)
        self._ahead += further
        if self._stands_at is not None:
            self._stands_at += further
        else:
            self._moved += further

    def _fire_next_until(self, goal: float) -> bool:
        due = [
            (timer.due, timer.number, timers, timer)
            for timers in (self._timers, self._schedules)
            for timer in timers
            if timer.due <= goal and not timer.is_cancelled
        ]
        if not due:
            self._move_to(goal)
            return False
        _, _, timers, timer = min(due, key=lambda each: each[:2])
        timers.remove(timer)
        heapq.heapify(timers)
        self._move_to(timer.due)
        self._fire(timer)
        return True

    def _fire(self, timer: Timer) -> None:
        if not timer.is_cancelled:
            timer.call()

    def _wait_until_idle(self) -> None:
        deadline = time.monotonic() + _IDLE_SECONDS_MAX
        while not self._is_idle():
            if time.monotonic() > deadline:
                raise ClockError(
                    f"the clock cannot move: something has been at work for {_IDLE_SECONDS_MAX} s"
                )

    def _is_idle(self) -> bool:
        """Whether nothing is at work, and nothing has been for a while."""
        for _ in range(_SETTLE_ROUNDS):
            with _changed:
                stirred = self._stirred
            time.sleep(_ROUND_SECONDS)
            with _changed:
                if self._workers or self._stirred != stirred:
                    return False
        return True

    def _stir(self, change: int) -> None:
        with _changed:
            self._workers += change
            self._stirred += 1
            if not self._workers:
                self._idle_since = self._last_round = time.monotonic()
                self._rounds = 0
                if not self.scale and self._timers:
                    _changed.notify_all()

    def _drop_cancelled(self, timers: list[Timer]) -> None:
        while timers and timers[0].is_cancelled:
            heapq.heappop(timers)


def current() -> Clock:
    """The clock of the current account."""
    return of(get_account_id())


def of(account_id: str) -> Clock:
    """The clock of an account."""
    found = _clocks.get(account_id)
    if found is None:
        with _changed:
            found = _clocks.setdefault(account_id, Clock(stepfunctions._SFN_WAIT_SCALE))
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
        with _changed:
            self._is_set = True
            for pause in tuple(self._waiting):
                self._end(pause)

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it happens, or that much time is over on the clock; whether it happened."""
        own: Clock | None = getattr(_at_work, "clock", None)
        pause = threading.Event()
        timer = None
        with _changed:
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
    with _changed:
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
        with _changed:
            pause = min((clock.step() for clock in tuple(_clocks.values())), default=math.inf)
            if pause > 0:
                _changed.wait(None if pause == math.inf else min(pause, threading.TIMEOUT_MAX))
