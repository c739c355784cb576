"""Secrets and parameters that templates read, and that nothing in them makes.

CloudFormation looks them up while it deploys: by dynamic references (``{{resolve:ssm:…}}``,
``{{resolve:secretsmanager:…}}``) and by parameters of the types ``AWS::SSM::Parameter::Value<…>``.
Source: CloudFormation user guide, "Get values stored in other services using dynamic references"
and "Specify existing resources at runtime with CloudFormation-supplied parameter types" (read
2026-11-27).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from constructs_lib.local.deployment.assembly import AssembledStack, path_in_template
from constructs_lib.local.deployment.places import Place
from constructs_lib.templates.intrinsics import Renderer, Unrenderable, is_intrinsic
from constructs_lib.templates.json_value import JsonValue

_REFERENCE = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^}]*)\}\}")
_TYPED = "AWS::SSM::Parameter::Value<"
_LISTS = ("List<", "CommaDelimitedList")
#: In the place of what only a deployment tells, as the ARN of a secret that the template makes.
_UNKNOWN = "\0"
_ENDING = re.compile(r"-[A-Za-z0-9]{6}$")
_MAKERS = {"AWS::SSM::Parameter": "ssm", "AWS::SecretsManager::Secret": "secretsmanager"}


@dataclass(frozen=True, kw_only=True)
class OutsideValue:
    """One that a template reads.

    Attributes:
        service: Where it is kept.
        name: Its name or ARN there.
        stack: The name of the stack that reads it.
        version: Of a parameter; 0 for the newest.
        key: Of a secret that is a JSON object; empty for all of it.
        kind: The type of the parameter that is to be made; of no account for secrets.
        reader: Logical id of the resource or parameter that reads it; ``reader_type`` its type.
        path: The construct's path of the reader, its logical id where nothing says the path.
    """

    service: Literal["ssm", "secretsmanager"]
    name: str
    stack: str
    reader: str
    reader_type: str
    path: str
    version: int = 0
    key: str = ""
    kind: Literal["String", "StringList", "SecureString"] = "String"

    @property
    def short_name(self) -> str:
        """The name, also where a secret's ARN is read, with the six letters that AWS adds."""
        return self.name.rpartition(":secret:")[2]

    def is_called(self, name: str) -> bool:
        """Whether people may call it so: by its ARN, or its name with or without those letters."""
        if self.name == self.short_name:
            return name == self.name
        return name in (self.name, self.short_name, _ENDING.sub("", self.short_name))

    def __str__(self) -> str:
        if self.service == "secretsmanager":
            return f"the secret {self.short_name}" + (f" with a key {self.key}" if self.key else "")
        version = f" in version {self.version}" if self.version else ""
        return f"the SSM parameter {self.name}{version}"


def outside_values(
    stacks: Iterable[tuple[AssembledStack, Place]], parameters: Mapping[str, str]
) -> list[tuple[Place, OutsideValue]]:
    """What the templates of stacks read and none of them makes, each with where it is looked up.

    A resource with a condition may never be made, and is left to the deployment.

    Args:
        parameters: Values by parameter, or by ``Stack:Parameter``, as ``deploy`` takes them.
    """
    read: list[tuple[Place, OutsideValue]] = []
    made: set[tuple[str, str]] = set()
    for stack, place in stacks:
        for template in stack.templates():
            given = parameters if template is stack.template else {}
            renderer = Renderer(_Values(stack, place, template, given))
            made |= set(_made(template, renderer))
            read += [(place, each) for each in _typed(stack, template, given)]
            read += [(place, each) for each in _referred_to(stack, template, renderer)]
    return [(place, each) for place, each in read if (each.service, each.short_name) not in made]


