"""What a figure is made of: runs, medians, and the error of an emulator that cannot do it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One emulator's figure.

    Attributes:
        value: The median, in the figure's unit.
        runs: How many runs it is the median of.
        parts: Where it goes: the medians of its parts, in the same unit.
    """

    value: float
    runs: int
    parts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    """An emulator cannot do what is measured."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the report.

    Attributes:
        target: What Duet's embedded AWS must not exceed, in ``unit``.
        results: By emulator.
    """

    name: str
    unit: str
    target: float
    results: Mapping[str, Measured | Refused]


def median_ms(run: Callable[[], object], runs: int) -> float:
    """The median of that many runs after one that does not count, in milliseconds."""
    run()
    return statistics.median(_milliseconds(run) for _ in range(runs))


def _milliseconds(run: Callable[[], object]) -> float:
    begin = time.perf_counter()
    run()
    return (time.perf_counter() - begin) * 1000
