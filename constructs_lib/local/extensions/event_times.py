"""Upstream gap: ``PutEvents`` forgets the ``Time`` of an entry; every event happens when it comes.

Archives are replayed by that time, and consumers read it. When it comes, and every other time of
EventBridge, the account's clock says.
Source: EventBridge API reference, PutEventsRequestEntry (read 2026-11-23).
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import cast

from ministack.services import eventbridge

from constructs_lib.local.extensions import clock
from constructs_lib.local.extensions.answers import content, failed

_Event = dict[str, object]
_PutEvents = Callable[..., object]
_MakeView = Callable[[_Event], object]

#: The time of the entry that has become no event yet.
_time: ContextVar[object | None] = ContextVar("event_time", default=None)


def register() -> None:
    """Hand each entry's time to the event that is made of it."""
    eventbridge._now_ts = lambda: clock.current().now()
    eventbridge._put_events = _entry_by_entry(eventbridge._put_events)
    eventbridge._pattern_event_view = _with_time(eventbridge._pattern_event_view)


def _entry_by_entry(put_events: _PutEvents) -> _PutEvents:
    def put(data: Mapping[str, object], *args: object, **kwargs: object) -> object:
        entries = cast(list[Mapping[str, object]], data.get("Entries", []))
        # Nothing to remember; or too many, which MiniStack refuses as a whole.
        if len(entries) > 10 or not any("Time" in entry for entry in entries):
            return put_events(data, *args, **kwargs)
        failures, results = 0, []
        for entry in entries:
            token = _time.set(eventbridge._coerce_timestamp(entry.get("Time")))
            try:
                response = put_events({**data, "Entries": [entry]}, *args, **kwargs)
            finally:
                _time.reset(token)
            if failed(response):
                return response
            answer = content(response)
            failures += cast(int, answer["FailedEntryCount"])
            results += cast(list[object], answer["Entries"])
        return eventbridge.json_response({"FailedEntryCount": failures, "Entries": results})

    return put


def _with_time(make_view: _MakeView) -> _MakeView:
    def view(event: _Event) -> object:
        seconds = _time.get()
        if isinstance(seconds, int | float):
            # The first look at the new event, before rules and archives see it.
            event["Time"] = int(seconds)
            _time.set(None)
        return make_view(event)

    return view
