"""The clock of one account: how it runs, jumps, is held and moved.

It jumps to what is due next once nothing in the account is at work; which threads are, they tell it
themselves, see ``clock_threads``. Who makes it go on is ``clock``'s driver.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from constructs_lib.local.extensions.clock_timers import Timer, Timers

#: Real time, at least, to answer a task's token or beat its heart, unless the limit is shorter.
ANSWER_SECONDS = 1.0
# Nothing has been at work for so many rounds of real time before the clock jumps. Rounds, as a busy
# machine delays whoever counts them, too.
_SETTLE_ROUNDS = 3
_ROUND_SECONDS = 0.001
_IDLE_SECONDS_MAX = 60.0

#: Whoever changes any clock holds it; whoever waits for one to change waits on it.
changed = threading.Condition(threading.RLock())


class ClockError(RuntimeError):
    """The clock cannot move as asked, as something is at work for too long."""


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
        self._timers, self._schedules = Timers(), Timers()
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
        with changed:
            self._numbers += 1
            timer = Timer(own_time, self._numbers, due, call, patience, on_schedule, missed)
            timers = self._schedules if on_schedule else self._timers
            if timers.add(timer):
                changed.notify_all()
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
        with changed:
            self._answers_awaited += 1
        try:
            yield
        finally:
            with changed:
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
        with changed:
            self._stands_at = self.instant()
            self._holds += 1

    def release(self) -> None:
        """Let the clock go on from where it stands; without a hold it is no error."""
        with changed:
            if not self._holds:
                return
            self._holds -= 1
            if not self._holds and self._stands_at is not None:
                stood_at, self._stands_at = self._stands_at, None
                self._moved += stood_at - self.instant()
                changed.notify_all()

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
                with changed:
                    fired = self._fire_next_until(goal)
            self._wait_until_idle()

    def step(self) -> float:
        """Do what is due; the real seconds until there may be something to do."""
        if self._stands_at is not None:
            return math.inf
        timer, scheduled = self._timers.first, self._schedules.first
        following = min((each for each in (timer, scheduled) if each), default=None)
        if following is None:
            return math.inf
        instant = self.instant()
        if following.own_time <= instant:
            (self._timers if following is timer else self._schedules).remove(following)
            self._fire(following)
            return 0.0
        until_due = (following.own_time - instant) / self._rate
        if self.scale or timer is None or self._workers:
            return until_due
        return min(until_due, self._seconds_to_jump(timer))

    def _seconds_to_jump(self, timer: Timer) -> float:
        """Jump to a timer if it is time to; the real seconds until it may be."""
        real = time.monotonic()
        if real - self._last_round >= _ROUND_SECONDS:
            self._rounds += 1
            self._last_round = real
        patience = min(timer.patience_seconds, ANSWER_SECONDS) if self._answers_awaited else 0.0
        left = patience - (real - self._idle_since)
        if left > 0 or self._rounds < _SETTLE_ROUNDS:
            return max(left, _ROUND_SECONDS)
        while (scheduled := self._schedules.first) and scheduled.due <= timer.due:
            self._schedules.remove(scheduled)
            if scheduled.missed is None:
                timer = scheduled
                break
            self._move_to(timer.due)
            scheduled.missed()
        else:
            self._timers.remove(timer)
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
            for timer in timers.due_until(goal)
        ]
        if not due:
            self._move_to(goal)
            return False
        _, _, timers, timer = min(due, key=lambda each: each[:2])
        timers.remove(timer)
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
            with changed:
                stirred = self._stirred
            time.sleep(_ROUND_SECONDS)
            with changed:
                if self._workers or self._stirred != stirred:
                    return False
        return True

    def _stir(self, change: int) -> None:
        with changed:
            self._workers += change
            self._stirred += 1
            if not self._workers:
                self._idle_since = self._last_round = time.monotonic()
                self._rounds = 0
                if not self.scale and self._timers:
                    changed.notify_all()
