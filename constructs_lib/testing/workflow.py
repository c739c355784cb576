"""Read workflows (Amazon States Language) out of a synthesized CloudFormation template.

Nothing here starts Node or calls AWS: a template is a dictionary.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

JsonValue: TypeAlias = (
    "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
)

_STATE_MACHINE_TYPE = "AWS::StepFunctions::StateMachine"
_PSEUDO_PARAMETERS: Mapping[str, str] = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::URLSuffix": "amazonaws.com",
}
_SUB_VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")


class WorkflowTemplateError(ValueError):
    """The template holds no such workflow, or one that cannot be read as it stands."""


def state_machine_ids(template: Mapping[str, JsonValue]) -> list[str]:
    """The logical ids of the template's state machines, in the template's order."""
    return [
        logical_id
        for logical_id, resource in _mapping(template.get("Resources")).items()
        if _mapping(resource).get("Type") == _STATE_MACHINE_TYPE
    ]


def state_machine_definition(
    template: Mapping[str, JsonValue],
    logical_id: str,
    *,
    substitutions: Mapping[str, str],
    placeholders: bool = False,
) -> dict[str, JsonValue]:
    """One state machine's definition, with its references replaced by values.

    Args:
        template: A synthesized template: ``Template.to_json()`` or a file in ``cdk.out``.
        logical_id: The state machine; ``state_machine_ids`` lists them.
        substitutions: Values by reference: ``LogicalId`` for ``Ref``, ``LogicalId.Arn`` for
            ``Fn::GetAtt``, the export's name for ``Fn::ImportValue``, ``StackName.OutputName`` for
            ``Fn::GetStackOutput`` (CDK's weak cross-stack reference). Account, region and partition
            default to 123456789012, us-east-1 and aws.
        placeholders: Write what is not given as ``${LogicalId.Arn}``: golden files read well.

    Raises:
        WorkflowTemplateError: No such state machine, an unresolved reference, or no readable JSON.
    """
    resource = _mapping(_mapping(template.get("Resources")).get(logical_id))
    if resource.get("Type") != _STATE_MACHINE_TYPE:
        known = ", ".join(state_machine_ids(template)) or "none"
        raise WorkflowTemplateError(
            f"logical_id must name a state machine of the template, got {logical_id!r}; "
            f"the template has: {known}"
        )
    properties = _mapping(resource.get("Properties"))
    resolver = _Resolver({**_PSEUDO_PARAMETERS, **substitutions}, placeholders)

    definition = properties.get("Definition")
    if definition is not None:
        text = json.dumps(resolver.tree(definition))
    elif "DefinitionString" in properties:
        text = resolver.text(properties["DefinitionString"])
    else:
        raise WorkflowTemplateError(
            f"state machine {logical_id!r} must carry its definition in the template, got "
            f"{sorted(properties)}; use DefinitionBody.from_chainable or from_string instead of "
            "a file asset"
        )
    # DefinitionSubstitutions are applied by CloudFormation to ${name} in the finished text.
    for name, value in _mapping(properties.get("DefinitionSubstitutions")).items():
        text = text.replace(f"${{{name}}}", _json_inner(resolver.text(value)))
    return _parsed(text, logical_id)


class _Resolver:
    """Replaces CloudFormation's intrinsic functions by known values."""

    def __init__(self, values: Mapping[str, str], placeholders: bool) -> None:
        self._values = values
        self._placeholders = placeholders

    def text(self, part: JsonValue) -> str:
        """What CloudFormation would put in place of ``part``."""
        if isinstance(part, str):
            return part
        if isinstance(part, bool):
            return str(part).lower()
        if isinstance(part, int | float):
            return str(part)
        function, argument = _intrinsic(part)
        match function:
            case "Ref":
                return self._value(_string(argument, function), function)
            case "Fn::GetAtt":
                return self._value(_dotted(argument, function), function)
            case "Fn::ImportValue":
                return self._value(self.text(argument), function)
            case "Fn::GetStackOutput":
                return self._value(self._stack_output(argument), function)
            case "Fn::Join":
                separator, parts = _pair(argument, function)
                return _string(separator, function).join(
                    self.text(item) for item in _sequence(parts, function)
                )
            case "Fn::Sub":
                return self._sub(argument)
        raise WorkflowTemplateError(
            f"definition must be built from text, Ref, Fn::GetAtt, Fn::ImportValue, "
            f"Fn::GetStackOutput, Fn::Join and Fn::Sub, got {function}; "
            "pass the value into the workflow in one of these forms"
        )

    def tree(self, part: JsonValue) -> JsonValue:
        """The same for the object form of a definition, where references stand at the leaves."""
        if isinstance(part, str) or part is None or isinstance(part, bool | int | float):
            return part
        if isinstance(part, Mapping):
            if len(part) == 1 and (key := next(iter(part))) and (key == "Ref" or "Fn::" in key):
                return self.text(part)
            return {key: self.tree(value) for key, value in part.items()}
        return [self.tree(item) for item in part]

    def _value(self, reference: str, function: str) -> str:
        if reference in self._values:
            return self._values[reference]
        if self._placeholders:
            return f"${{{reference}}}"
        raise WorkflowTemplateError(
            f"substitutions must have a value for {function} {reference!r}, got none; "
            f"pass substitutions={{{reference!r}: ...}}, or placeholders=True for reading"
        )

    def _stack_output(self, argument: JsonValue) -> str:
        """CDK's weak cross-stack reference: which stack, which output."""
        output = _mapping(argument)
        return f"{self.text(output.get('StackName', ''))}.{self.text(output.get('OutputName', ''))}"

    def _sub(self, argument: JsonValue) -> str:
        if isinstance(argument, str):
            template, local = argument, _mapping(None)
        else:
            first, second = _pair(argument, "Fn::Sub")
            template, local = _string(first, "Fn::Sub"), _mapping(second)

        def replace(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in local:
                return self.text(local[name])
            return self._value(name, "Fn::Sub")

        return _SUB_VARIABLE.sub(replace, template)


def _parsed(text: str, logical_id: str) -> dict[str, JsonValue]:
    try:
        definition = json.loads(text)
    except json.JSONDecodeError as error:
        raise WorkflowTemplateError(
            f"definition of {logical_id!r} must be JSON once resolved, got an error at character "
            f"{error.pos} ({error.msg}) near {text[max(0, error.pos - 20) : error.pos + 20]!r}; "
            "check for a substitution with quotes in it"
        ) from error
    if not isinstance(definition, dict):
        raise WorkflowTemplateError(
            f"definition of {logical_id!r} must be a JSON object, got {text[:40]!r}"
        )
    return definition


def _json_inner(text: str) -> str:
    return json.dumps(text)[1:-1]


def _intrinsic(part: JsonValue) -> tuple[str, JsonValue]:
    if isinstance(part, Mapping) and len(part) == 1:
        return next(iter(part.items()))
    raise WorkflowTemplateError(
        f"definition part must be text or one CloudFormation function, got {part!r}"
    )


def _mapping(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, Mapping) else {}


def _string(value: JsonValue, function: str) -> str:
    if not isinstance(value, str):
        raise WorkflowTemplateError(f"{function} must be given text, got {value!r}")
    return value


def _dotted(value: JsonValue, function: str) -> str:
    if isinstance(value, str):
        return value
    return ".".join(_string(item, function) for item in _sequence(value, function))


def _sequence(value: JsonValue, function: str) -> Sequence[JsonValue]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise WorkflowTemplateError(f"{function} must be given a list, got {value!r}")
    return value


def _pair(value: JsonValue, function: str) -> tuple[JsonValue, JsonValue]:
    items = _sequence(value, function)
    if len(items) != 2:
        raise WorkflowTemplateError(f"{function} must be given two items, got {value!r}")
    return items[0], items[1]
