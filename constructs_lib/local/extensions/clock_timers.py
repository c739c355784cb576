"""What is due on a clock, and when: kept in order, the next at hand."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

# Limits that were kept would pile up until they are due.
_TIMERS_BETWEEN_SWEEPS = 256


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


class Timers:
    """Timers in the order of their own times; those that were cancelled are dropped on the way."""

    def __init__(self) -> None:
        self._heap: list[Timer] = []
        self._added = 0

    def __bool__(self) -> bool:
        return bool(self._heap)

    @property
    def first(self) -> Timer | None:
        """The next one."""
        while self._heap and self._heap[0].is_cancelled:
            heapq.heappop(self._heap)
        return self._heap[0] if self._heap else None

    def add(self, timer: Timer) -> bool:
        """Add one; whether it is the next."""
        self._added += 1
        if not self._added % _TIMERS_BETWEEN_SWEEPS:
            self._heap = [each for each in self._heap if not each.is_cancelled]
            heapq.heapify(self._heap)
        heapq.heappush(self._heap, timer)
        return self._heap[0] is timer

    def remove(self, timer: Timer) -> None:
        """Take one out, which it has."""
        if self._heap[0] is timer:
            heapq.heappop(self._heap)
            return
        self._heap.remove(timer)
        heapq.heapify(self._heap)

    def due_until(self, instant: float) -> list[Timer]:
        """Those that are due until then, in no order."""
        return [each for each in self._heap if each.due <= instant and not each.is_cancelled]
