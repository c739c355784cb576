"""When a schedule is due: ``rate``, ``cron`` and ``at``, in a time zone, between two dates.

A rate of EventBridge Scheduler is due at its start date, else as soon as the schedule is made; that
of a rule is due one period after the rule was made.
Source: EventBridge Scheduler user guide, "Schedule types"; EventBridge user guide, "Creating a
scheduled rule" (read 2026-11-27).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ministack.services import eventbridge, scheduler


@dataclass(frozen=True, kw_only=True)
class Times:
    """The occurrences of one schedule; instants in seconds since 1970."""

    expression: str
    zone: str = "UTC"
    #: Where the rhythm of a rate begins.
    origin: float
    #: Whether a rate is due at its origin.
    at_once: bool = False
    start: float = -math.inf
    end: float = math.inf

    @property
    def is_recurring(self) -> bool:
        """Whether there is more than one."""
        return not self.expression.strip().startswith("at(")

    def next_after(self, instant: float) -> float | None:
        """The first occurrence after ``instant``; None if there is none."""
        found = self._next_after(max(instant, math.nextafter(self.start, -math.inf)))
        return found if found is not None and found <= self.end else None

    def _next_after(self, instant: float) -> float | None:
        if not self.is_recurring:
            moment = self._local(self.expression.strip()[3:-1])
            return moment if moment is not None and moment > instant else None
        period = eventbridge._parse_rate_seconds(self.expression)
        if period is not None:
            first = 0 if self.at_once else 1
            periods = max(math.floor((instant - self.origin) / period) + 1, first)
            return cast(float, self.origin + periods * period)
        fields = eventbridge._parse_cron_fields(self.expression)
        zone = _zone(self.zone)
        if fields is None or zone is None:
            return None
        found = eventbridge._cron_next_fire(fields, datetime.fromtimestamp(instant, zone))
        return cast(datetime, found).timestamp() if found else None

    def _local(self, text: str) -> float | None:
        zone = _zone(self.zone)
        try:
            moment = datetime.fromisoformat(text.strip())
        except ValueError:
            return None
        return moment.replace(tzinfo=zone).timestamp() if zone else None


def of_rule(rule: Mapping[str, object], made: float) -> Times:
    """The occurrences of a rule that was made at that instant."""
    return Times(expression=str(rule["ScheduleExpression"]), origin=made)


def of_schedule(schedule: Mapping[str, object], made: float) -> Times:
    """The occurrences of a schedule of EventBridge Scheduler."""
    start = scheduler._to_epoch(schedule.get("StartDate"))
    end = scheduler._to_epoch(schedule.get("EndDate"))
    return Times(
        expression=str(schedule["ScheduleExpression"]),
        zone=str(schedule.get("ScheduleExpressionTimezone") or "UTC"),
        origin=made if start is None else start,
        at_once=True,
        start=-math.inf if start is None else start,
        end=math.inf if end is None else end,
    )


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return None