class _Values:
    """References, as far as they are known before a deployment."""

    def __init__(
        self,
        stack: AssembledStack,
        place: Place,
        template: Mapping[str, Any],
        given: Mapping[str, str],
    ) -> None:
        self._pseudo = {
            "AWS::Partition": "aws",
            "AWS::Region": place.region,
            "AWS::AccountId": place.account_id,
            "AWS::StackName": stack.name,
        }
        self._stack = stack
        self._declared = template.get("Parameters", {})
        self._given = given

    def value(self, _function: str, reference: str) -> str:
        """The value of a parameter or pseudo parameter; what stands for all others."""
        declared = self._declared.get(reference)
        if declared is None or str(declared.get("Type")).startswith(_TYPED):
            return self._pseudo.get(reference, _UNKNOWN)
        return _value_of(self._stack, reference, declared, self._given) or _UNKNOWN

    def function(self, _name: str, _argument: JsonValue) -> str:
        """What stands for it."""
        return _UNKNOWN


def _value_of(
    stack: AssembledStack, name: str, declared: Mapping[str, Any], given: Mapping[str, str]
) -> str:
    value = given.get(f"{stack.name}:{name}", given.get(name, stack.parameters.get(name)))
    return str(declared.get("Default", "") if value is None else value)


def _typed(
    stack: AssembledStack, template: Mapping[str, Any], given: Mapping[str, str]
) -> Iterator[OutsideValue]:
    """Those of parameters; the bootstrap's version is seen to elsewhere."""
    for id_, declared in template.get("Parameters", {}).items():
        type_ = str(declared.get("Type"))
        name = _value_of(stack, id_, declared, given)
        if type_.startswith(_TYPED) and name and name not in stack.bootstrap:
            yield OutsideValue(
                service="ssm",
                name=name,
                kind="StringList" if type_.removeprefix(_TYPED).startswith(_LISTS) else "String",
                stack=stack.name,
                reader=id_,
                reader_type=type_,
                path=f"{stack.name}:{id_}",
            )


def _referred_to(
    stack: AssembledStack, template: Mapping[str, Any], renderer: Renderer
) -> Iterator[OutsideValue]:
    for id_, resource in template.get("Resources", {}).items():
        if "Condition" in resource:
            continue
        for text in _texts(resource.get("Properties"), renderer):
            for service, body in _REFERENCE.findall(text):
                if _UNKNOWN in body:
                    continue
                name, version, key = _parts(service, body)
                yield OutsideValue(
                    service="secretsmanager" if service == "secretsmanager" else "ssm",
                    name=name,
                    version=version,
                    key=key,
                    kind="SecureString" if service == "ssm-secure" else "String",
                    stack=stack.name,
                    reader=id_,
                    reader_type=resource["Type"],
                    path=path_in_template(resource) or stack.path_of(id_),
                )


def _texts(part: JsonValue, renderer: Renderer) -> Iterator[str]:
    """All texts with a dynamic reference in them, put together where they are in pieces."""
    if isinstance(part, str):
        if "{{resolve:" in part:
            yield part
    elif is_intrinsic(part) and "{{resolve:" in repr(part):
        try:
            yield renderer.text(part)
        except Unrenderable:  # CloudFormation says what is wrong with it
            return
    elif isinstance(part, Mapping):
        for value in part.values():
            yield from _texts(value, renderer)
    elif isinstance(part, list):
        for value in part:
            yield from _texts(value, renderer)


def _parts(service: str, body: str) -> tuple[str, int, str]:
    """Name, version and key of what a reference says after its service."""
    parts = body.split(":")
    if service != "secretsmanager":
        version = parts[-1] if len(parts) > 1 and parts[-1].isdecimal() else ""
        return body.removesuffix(f":{version}") if version else body, int(version or 0), ""
    length = 7 if body.startswith("arn:") else 1
    more = [*parts[length:], "", ""]
    return ":".join(parts[:length]), 0, more[1]


def _made(template: Mapping[str, Any], renderer: Renderer) -> Iterator[tuple[str, str]]:
    """Secrets and parameters that a template makes under names that are known before."""
    for resource in template.get("Resources", {}).values():
        service = _MAKERS.get(resource["Type"])
        name = (resource.get("Properties") or {}).get("Name")
        if service and name is not None:
            try:
                yield service, renderer.text(name)
            except Unrenderable:
                continue
