"""Publish events written in EventBridge's own envelope."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_lib.names import UnknownNameError, pick
from constructs_lib.operations.deployed import resources_of
from constructs_lib.operations.target import Target

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

_BUS_TYPE = "AWS::Events::EventBus"
_PARTNER_PREFIX = "aws.partner/"
#: Most entries of one call. Source: EventBridge API reference, PutEvents (read 2026-11-23).
_ENTRIES_MAX = 10
_REQUIRED = {"source": "Source", "detail-type": "DetailType", "detail": "Detail"}
_OPTIONAL = {"time": "Time", "resources": "Resources"}
#: What a delivered event has besides, and EventBridge sets by itself.
_SET_BY_AWS = ("version", "id", "account", "region", "replay-name")


class EventError(ValueError):
    """An event cannot be published; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Published:
    """What became of one event: its id, or the reason of the refusal."""

    event_id: str | None
    reason: str = ""

    def to_json(self) -> dict[str, object]:
        """The whole of it."""
        return {"eventId": self.event_id, "reason": self.reason or None}


def entries_of(written: object) -> list[dict[str, Any]]:
    """The entries of PutEvents for one event or a list of them.

    Args:
        written: ``{"source": …, "detail-type": …, "detail": {…}}``, with ``time`` and
            ``resources`` if wanted; what AWS sets in a delivered event may be there as well.
    Raises:
        EventError: It is no event, or one that only AWS or a partner can publish.
    """
    events = written if isinstance(written, list) else [written]
    return [_entry(event, f"event {number}") for number, event in enumerate(events, start=1)]


def find_bus(target: Target, wanted: str | None, *, option: str = "--bus") -> str:
    """The bus that is meant: its name.

    Args:
        wanted: Name, ARN, logical id or construct path, or a part of one; None means the only bus
            of the stacks, ``default`` if they have none.
        option: What it was given by, for messages.
    Raises:
        UnknownNameError: There is none of the name, or more than one bus could be meant.
        EventError: It is a partner's bus, on which nobody but the partner publishes.
    """
    buses = resources_of(target, _BUS_TYPE)
    own = [bus for bus in buses if not bus.physical_id.startswith(_PARTNER_PREFIX)]
    if wanted is None:
        if len(own) > 1:
            raise UnknownNameError(
                f"--bus must be given, the stacks have {', '.join(bus.path for bus in own)}; "
                "name one of them, or default"
            )
        return own[0].physical_id if own else "default"
    if wanted == "default":
        return wanted
    bus = pick(wanted, buses, names=lambda each: each.names, what=option).physical_id
    if bus.startswith(_PARTNER_PREFIX):
        raise EventError(
            f"{option} must be a bus of your own, got {bus}: only the partner publishes there; "
            "run: duet partner send"
        )
    return bus


def publish(target: Target, entries: Sequence[Mapping[str, Any]], bus: str) -> list[Published]:
    """Put the entries on the bus, ten in a call; what became of each, in order.

    Raises:
        ClientError: AWS refused a whole call; those before it are published.
    """
    events: EventBridgeClient = target.client("events")
    outcomes: list[Published] = []
    for start in range(0, len(entries), _ENTRIES_MAX):
        batch = [{**each, "EventBusName": bus} for each in entries[start : start + _ENTRIES_MAX]]
        answer = events.put_events(Entries=batch)  # type: ignore[arg-type]  # the stub wants its own TypedDict
        outcomes += outcomes_of(answer["Entries"])
    return outcomes


def outcomes_of(results: Sequence[Mapping[str, Any]]) -> Iterator[Published]:
    """What a call of PutEvents or PutPartnerEvents says of its entries."""
    for result in results:
        refused = result.get("ErrorCode")
        yield Published(
            event_id=result.get("EventId"),
            reason=f"{refused}: {result.get('ErrorMessage')}" if refused else "",
        )


def _entry(event: object, which: str) -> dict[str, Any]:
    if not isinstance(event, Mapping):
        raise EventError(f"{which} must be a JSON object, got {event!r}; write {{…}}")
    known = {**_REQUIRED, **_OPTIONAL}
    for name in event:
        if name not in known and name not in _SET_BY_AWS:
            near = difflib.get_close_matches(str(name).lower(), known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"it has: {', '.join(known)}"
            raise EventError(f"{which} has no {name!r}; {hint}")
    for name in _REQUIRED:
        if name not in event:
            raise EventError(
                f"{which} must have {name!r}, got {sorted(event)}; write for example "
                '{"source": "my.app", "detail-type": "OrderPlaced", "detail": {}}'
            )
    source = str(event["source"])
    if source.startswith("aws."):
        raise EventError(
            f"source of {which} must not start with 'aws.', got {source!r}: AWS refuses it from "
            "customers (NotAuthorizedForSourceException); use a source of your own, or, for a "
            "partner's event, run: duet partner send"
        )
    if not isinstance(event["detail"], Mapping):
        raise EventError(
            f"detail of {which} must be a JSON object, got {event['detail']!r}; write {{…}}"
        )
    entry = {known[name]: value for name, value in event.items() if name in known}
    return {**entry, "Detail": json.dumps(event["detail"])}
