"""Upstream gap: partner event sources are stubs; no state, no association with a bus, no events.

The life cycle as AWS documents it, between a partner's account and a customer's, in one region:

* ``CreatePartnerEventSource`` shares a source with one account, where it is PENDING;
* a bus of the same name (``CreateEventBus`` with ``EventSourceName``, see ``partner_event_buses``)
  makes it ACTIVE; deleting the bus or ``DeactivateEventSource`` makes it PENDING again;
* ``DeletePartnerEventSource`` makes it DELETED where a bus exists, and removes it where none does;
* a source that has been PENDING for two weeks is deleted: its ``ExpirationTime`` says when (nothing
  here waits for it);
* ``PutPartnerEvents`` takes up to 20 entries; one for a source that is not ACTIVE is dropped, yet
  answered with an event id; ``partner_event_counts`` counts both kinds. Rules, archives and targets
  are MiniStack's own.

Anyone may act as a partner here (AWS registers partners), so one account can play both sides.
Inferences, for want of a public record: ``CreatedBy`` is the first two parts of the name; the ARN
holds no account; malformed entries fail as they do in PutEvents.
Sources: EventBridge API reference and service model of botocore 1.43.106; user guide, "Receiving
events from a SaaS partner"; partner onboarding guide, FAQ (read 2026-11-23).
"""

import contextvars
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypedDict, cast

from ministack.core.responses import error_response_json, json_response, set_request_account_id
from ministack.services import eventbridge

from constructs_lib.local.extensions.json_objects import json_object
from constructs_lib.local.extensions.partner_event_counts import count_dropped, count_received
from constructs_lib.partners.limits import ENTRIES, NAME, PENDING

_NAME = re.compile(r"aws\.partner(/[\.\-_A-Za-z0-9]+){2,}")
_ACCOUNT_ID = re.compile(r"\d{12}")
_PENDING_SECONDS_MAX = PENDING.value * 24 * 3600

Request = Mapping[str, object]


class EventSource(TypedDict):
    """A partner event source, kept in the customer's account and region, under its name."""

    Name: str
    Arn: str
    Account: str
    PartnerAccount: str
    CreationTime: float
    State: str
    StateTime: float


def register() -> None:
    """Replace the stubs of the partner operations."""
    for operation, implementation in _OPERATIONS.items():
        setattr(eventbridge, operation, implementation)


def find(name: object) -> EventSource | None:
    """The source of that name shared with the calling account, if there is one."""
    return cast(EventSource | None, eventbridge._partner_event_sources.get(name))


def change_state(source: EventSource, state: str) -> None:
    """Put a source in another state, from now on."""
    if source["State"] != state:
        source["State"], source["StateTime"] = state, eventbridge._now_ts()


def all_of_caller_as_partner() -> list[EventSource]:
    """The sources that the calling account, as a partner, has created in this region."""
    caller, region = eventbridge.get_account_id(), eventbridge.get_region()
    return [
        source
        for (_, source_region, _), source in eventbridge._partner_event_sources.all_items()
        if source_region == region and source["PartnerAccount"] == caller
    ]


def _create_partner_event_source(request: Request) -> object:
    name, account = str(request.get("Name", "")), str(request.get("Account", ""))
    if not _NAME.fullmatch(name) or len(name) > NAME.value:
        return _not_matching("name", name, _NAME.pattern)
    if not _ACCOUNT_ID.fullmatch(account):
        return _not_matching("account", account, _ACCOUNT_ID.pattern)
    region = eventbridge.get_region()
    existing = eventbridge._partner_event_sources.get_scoped(account, region, name)
    if existing and existing["State"] != "DELETED":
        return error_response_json(
            "ResourceAlreadyExistsException", f"Event source {name} already exists.", 400
        )
    now = eventbridge._now_ts()
    source = EventSource(
        Name=name,
        Arn=f"arn:aws:events:{region}::event-source/{name}",
        Account=account,
        PartnerAccount=eventbridge.get_account_id(),
        CreationTime=now,
        State="PENDING",
        StateTime=now,
    )
    eventbridge._partner_event_sources.set_scoped(account, region, name, source)
    return json_response({"EventSourceArn": source["Arn"]})


def _delete_partner_event_source(request: Request) -> object:
    # The operation's model knows no "not found": deleting what is not there succeeds.
    for source in all_of_caller_as_partner():
        if source["Name"] == request.get("Name") and source["Account"] == request.get("Account"):
            region = eventbridge.get_region()
            if eventbridge._event_buses.contains_scoped(source["Account"], region, source["Name"]):
                change_state(source, "DELETED")
            else:
                eventbridge._partner_event_sources.pop_scoped(
                    source["Account"], region, source["Name"]
                )
    return json_response({})


def _describe_partner_event_source(request: Request) -> object:
    for source in all_of_caller_as_partner():
        if source["Name"] == request.get("Name"):
            return json_response({"Name": source["Name"], "Arn": source["Arn"]})
    return _not_found(request.get("Name"))


def _list_partner_event_sources(request: Request) -> object:
    sources = [
        {"Name": source["Name"], "Arn": source["Arn"]}
        for source in all_of_caller_as_partner()
        if source["Name"].startswith(str(request.get("NamePrefix", "")))
    ]
    return _page(request, "PartnerEventSources", sources)


def _list_partner_event_source_accounts(request: Request) -> object:
    sources = [
        source
        for source in all_of_caller_as_partner()
        if source["Name"] == request.get("EventSourceName")
    ]
    if not sources:
        return _not_found(request.get("EventSourceName"))
    accounts = [
        {"Account": source["Account"], "State": source["State"], **_times(source)}
        for source in sources
    ]
    return _page(request, "PartnerEventSourceAccounts", accounts)


