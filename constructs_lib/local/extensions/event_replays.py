"""Upstream gap: a replay goes to every rule, all at once, and cannot be followed or stopped.

* ``Destination.FilterArns``: only those rules get the events. MiniStack delivers to all.
* ``EventLastReplayedTime`` moves with the replay, oldest minute first; ``ListReplays`` tells the
  windows; a window that ends before it starts is refused.
* ``EventEndTime`` itself is not part of the window.
* Events older than the archive's retention are not replayed.
* ``CancelReplay`` stops the replay, and refuses one that has ended.

Not emulated: the most replays that an account may have active, which is ten.
How fast AWS replays a minute of events is not published: here every minute after the first takes a
second on the account's clock besides the deliveries, so that there is something to follow.
Inference: the wording of the refusals; that a rule of another bus is a ``ValidationException``.
Source: EventBridge user guide, "Replaying archived events"; API reference, StartReplay,
CancelReplay, Replay (read 2026-11-23).
"""

import itertools
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import cast

from ministack.services import eventbridge

from constructs_lib.local.extensions import clock, journal_events
from constructs_lib.local.extensions.answers import content, failed

_Record = dict[str, object]
_Request = Mapping[str, object]
_Action = Callable[[_Request], object]

_SECONDS_A_MINUTE = 1.0
_SECONDS_A_DAY = 24 * 60 * 60
_TOLD_IN_LISTS = (
    "EventStartTime",
    "EventEndTime",
    "EventLastReplayedTime",
    "ReplayEndTime",
    "StateReason",
)


def register() -> None:
    """Put replays that can be followed in the place of MiniStack's."""
    eventbridge._start_replay = _start(eventbridge._start_replay)
    eventbridge._list_replays = _list(eventbridge._list_replays)
    eventbridge._cancel_replay = _cancel(eventbridge._cancel_replay)


def _start(ministack_start: _Action) -> _Action:
    def start(request: _Request) -> object:
        if refusal := _refusal(request):
            return refusal
        # MiniStack checks the rest; in a window without a moment its own replay delivers nothing.
        answer = ministack_start({**request, "EventStartTime": 0, "EventEndTime": -1})
        if failed(answer):
            return answer
        name = str(request["ReplayName"])
        replay: _Record = {
            **eventbridge._replays[name],
            "State": "STARTING",
            "EventStartTime": eventbridge._coerce_timestamp(request["EventStartTime"]),
            "EventEndTime": eventbridge._coerce_timestamp(request["EventEndTime"]),
        }
        replay.pop("ReplayEndTime", None)
        # In its own record, MiniStack's replay ends for itself.
        eventbridge._replays[name] = replay
        scope = (eventbridge.get_account_id(), eventbridge.get_region())
        clock.start(partial(_run, replay, _archive(replay), scope))
        return answer

    return start


def _refusal(request: _Request) -> object | None:
    """What AWS refuses and MiniStack does not."""
    start, end = (
        eventbridge._coerce_timestamp(request.get(name))
        for name in ("EventStartTime", "EventEndTime")
    )
    if not start < end:
        return _error(
            "ValidationException",
            "Parameter EventEndTime is not valid. "
            "Reason: EventStartTime must be before EventEndTime.",
        )
    destination = cast(_Request, request.get("Destination") or {})
    bus_rules = {
        rule["Arn"]
        for rule in eventbridge._rules.values()
        if str(destination.get("Arn")).endswith(f":event-bus/{rule['EventBusName']}")
    }
    if foreign := set(_filter(destination)) - bus_rules:
        return _error(
            "ValidationException",
            "Parameter Destination.FilterArns is not valid. "
            f"Reason: no rule of the event bus: {', '.join(sorted(foreign))}.",
        )
    return None


def _archive(replay: _Record) -> _Record:
    name = str(replay["EventSourceArn"]).rpartition("/")[2]
    return cast(_Record, eventbridge._archives[name])


def _run(replay: _Record, archive: _Record, scope: tuple[str, str]) -> None:
    eventbridge.set_request_account_id(scope[0])
    eventbridge.set_request_region(scope[1])
    try:
        if replay["State"] == "STARTING":
            replay["State"] = "RUNNING"
        _replay_minutes(replay, archive)
        replay["State"] = "CANCELLED" if replay["State"] == "CANCELLING" else "COMPLETED"
    except Exception as error:
        replay["State"], replay["StateReason"] = "FAILED", str(error)
        raise
    finally:
        replay["ReplayEndTime"] = eventbridge._now_ts()


def _replay_minutes(replay: _Record, archive: _Record) -> None:
    start, end = cast(float, replay["EventStartTime"]), cast(float, replay["EventEndTime"])
    kept = list(cast(list[_Record], archive.get("Events", [])))
    # What has outlived its days is gone; no days are for ever.
    if days := cast(int, archive.get("RetentionDays") or 0):
        start = max(start, clock.current().now() - days * _SECONDS_A_DAY)
    window = sorted((one for one in kept if start <= _seconds_of(one) < end), key=_seconds_of)
    rules = _filter(cast(_Request, replay["Destination"]))
    bus = str(archive["EventSourceArn"]).partition(":event-bus/")[2]
    for number, (_, minute) in enumerate(
        itertools.groupby(window, lambda one: _seconds_of(one) // 60)
    ):
        if number:
            clock.sleep(_SECONDS_A_MINUTE)
        for event in minute:
            if replay["State"] == "CANCELLING":
                return
            _deliver({**event, "EventBusName": bus, "ReplayName": replay["ReplayName"]}, rules)
            replay["EventLastReplayedTime"] = event["Time"]


def _seconds_of(event: _Record) -> float:
    return cast(float, event["Time"])


def _filter(destination: _Request) -> Collection[str]:
    return cast(Collection[str], destination.get("FilterArns") or ())


def _deliver(event: _Record, rules: Collection[str]) -> None:
    if not rules:
        eventbridge._dispatch_event(event)
        return
    view = eventbridge._pattern_event_view(event)
    matching = [
        (key, rule)
        for key, rule in list(eventbridge._rules.items())
        if rule["Arn"] in rules
        and rule.get("State") == "ENABLED"
        and eventbridge._matches_pattern_view(rule.get("EventPattern"), view, f"rule {key}")
    ]
    journal_events.matched(event, [rule for _, rule in matching], asked=len(rules))
    for key, rule in matching:
        for target in eventbridge._targets.get(key, []):
            eventbridge._invoke_target(target, event, rule, view)


def _list(ministack_list: _Action) -> _Action:
    def list_replays(request: _Request) -> object:
        answer = ministack_list(request)
        if failed(answer):
            return answer
        told = cast(list[_Record], content(answer)["Replays"])
        for one in told:
            replay = eventbridge._replays[one["ReplayName"]]
            one |= {name: replay[name] for name in _TOLD_IN_LISTS if name in replay}
        return eventbridge.json_response({"Replays": told})

    return list_replays


def _cancel(ministack_cancel: _Action) -> _Action:
    def cancel(request: _Request) -> object:
        replay = eventbridge._replays.get(request.get("ReplayName"))
        if replay is None:
            return ministack_cancel(request)
        if replay["State"] not in ("STARTING", "RUNNING"):
            return _error("IllegalStatusException", f"The replay is {replay['State']}.")
        replay["State"] = "CANCELLING"
        return eventbridge.json_response({"ReplayArn": replay["ReplayArn"], "State": "CANCELLING"})

    return cancel


def _error(code: str, message: str) -> object:
    return eventbridge.error_response_json(code, message, 400)
