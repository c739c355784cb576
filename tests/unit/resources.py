"""Looking at one resource of a template."""

from collections.abc import Mapping
from typing import Any

from aws_cdk.assertions import Template


def only(template: Template, type_name: str) -> Mapping[str, Any]:
    """The one resource of a type."""
    (found,) = template.find_resources(type_name).values()
    return found


def properties_of(template: Template, type_name: str) -> Mapping[str, Any]:
    """The properties of the one resource of a type."""
    properties: Mapping[str, Any] = only(template, type_name)["Properties"]
    return properties
