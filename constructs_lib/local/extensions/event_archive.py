"""Upstream gap: MiniStack archives and replays, but CloudFormation cannot make the archive.

``AWS::Events::Archive``: ``Ref`` is the archive's name, ``Arn`` an attribute; ``ArchiveName`` and
``SourceArn`` are create-only, so a new value replaces the archive.
Source: AWS CloudFormation resource reference, AWS::Events::Archive (read 2026-11-23).
"""

import json

from ministack.services import eventbridge
from ministack.services.cloudformation import provisioners

from constructs_lib.local.extensions.answers import Properties, Resource, require_success

TYPE_NAME = "AWS::Events::Archive"
_NAME_MAX_CHARACTERS = 48


def register() -> None:
    """Teach CloudFormation the type."""
    provisioners._RESOURCE_HANDLERS[TYPE_NAME] = {
        "create": _create,
        "update": _update,
        "delete": _delete,
    }
    provisioners._REPLACING_PROPERTIES[TYPE_NAME] = ("ArchiveName", "SourceArn")
    # A name of the user's own forbids a replacement under the same name, as on AWS.
    provisioners._CUSTOM_NAME_REPLACEMENT[TYPE_NAME] = {"name": "ArchiveName"}


def _create(logical_id: str, properties: Properties, stack_name: str) -> Resource:
    name = str(
        properties.get("ArchiveName")
        or provisioners._physical_name(stack_name, logical_id, max_len=_NAME_MAX_CHARACTERS)
    )
    request = {
        "ArchiveName": name,
        "EventSourceArn": properties["SourceArn"],
        **_mutable(properties),
    }
    return _resource(eventbridge._create_archive(request), name)


def _update(physical_id: str, _old: Properties, new: Properties, _stack_name: str) -> Resource:
    request = {"ArchiveName": physical_id, **_mutable(new)}
    return _resource(eventbridge._update_archive(request), physical_id)


def _delete(physical_id: str, _properties: Properties) -> None:
    # An archive that is already gone is what the caller wanted.
    eventbridge._delete_archive({"ArchiveName": physical_id})


def _mutable(properties: Properties) -> Properties:
    """The properties that an update may change; a dropped one returns to its default."""
    pattern = properties.get("EventPattern", "")
    return {
        "Description": properties.get("Description", ""),
        # CloudFormation takes an object here, the service API its JSON text.
        "EventPattern": pattern if isinstance(pattern, str) else json.dumps(pattern),
        "RetentionDays": int(str(properties.get("RetentionDays", 0))),
        "KmsKeyIdentifier": properties.get("KmsKeyIdentifier", ""),
    }


def _resource(response: object, name: str) -> Resource:
    return name, {"Arn": require_success(TYPE_NAME, response)["ArchiveArn"]}
