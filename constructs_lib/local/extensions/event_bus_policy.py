"""Upstream gap: a bus policy can be put through the API, but not by CloudFormation.

``AWS::Events::EventBusPolicy``: one statement, either given whole (``Statement``) or as ``Action``
and ``Principal``; ``Ref`` is the statement's id on the bus. As the rest of MiniStack, nothing
enforces it: it can be read back with DescribeEventBus.
Source: AWS CloudFormation resource reference, AWS::Events::EventBusPolicy (read 2026-11-23).
"""

from typing import cast

from ministack.services import eventbridge
from ministack.services.cloudformation import provisioners

from constructs_lib.local.extensions.answers import Properties, Resource, require_success

TYPE_NAME = "AWS::Events::EventBusPolicy"


def register() -> None:
    """Teach CloudFormation the type."""
    provisioners._RESOURCE_HANDLERS[TYPE_NAME] = {
        "create": _create,
        "update": _update,
        "delete": _delete,
    }
    provisioners._REPLACING_PROPERTIES[TYPE_NAME] = ("EventBusName", "StatementId")


def _create(_logical_id: str, properties: Properties, _stack_name: str) -> Resource:
    statement_id = str(properties["StatementId"])
    bus_name = _bus_name(properties)
    if bus_name != "default" and bus_name not in eventbridge._event_buses:
        raise ValueError(f"{TYPE_NAME}: ResourceNotFoundException: Event bus {bus_name} not found")
    request = {"EventBusName": bus_name, "StatementId": statement_id}
    for name in ("Action", "Principal", "Condition"):
        if name in properties:
            request[name] = cast(str, properties[name])
    require_success(TYPE_NAME, eventbridge._put_permission(request))
    if "Statement" in properties:
        # PutPermission has just made a statement of that id; the whole one replaces it.
        whole = dict(cast(Properties, properties["Statement"]))
        statements = eventbridge._event_bus_policies[bus_name]["Statement"]
        statements[-1] = {**whole, "Sid": statement_id}
    return statement_id, {}


def _update(physical_id: str, old: Properties, new: Properties, stack_name: str) -> Resource:
    _delete(physical_id, old)
    return _create(physical_id, new, stack_name)


def _delete(physical_id: str, properties: Properties) -> None:
    eventbridge._remove_permission(
        {"EventBusName": _bus_name(properties), "StatementId": physical_id}
    )


def _bus_name(properties: Properties) -> str:
    name, error = eventbridge._event_bus_name_from_ref(properties.get("EventBusName", "default"))
    if error:
        raise ValueError(f"{TYPE_NAME}: {error[0]}: {error[1]}")
    return str(name)
