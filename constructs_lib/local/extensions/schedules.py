"""Upstream gap: schedules are looked at every ten seconds of real time, and drift by that.

Rules with a ``ScheduleExpression`` and schedules of EventBridge Scheduler are due on the account's
clock, to the second, in their time zone. At time scale 0 the clock does not jump to them, or a rate
of a minute would run for ever: they come with real time, and every single time with ``advance``.
Where the clock jumps over them because something else waits, what recurs is left out, and what is
to happen once happens.

Flexible time windows are not used. Source: see ``schedule_times``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import cast

from ministack.core.responses import request_scope
from ministack.services import eventbridge, scheduler

from constructs_lib.local.extensions import (
    clock,
    clock_control,
    schedule_times,
    scheduler_targets,
)
from constructs_lib.local.extensions.schedule_times import Times

# How soon, in real time, a new schedule is known if nobody moves the clock.
_LOOK_SECONDS = 0.25

_Record = Mapping[str, object]
# What it is, the account, the region and MiniStack's own key.
_Key = tuple[str, str, str, str]


@dataclass
class _Schedule:
    """A schedule that its clock knows."""

    signature: tuple[object, ...]
    times: Times
    timer: clock.Timer | None = field(default=None)


_known: dict[_Key, _Schedule] = {}


def register() -> None:
    """Put the clock in the place of MiniStack's tickers."""
    eventbridge._scheduler_loop = _look_for_ever
    scheduler._ticker_loop = lambda: None
    scheduler._now = lambda: clock.current().now()
    clock_control.before_advance.append(lambda _account_id: _look())
    scheduler_targets.register()


def _look_for_ever() -> None:
    while True:
        time.sleep(_LOOK_SECONDS)
        _look()


def _look() -> None:
    """Let the clocks know what is new, has changed or is gone."""
    with clock.moving():
        there = dict(_there())
        for key in [key for key in _known if key not in there]:
            _forget(key)
        for key, record in there.items():
            known = _known.get(key)
            if known is None or known.signature != _signature(record):
                _forget(key)
                _learn(key, record, is_new=known is None)


def _there() -> Iterator[tuple[_Key, _Record]]:
    for kind, store in (("rule", eventbridge._rules), ("schedule", scheduler._schedules)):
        for (account_id, region, name), record in tuple(store._data.items()):
            if record.get("ScheduleExpression") and record.get("State") == "ENABLED":
                yield (kind, account_id, region, name), record


def _signature(record: _Record) -> tuple[object, ...]:
    fields = ("ScheduleExpression", "ScheduleExpressionTimezone", "StartDate", "EndDate")
    made = record.get("CreationTime", record.get("CreationDate"))
    return (made, *(record.get(name) for name in fields))


def _forget(key: _Key) -> None:
    known = _known.pop(key, None)
    if known and known.timer:
        known.timer.cancel()


def _learn(key: _Key, record: _Record, *, is_new: bool) -> None:
    kind, account_id, *_ = key
    this = clock.of(account_id)
    made = record.get("CreationTime", record.get("CreationDate"))
    # Of a rule in a template it is not known, and the clock of a scale is not that of the record.
    known_since = cast(float, made) if is_new and made and this.scale in (0, 1) else this.instant()
    make = schedule_times.of_rule if kind == "rule" else schedule_times.of_schedule
    schedule = _known[key] = _Schedule(_signature(record), make(record, known_since))
    _plan(key, schedule, after=known_since - 1 if schedule.times.at_once else this.instant())


def _plan(key: _Key, schedule: _Schedule, *, after: float) -> None:
    this = clock.of(key[1])
    due = schedule.times.next_after(after)
    if due is None:
        _complete(key, this, schedule)
        return
    schedule.timer = this.call_at(
        due,
        partial(_fire, key, schedule, due),
        on_schedule=True,
        missed=partial(_skip, key, schedule) if schedule.times.is_recurring else None,
    )


def _skip(key: _Key, schedule: _Schedule) -> None:
    _plan(key, schedule, after=clock.of(key[1]).instant())


def _complete(key: _Key, this: clock.Clock, schedule: _Schedule) -> None:
    """Delete a schedule that will not run again, if it says so, once its time is over."""
    record = scheduler._schedules._data.get(key[1:])
    if key[0] == "schedule" and record and record.get("ActionAfterCompletion") == "DELETE":
        delete = partial(scheduler._schedules._data.pop, key[1:], None)
        end = max(schedule.times.end, this.instant())
        if end == float("inf"):
            delete()
        else:
            schedule.timer = this.call_at(end, delete, on_schedule=True)


def _fire(key: _Key, schedule: _Schedule, due: float) -> None:
    kind, account_id, region, name = key
    store = eventbridge._rules if kind == "rule" else scheduler._schedules
    record = store._data.get((account_id, region, name))
    if record is None or _known.get(key) is not schedule or record.get("State") != "ENABLED":
        return
    with request_scope(account_id, region):
        if kind == "rule":
            targets = tuple(eventbridge._targets._data.get((account_id, region, name), ()))
            clock.start(partial(scheduler_targets.invoke_rule, record, targets, due))
        else:
            clock.start(partial(scheduler_targets.invoke_schedule, record, due))
    _plan(key, schedule, after=due)
