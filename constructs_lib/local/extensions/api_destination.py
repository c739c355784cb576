"""Upstream gaps: CloudFormation makes no API destination; what an API refuses is lost.

* ``AWS::Events::Connection`` and ``AWS::Events::ApiDestination``: MiniStack has the API of both,
  and calls the endpoint with the connection's credentials. ``Ref`` is the name.
* An API that answers with an error, or not at all: the event goes to the target's dead-letter
  queue.

Not emulated: the tries in between (401, 407, 409, 429, 5xx, no answer), so the queue gets at once
what AWS puts there after the last try; the rate limit; the states of a connection that authorizes.
Inference: the error codes by HTTP status; the user guide lists the codes alone.
Source: AWS::Events::Connection, AWS::Events::ApiDestination; EventBridge user guide, "API
destinations as targets" and "Using dead-letter queues" (read 2026-11-23).
"""

import contextvars
from collections.abc import Callable, Mapping
from typing import cast

from ministack.services import eventbridge
from ministack.services.cloudformation import provisioners

from constructs_lib.local.extensions.answers import Properties, Resource, require_success
from constructs_lib.local.extensions.event_delivery import Delivery, current_delivery, give_up

CONNECTION = "AWS::Events::Connection"
API_DESTINATION = "AWS::Events::ApiDestination"
_NAME_MAX_CHARACTERS = 64
_MUTABLE = {
    CONNECTION: ("AuthorizationType", "AuthParameters", "Description"),
    API_DESTINATION: ("ConnectionArn", "InvocationEndpoint", "HttpMethod", "Description"),
}

_Request = dict[str, object]
_Deliver = Callable[[str, _Request, object, object], None]


def register() -> None:
    """Teach CloudFormation both types and put the dead-letter queue behind the HTTP call."""
    _register_type(
        CONNECTION,
        create=eventbridge._create_connection,
        update=eventbridge._update_connection,
        delete=eventbridge._delete_connection,
    )
    _register_type(
        API_DESTINATION,
        create=eventbridge._create_api_destination,
        update=eventbridge._update_api_destination,
        delete=eventbridge._delete_api_destination,
    )
    eventbridge._build_api_destination_request = _with_delivery(
        eventbridge._build_api_destination_request
    )
    eventbridge._api_destination_send_sync = _with_status(eventbridge._api_destination_send_sync)
    eventbridge._deliver_to_api_destination = _with_dead_letter_queue(
        eventbridge._deliver_to_api_destination
    )


def _register_type(
    type_name: str,
    *,
    create: Callable[[Properties], object],
    update: Callable[[Properties], object],
    delete: Callable[[Properties], object],
) -> None:
    def create_resource(logical_id: str, properties: Properties, stack_name: str) -> Resource:
        name = str(
            properties.get("Name")
            or provisioners._physical_name(stack_name, logical_id, max_len=_NAME_MAX_CHARACTERS)
        )
        answer = require_success(type_name, create(_api_request(type_name, name, properties)))
        return name, _attributes(answer)

    def update_resource(
        physical_id: str, _old: Properties, new: Properties, _stack_name: str
    ) -> Resource:
        answer = require_success(type_name, update(_api_request(type_name, physical_id, new)))
        return physical_id, _attributes(answer)

    def delete_resource(physical_id: str, _properties: Properties) -> None:
        # One that is already gone is what the caller wanted.
        delete({"Name": physical_id})

    provisioners._RESOURCE_HANDLERS[type_name] = {
        "create": create_resource,
        "update": update_resource,
        "delete": delete_resource,
    }
    provisioners._REPLACING_PROPERTIES[type_name] = ("Name",)
    # A name of the user's own forbids a replacement under the same name, as on AWS.
    provisioners._CUSTOM_NAME_REPLACEMENT[type_name] = {"name": "Name"}


def _api_request(type_name: str, name: str, properties: Properties) -> dict[str, object]:
    """The service's request; a property that the template drops returns to its default."""
    request = {"Name": name, **{key: properties.get(key, "") for key in _MUTABLE[type_name]}}
    if type_name == API_DESTINATION:
        rate = properties.get("InvocationRateLimitPerSecond", 300)
        request["InvocationRateLimitPerSecond"] = int(str(rate))
    return request


def _attributes(answer: Mapping[str, object]) -> dict[str, object]:
    arn = answer.get("ConnectionArn") or answer.get("ApiDestinationArn")
    return {"Arn": arn, "ArnForPolicy": arn}


def _with_delivery(build: Callable[..., _Request]) -> Callable[..., _Request]:
    """Hand what is delivered, and in whose account and region, to the thread that calls."""

    def build_request(*arguments: object) -> _Request:
        here = contextvars.copy_context()
        return {**build(*arguments), "delivery": current_delivery.get(None), "context": here}

    return build_request


def _with_status(send: Callable[[_Request, object], int]) -> Callable[[_Request, object], int]:
    def send_and_remember(request: _Request, auth_headers: object) -> int:
        status = send(request, auth_headers)
        request["status"] = status
        return status

    return send_and_remember


def _with_dead_letter_queue(deliver: _Deliver) -> _Deliver:
    def deliver_or_give_up(
        name: str, request: _Request, connection: object, token_key: object
    ) -> None:
        deliver(name, request, connection, token_key)
        status = cast(int | None, request.get("status"))
        delivery = cast(Delivery | None, request["delivery"])
        # A pipe calls APIs as well; what it does with failures is its own affair.
        if delivery is None or (status is not None and 200 <= status < 300):
            return
        if status is None:
            code, message = "CONNECTION_FAILURE", "The endpoint gave no answer."
        else:
            code = "THROTTLING" if status == 429 else "ERROR_FROM_TARGET"
            message = f"The endpoint answered with HTTP status {status}."
        context = cast(contextvars.Context, request["context"])
        context.run(give_up, delivery, error_code=code, error_message=message)

    return deliver_or_give_up
