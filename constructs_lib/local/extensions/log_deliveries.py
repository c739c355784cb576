"""Upstream gap: log deliveries can be made through the API, but not by CloudFormation.

``AWS::Logs::DeliverySource`` and ``…::DeliveryDestination``: ``Ref`` is the name, ``Arn`` an
attribute. ``AWS::Logs::Delivery``: ``Ref`` is the id. Names, a delivery's two ends and a
destination's resource and format are create-only. What is delivered over them stands in
``bus_logs``.
Source: AWS CloudFormation resource reference, AWS::Logs::DeliverySource, DeliveryDestination and
Delivery (read 2026-11-23).
"""

from typing import cast

from ministack.services import cloudwatch_logs
from ministack.services.cloudformation import provisioners

from constructs_lib.local.extensions.answers import Properties, Resource, require_success

SOURCE = "AWS::Logs::DeliverySource"
DESTINATION = "AWS::Logs::DeliveryDestination"
DELIVERY = "AWS::Logs::Delivery"


def register() -> None:
    """Teach CloudFormation the three types."""
    provisioners._RESOURCE_HANDLERS[SOURCE] = {
        "create": _create_source,
        "update": _update_source,
        "delete": _delete_source,
    }
    provisioners._RESOURCE_HANDLERS[DESTINATION] = {
        "create": _create_destination,
        "update": _update_destination,
        "delete": _delete_destination,
    }
    provisioners._RESOURCE_HANDLERS[DELIVERY] = {
        "create": _create_delivery,
        "update": _update_delivery,
        "delete": _delete_delivery,
    }
    provisioners._REPLACING_PROPERTIES[SOURCE] = ("Name",)
    provisioners._REPLACING_PROPERTIES[DESTINATION] = (
        "Name",
        "OutputFormat",
        "DestinationResourceArn",
        "DeliveryDestinationType",
    )
    provisioners._REPLACING_PROPERTIES[DELIVERY] = (
        "DeliverySourceName",
        "DeliveryDestinationArn",
    )
    provisioners._CUSTOM_NAME_REPLACEMENT[SOURCE] = {"name": "Name"}
    provisioners._CUSTOM_NAME_REPLACEMENT[DESTINATION] = {"name": "Name"}


def _create_source(_logical_id: str, properties: Properties, _stack_name: str) -> Resource:
    name = properties["Name"]
    response = cloudwatch_logs._put_delivery_source(
        {
            "name": name,
            "resourceArn": properties.get("ResourceArn"),
            "logType": properties.get("LogType"),
            "tags": provisioners._tag_map(properties.get("Tags")),
        }
    )
    source = cast(Properties, require_success(SOURCE, response)["deliverySource"])
    return str(name), {"Arn": source["arn"]}


def _update_source(_id: str, _old: Properties, new: Properties, stack_name: str) -> Resource:
    # The API's one call both makes and changes.
    return _create_source("", new, stack_name)


def _delete_source(physical_id: str, _properties: Properties) -> None:
    cloudwatch_logs._delete_delivery_source({"name": physical_id})


def _create_destination(_logical_id: str, properties: Properties, _stack_name: str) -> Resource:
    name = properties["Name"]
    request = {
        "name": name,
        "deliveryDestinationConfiguration": {
            "destinationResourceArn": properties.get("DestinationResourceArn")
        },
        "tags": provisioners._tag_map(properties.get("Tags")),
    }
    if "OutputFormat" in properties:
        request["outputFormat"] = properties["OutputFormat"]
    response = cloudwatch_logs._put_delivery_destination(request)
    destination = cast(Properties, require_success(DESTINATION, response)["deliveryDestination"])
    return str(name), {"Arn": destination["arn"]}


def _update_destination(_id: str, _old: Properties, new: Properties, stack_name: str) -> Resource:
    return _create_destination("", new, stack_name)


def _delete_destination(physical_id: str, _properties: Properties) -> None:
    cloudwatch_logs._delete_delivery_destination({"name": physical_id})


def _create_delivery(_logical_id: str, properties: Properties, _stack_name: str) -> Resource:
    response = cloudwatch_logs._create_delivery(
        {
            "deliverySourceName": properties.get("DeliverySourceName"),
            "deliveryDestinationArn": properties.get("DeliveryDestinationArn"),
            "recordFields": properties.get("RecordFields", []),
            "fieldDelimiter": properties.get("FieldDelimiter", ""),
            "tags": provisioners._tag_map(properties.get("Tags")),
        }
    )
    delivery = cast(Properties, require_success(DELIVERY, response)["delivery"])
    return str(delivery["id"]), _attributes(delivery)


def _update_delivery(
    physical_id: str, _old: Properties, new: Properties, _stack_name: str
) -> Resource:
    delivery = cloudwatch_logs._deliveries[physical_id]
    delivery["recordFields"] = new.get("RecordFields", [])
    delivery["fieldDelimiter"] = new.get("FieldDelimiter", "")
    delivery["tags"] = provisioners._tag_map(new.get("Tags"))
    return physical_id, _attributes(delivery)


def _delete_delivery(physical_id: str, _properties: Properties) -> None:
    cloudwatch_logs._delete_delivery({"id": physical_id})


def _attributes(delivery: Properties) -> dict[str, object]:
    return {
        "Arn": delivery["arn"],
        "DeliveryId": delivery["id"],
        "DeliveryDestinationType": delivery["deliveryDestinationType"],
    }
