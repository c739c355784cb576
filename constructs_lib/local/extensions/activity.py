"""Upstream gap: Step Functions has activities, but CloudFormation cannot make them.

``AWS::StepFunctions::Activity``: ``Ref`` and ``Arn`` are the ARN; the name is create-only.
Source: AWS CloudFormation resource reference, AWS::StepFunctions::Activity (read 2026-11-27).
"""

from ministack.services import stepfunctions
from ministack.services.cloudformation import provisioners

from constructs_lib.local.extensions.answers import Properties, Resource, require_success

TYPE_NAME = "AWS::StepFunctions::Activity"
_NAME_MAX_CHARACTERS = 80


def register() -> None:
    """Teach CloudFormation the type."""
    provisioners._RESOURCE_HANDLERS[TYPE_NAME] = {
        "create": _create,
        "update": _update,
        "delete": _delete,
    }
    provisioners._REPLACING_PROPERTIES[TYPE_NAME] = ("Name", "EncryptionConfiguration")
    provisioners._CUSTOM_NAME_REPLACEMENT[TYPE_NAME] = {"name": "Name"}


def _create(logical_id: str, properties: Properties, stack_name: str) -> Resource:
    name = str(
        properties.get("Name")
        or provisioners._physical_name(stack_name, logical_id, max_len=_NAME_MAX_CHARACTERS)
    )
    request = {"name": name, "tags": provisioners._sfn_tags(properties)}
    made = require_success(TYPE_NAME, stepfunctions._create_activity(request))
    return _resource(str(made["activityArn"]))


def _update(physical_id: str, _old: Properties, new: Properties, _stack_name: str) -> Resource:
    stepfunctions._tags[physical_id] = provisioners._sfn_tags(new)
    return _resource(physical_id)


def _delete(physical_id: str, _properties: Properties) -> None:
    # One that is already gone is what the caller wanted.
    stepfunctions._delete_activity({"activityArn": physical_id})


def _resource(arn: str) -> Resource:
    return arn, {"Arn": arn, "Name": arn.rsplit(":", 1)[-1]}
