"""Reading alarms out of a template."""

from typing import Any

from aws_cdk import CfnResource
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk.assertions import Template


def properties(template: Template, alarm: cloudwatch.Alarm) -> dict[str, Any]:
    """The template's properties of one alarm."""
    resource = alarm.node.default_child
    assert isinstance(resource, CfnResource)
    logical_id = alarm.stack.resolve(resource.logical_id)
    found: dict[str, Any] = template.to_json()["Resources"][logical_id]["Properties"]
    return found


def dimensions(template: Template, alarm: cloudwatch.Alarm) -> dict[str, object]:
    """The dimensions of one alarm's metric."""
    return {
        dimension["Name"]: dimension["Value"]
        for dimension in properties(template, alarm)["Dimensions"]
    }
