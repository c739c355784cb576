"""Upstream gap: ``EventSourceName`` is dropped, by CreateEventBus and by CloudFormation alike.

With it, a bus is the customer's end of a partner event source (see ``partner_event_sources``): the
bus bears the source's name, makes it ACTIVE while it exists, takes the partner's events only, and
has no policy.
CloudFormation also passes on the encryption key, log level and dead-letter queue, which
MiniStack's handler of ``AWS::Events::EventBus`` leaves out.

Inference: a customer's PutEvents onto a partner bus fails per entry with
``NotAuthorizedForSourceException``, as for ``aws.*`` sources, and PutPermission with
``ValidationException``; AWS does not document the codes.
Sources: EventBridge API reference, CreateEventBus (read 2026-11-23).
"""

from collections.abc import Callable
from typing import cast

from ministack.core.responses import error_response_json, json_response
from ministack.services import eventbridge
from ministack.services.cloudformation import provisioners

from constructs_lib.local.extensions import partner_event_sources
from constructs_lib.local.extensions.answers import (
    Properties,
    Resource,
    content,
    failed,
    require_success,
)

TYPE_NAME = "AWS::Events::EventBus"
_PASSED_ON = (
    "Description",
    "EventSourceName",
    "KmsKeyIdentifier",
    "DeadLetterConfig",
    "LogConfig",
    "Tags",
)
_Operation = Callable[[Properties], object]


def register() -> None:
    """Put the association around MiniStack's bus operations."""
    eventbridge._create_event_bus = _associating(eventbridge._create_event_bus)
    eventbridge._delete_event_bus = _releasing(eventbridge._delete_event_bus)
    eventbridge._put_events = _sparing_partner_buses(eventbridge._put_events)
    eventbridge._put_permission = _refusing_partner_buses(eventbridge._put_permission)
    provisioners._RESOURCE_HANDLERS[TYPE_NAME]["create"] = _create
    # A renamed bus is made by this name, not through the table.
    provisioners._eb_event_bus_create = _create


def _associating(create_event_bus: _Operation) -> _Operation:
    def create(request: Properties) -> object:
        name, source_name = request.get("Name"), request.get("EventSourceName")
        if source_name is None:
            if "/" in str(name):
                return _refused("ValidationException", "Event bus name must not contain '/'.")
            return create_event_bus(request)
        if source_name != name:
            return _refused(
                "ValidationException",
                f"The name of a partner event bus must be that of its event source, {source_name}.",
            )
        source = partner_event_sources.find(source_name)
        if source is None:
            return _refused(
                "ResourceNotFoundException", f"Event source {source_name} does not exist."
            )
        if source["State"] == "DELETED":
            return _refused("InvalidStateException", f"Event source {source_name} is deleted.")
        response = create_event_bus(request)
        if not failed(response):
            eventbridge._event_buses[name]["EventSourceName"] = source_name
            partner_event_sources.change_state(source, "ACTIVE")
        return response

    return create


def _releasing(delete_event_bus: _Operation) -> _Operation:
    def delete(request: Properties) -> object:
        name = request.get("Name")
        response = delete_event_bus(request)
        source = partner_event_sources.find(name)
        if source is not None and name not in eventbridge._event_buses:
            if source["State"] == "DELETED":
                # The customer was its last user.
                del eventbridge._partner_event_sources[name]
            else:
                partner_event_sources.change_state(source, "PENDING")
        return response

    return delete


def _sparing_partner_buses(put_events: Callable[..., object]) -> Callable[..., object]:
    def put(request: Properties, allow_aws_source: bool = False) -> object:
        entries = cast(list[Properties], request.get("Entries", []))
        accepted = [entry for entry in entries if not _is_for_partner_bus(entry)]
        if len(accepted) == len(entries):
            return put_events(request, allow_aws_source=allow_aws_source)
        response = put_events({**request, "Entries": accepted}, allow_aws_source=allow_aws_source)
        if failed(response):
            return response
        answer = content(response)
        answered = iter(cast(list[dict[str, str]], answer["Entries"]))
        refusal = {
            "ErrorCode": "NotAuthorizedForSourceException",
            "ErrorMessage": "Not authorized for the source.",
        }
        results = [refusal if _is_for_partner_bus(entry) else next(answered) for entry in entries]
        refused = len(entries) - len(accepted)
        return json_response(
            {
                "FailedEntryCount": cast(int, answer["FailedEntryCount"]) + refused,
                "Entries": results,
            }
        )

    return put


def _refusing_partner_buses(put_permission: _Operation) -> _Operation:
    def put(request: Properties) -> object:
        if _is_for_partner_bus(request):
            return _refused("ValidationException", "A partner event bus has no policy.")
        return put_permission(request)

    return put


def _is_for_partner_bus(entry: Properties) -> bool:
    name, _error = eventbridge._event_bus_name_from_ref(entry.get("EventBusName", "default"))
    return "EventSourceName" in (eventbridge._event_buses.get(name) or {})


def _create(logical_id: str, properties: Properties, stack_name: str) -> Resource:
    name = str(
        properties.get("Name") or provisioners._physical_name(stack_name, logical_id, max_len=256)
    )
    request = {key: properties[key] for key in _PASSED_ON if key in properties}
    response = eventbridge._create_event_bus({"Name": name, **request})
    return name, {"Arn": require_success(TYPE_NAME, response)["EventBusArn"], "Name": name}


def _refused(code: str, message: str) -> object:
    return error_response_json(code, message, 400)