def _describe_event_source(request: Request) -> object:
    source = find(request.get("Name"))
    return (
        json_response(_as_seen_by_customer(source)) if source else _not_found(request.get("Name"))
    )


def _list_event_sources(request: Request) -> object:
    sources = [
        _as_seen_by_customer(source)
        for source in eventbridge._partner_event_sources.values()
        if source["Name"].startswith(str(request.get("NamePrefix", "")))
    ]
    return _page(request, "EventSources", sources)


def _activate_event_source(request: Request) -> object:
    return _switch(request.get("Name"), "ACTIVE")


def _deactivate_event_source(request: Request) -> object:
    return _switch(request.get("Name"), "PENDING")


def _switch(name: object, state: str) -> object:
    source = find(name)
    if source is None:
        return _not_found(name)
    if source["State"] == "DELETED" or name not in eventbridge._event_buses:
        return error_response_json(
            "InvalidStateException", f"Event source {name} is not associated with a bus.", 400
        )
    change_state(source, state)
    return json_response({})


def _put_partner_events(request: Request) -> object:
    entries = cast(list[Request], request.get("Entries", []))
    if not 1 <= len(entries) <= ENTRIES.value:
        return error_response_json(
            "ValidationException",
            f"1 validation error detected: Value '{len(entries)}' at 'entries' failed to satisfy "
            f"constraint: Member must have length between 1 and {ENTRIES.value}",
            400,
        )
    results = [_put(entry) for entry in entries]
    failed = sum("ErrorCode" in result for result in results)
    return json_response({"FailedEntryCount": failed, "Entries": results})


def _put(entry: Request) -> dict[str, str]:
    for required in ("Source", "DetailType", "Detail"):
        if not entry.get(required):
            reason = (
                f"Parameter {required} is not valid. Reason: {required} is a required argument."
            )
            return {"ErrorCode": "InvalidArgument", "ErrorMessage": reason}
    if json_object(str(entry["Detail"])) is None:
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    event_id: str = eventbridge.new_uuid()
    name = str(entry["Source"])
    shared = [source for source in all_of_caller_as_partner() if source["Name"] == name]
    for source in shared:
        # A copied context: the rest of this request stays in the partner's account.
        contextvars.copy_context().run(_receive, source, entry, event_id)
    if not shared:
        count_dropped(name, state="NONE")
    return {"EventId": event_id}


def _receive(source: EventSource, entry: Request, event_id: str) -> None:
    set_request_account_id(source["Account"])
    if source["State"] != "ACTIVE":
        count_dropped(source["Name"], state=source["State"])
        return
    count_received(source["Name"])
    _deliver(source, entry, event_id)


def _deliver(source: EventSource, entry: Request, event_id: str) -> None:
    event = {
        "EventId": event_id,
        "Source": source["Name"],
        "DetailType": entry["DetailType"],
        "Detail": entry["Detail"],
        "EventBusName": source["Name"],
        "Time": _epoch_seconds(entry.get("Time")),
        "Resources": entry.get("Resources", []),
        "Account": source["Account"],
        "Region": eventbridge.get_region(),
    }
    view = eventbridge._pattern_event_view(event)
    eventbridge._dispatch_event(event, view)
    eventbridge._archive_event(event, view)


def _epoch_seconds(time: object) -> int:
    if isinstance(time, int | float):
        return int(time)
    if isinstance(time, str):
        return int(datetime.fromisoformat(time).timestamp())
    return int(eventbridge._now_ts())


def _as_seen_by_customer(source: EventSource) -> dict[str, object]:
    return {
        "Name": source["Name"],
        "Arn": source["Arn"],
        "CreatedBy": "/".join(source["Name"].split("/")[:2]),
        "State": source["State"],
        **_times(source),
    }


def _times(source: EventSource) -> dict[str, float]:
    times = {"CreationTime": source["CreationTime"]}
    if source["State"] == "PENDING":
        times["ExpirationTime"] = source["StateTime"] + _PENDING_SECONDS_MAX
    return times


def _page(request: Request, key: str, items: Sequence[Mapping[str, object]]) -> object:
    start = eventbridge._opaque_offset_decode(request.get("NextToken", ""))
    end = start + int(str(request.get("Limit", 100)))
    page: dict[str, object] = {key: items[start:end]}
    if end < len(items):
        page["NextToken"] = eventbridge._opaque_offset_encode(end)
    return json_response(page)


def _not_found(name: object) -> object:
    return error_response_json(
        "ResourceNotFoundException", f"Event source {name} does not exist.", 400
    )


def _not_matching(member: str, value: str, pattern: str) -> object:
    return error_response_json(
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
        f"Member must satisfy regular expression pattern: {pattern}",
        400,
    )


_OPERATIONS: dict[str, Callable[[Request], object]] = {
    "_create_partner_event_source": _create_partner_event_source,
    "_delete_partner_event_source": _delete_partner_event_source,
    "_describe_partner_event_source": _describe_partner_event_source,
    "_list_partner_event_sources": _list_partner_event_sources,
    "_list_partner_event_source_accounts": _list_partner_event_source_accounts,
    "_describe_event_source": _describe_event_source,
    "_list_event_sources": _list_event_sources,
    "_activate_event_source": _activate_event_source,
    "_deactivate_event_source": _deactivate_event_source,
    "_put_partner_events": _put_partner_events,
}
