"""Upstream gap: SES keeps templates of mails, but CloudFormation cannot make them.

``AWS::SES::Template``: ``Ref`` and ``Id`` are the template's name, which is create-only.
Source: AWS CloudFormation resource reference, AWS::SES::Template (read 2026-11-27).
"""

from collections.abc import Callable, Mapping
from typing import cast

from ministack.services import ses
from ministack.services.cloudformation import provisioners

from constructs_lib.local.extensions.answers import Answer, Properties, Resource, failed

TYPE_NAME = "AWS::SES::Template"
_NAME_MAX_CHARACTERS = 64
_PARTS = ("SubjectPart", "TextPart", "HtmlPart")

_Handler = Callable[[Mapping[str, list[str]]], object]


def register() -> None:
    """Teach CloudFormation the type."""
    provisioners._RESOURCE_HANDLERS[TYPE_NAME] = {
        "create": _create,
        "update": _update,
        "delete": _delete,
    }


def _create(logical_id: str, properties: Properties, stack_name: str) -> Resource:
    given = _template(properties).get("TemplateName")
    name = given or provisioners._physical_name(
        stack_name, logical_id, max_len=_NAME_MAX_CHARACTERS
    )
    return _put(ses._create_template, str(name), properties)


def _update(physical_id: str, _old: Properties, new: Properties, stack_name: str) -> Resource:
    name = str(_template(new).get("TemplateName", physical_id))
    if name != physical_id:
        # The name stands in a nested property, which MiniStack's table of them cannot name.
        made = _create("", new, stack_name)
        _delete(physical_id, new)
        return made
    return _put(ses._update_template, name, new)


def _delete(physical_id: str, _properties: Properties) -> None:
    # One that is already gone is what the caller wanted.
    ses._delete_template({"TemplateName": [physical_id]})


def _put(handler: _Handler, name: str, properties: Properties) -> Resource:
    parts = {part: str(_template(properties).get(part, "")) for part in _PARTS}
    request = {"TemplateName": name, **parts}
    response = handler({f"Template.{key}": [value] for key, value in request.items()})
    if failed(response):
        raise ValueError(f"{TYPE_NAME}: {cast(Answer, response)[2].decode()}")
    return name, {"Id": name}


def _template(properties: Properties) -> Properties:
    return cast(Properties, properties.get("Template") or {})
