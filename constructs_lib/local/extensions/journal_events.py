"""The journal of events: what comes to a bus, by whom, and what archives keep of it.

An event counts as published when its rules are asked. What goes to a rule's targets without that
(schedules, replays to chosen rules) is written before its first target.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import cast

from ministack.services import eventbridge

from constructs_lib.local._journal_events import EventArchived, EventMatched, EventPublished
from constructs_lib.local._journal_records import Caller
from constructs_lib.local.extensions import journal_store
from constructs_lib.local.extensions.journal_callers import acting_as, current_caller

_Event = Mapping[str, object]

#: The event that is in the journal already; each one is an object of its own.
_written: ContextVar[_Event | None] = ContextVar("written", default=None)


def register() -> None:
    """Look at each event before its rules do, and act as the rule at its targets."""
    eventbridge._dispatch_event = _writing(eventbridge._dispatch_event)
    eventbridge._invoke_target = _acting(eventbridge._invoke_target)
    eventbridge._archive_event = _archiving(eventbridge._archive_event)


def size_bytes(event: _Event) -> int:
    """The size of an event as PutEvents counts it."""
    texts = [str(event.get(name) or "") for name in ("Source", "DetailType", "Detail")]
    texts += [str(each) for each in cast(list[object], event.get("Resources") or ())]
    return sum(len(text) if text.isascii() else len(text.encode()) for text in texts)


def matched(event: _Event, rules: Sequence[_Event], *, asked: int) -> None:
    """Write which of the rules that were asked about an event have matched."""
    if _written.get() is not event:
        _write(event)
    journal_store.add(
        EventMatched,
        event_id=str(event.get("EventId", "")),
        bus_arn=_bus_arn(event),
        replay_name=str(event.get("ReplayName") or ""),
        rule_arns=tuple(str(rule["Arn"]) for rule in rules),
        rules_asked=asked,
    )


def _bus_arn(event: _Event) -> str:
    region, account = event.get("Region"), event.get("Account")
    return f"arn:aws:events:{region}:{account}:event-bus/{event.get('EventBusName', 'default')}"


def _write(event: _Event) -> None:
    _written.set(event)
    journal_store.add(
        EventPublished,
        event_id=str(event.get("EventId", "")),
        bus_arn=_bus_arn(event),
        source=str(event.get("Source", "")),
        detail_type=str(event.get("DetailType", "")),
        size_bytes=size_bytes(event),
        replay_name=str(event.get("ReplayName") or ""),
        publisher=_publisher(event),
    )


def _publisher(event: _Event) -> Caller:
    caller = current_caller()
    if caller.kind == "rule" and "_DispatchPath" in event:
        return caller
    if event.get("ReplayName"):
        replay = eventbridge._replays.get(event["ReplayName"]) or {}
        return Caller(kind="replay", arn=str(replay.get("ReplayArn", event["ReplayName"])))
    source = str(event.get("Source", ""))
    if source.startswith("aws.") and not source.startswith("aws.partner/"):
        resources = cast(list[object], event.get("Resources") or [""])
        return Caller(kind="service", arn=str(resources[0]))
    return caller


def _writing(dispatch: Callable[..., None]) -> Callable[..., None]:
    def write_and_dispatch(event: _Event, view: object = None) -> None:
        _write(event)
        dispatch(event, view)

    return write_and_dispatch


def _acting(invoke_target: Callable[..., None]) -> Callable[..., None]:
    def invoke(target: _Event, event: _Event, rule: _Event, view: object = None) -> None:
        arn, event_id = str(rule.get("Arn")), str(event.get("EventId", ""))
        if _written.get() is not event:
            # What no client and no task has published is a schedule's, if it is no replay's.
            with acting_as(Caller(kind="service", arn=arn)):
                _write(event)
        caller = Caller(kind="rule", arn=arn, event_id=event_id)
        with acting_as(caller):
            invoke_target(target, event, rule, view)

    return invoke


def _archiving(archive_event: Callable[..., None]) -> Callable[..., None]:
    def archive(event: _Event, view: object = None) -> None:
        before = dict(_counts())
        archive_event(event, view)
        for name, count in _counts():
            if count != before.get(name):
                journal_store.add(
                    EventArchived,
                    event_id=str(event.get("EventId", "")),
                    archive_name=name,
                    size_bytes=size_bytes(event),
                )

    return archive


def _counts() -> Iterator[tuple[str, int]]:
    for archive in eventbridge._archives.values():
        yield str(archive.get("ArchiveName")), cast(int, archive.get("EventCount", 0))
