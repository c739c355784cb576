"""Upstream gap: CloudFormation makes no API destination.

``AWS::Events::Connection`` and ``AWS::Events::ApiDestination``: MiniStack has the API of both, and
calls the endpoint with the connection's credentials. ``Ref`` is the name. What becomes of the call,
``event_delivery_http`` sees to.

Source: AWS::Events::Connection, AWS::Events::ApiDestination (read 2026-11-23).
"""

from collections.abc import Callable, Mapping

from ministack.services import eventbridge
from ministack.services.cloudformation import provisioners

from constructs_lib.local.extensions.answers import Properties, Resource, require_success

CONNECTION = "AWS::Events::Connection"
API_DESTINATION = "AWS::Events::ApiDestination"
_NAME_MAX_CHARACTERS = 64
_MUTABLE = {
    CONNECTION: ("AuthorizationType", "AuthParameters", "Description"),
    API_DESTINATION: ("ConnectionArn", "InvocationEndpoint", "HttpMethod", "Description"),
}


def register() -> None:
    """Teach CloudFormation both types."""
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
