"""What the patches tell the engine, and ask it."""

from __future__ import annotations

import math
import threading
from collections import defaultdict

from constructs_lib.testing._faults import FaultPlan


class Observer:
    """What happened so far, and what is to go wrong next; used by many threads."""

    def __init__(self, *, time_scale: float) -> None:
        self.time_scale = time_scale
        self.faults = FaultPlan()
        self._changed = threading.Condition()
        self._changes = 0
        self._ended: set[str] = set()
        self._retry_delays: dict[str, list[float]] = {}
        self._time_outs: defaultdict[tuple[str, bool], float] = defaultdict(float)

    @property
    def changes(self) -> int:
        """A number that grows with everything that happens to any execution."""
        return self._changes

    def note_change(self) -> None:
        with self._changed:
            self._changes += 1
            self._changed.notify_all()

    def wait_for_change(self, *, since: int, within_seconds: float) -> None:
        """Return at once if something has happened since ``changes`` was ``since``."""
        with self._changed:
            self._changed.wait_for(lambda: self._changes != since, timeout=within_seconds)

    def note_end(self, execution_arn: str) -> None:
        self._ended.add(execution_arn)
        self.note_change()

    def has_ended(self, execution_arn: str) -> bool:
        return execution_arn in self._ended

    def note_retry(self, execution_arn: str, delay_seconds: float) -> None:
        with self._changed:
            self._retry_delays.setdefault(execution_arn, []).append(delay_seconds)

    def retry_delays(self, execution_arn: str) -> tuple[float, ...]:
        with self._changed:
            return tuple(self._retry_delays.get(execution_arn, ()))

    def plan_time_out(self, state: str, times: int | None, *, reached: bool) -> None:
        with self._changed:
            key = (state, reached)
            self._time_outs[key] += math.inf if times is None else times

    def forget_time_outs(self) -> None:
        with self._changed:
            self._time_outs.clear()

    def takes_time_out(self, state: str, *, reached: bool) -> bool:
        with self._changed:
            key = (state, reached)
            takes = self._time_outs[key] > 0
            self._time_outs[key] -= takes
            return takes
