"""Read workflows (Amazon States Language) out of a synthesized CloudFormation template.

Nothing here starts Node or calls AWS: a template is a dictionary.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from constructs_lib.templates.intrinsics import Renderer, Unrenderable, substituted
from constructs_lib.templates.json_value import JsonValue

_STATE_MACHINE_TYPE = "AWS::StepFunctions::StateMachine"
_PSEUDO_PARAMETERS: Mapping[str, str] = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::URLSuffix": "amazonaws.com",
}


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
    renderer = Renderer(_Values({**_PSEUDO_PARAMETERS, **substitutions}, placeholders))
    try:
        definition = properties.get("Definition")
        if definition is not None:
            text = json.dumps(renderer.tree(definition))
        elif "DefinitionString" in properties:
            text = renderer.text(properties["DefinitionString"])
        else:
            raise WorkflowTemplateError(
                f"state machine {logical_id!r} must carry its definition in the template, got "
                f"{sorted(properties)}; use DefinitionBody.from_chainable or from_string instead "
                "of a file asset"
            )
        values = _mapping(properties.get("DefinitionSubstitutions"))
        text = substituted(text, {name: renderer.text(value) for name, value in values.items()})
    except Unrenderable as reason:
        raise WorkflowTemplateError(f"definition part {reason}") from reason
    return _parsed(text, logical_id)


class _Values:
    """Takes references from the caller's values."""

    def __init__(self, values: Mapping[str, str], placeholders: bool) -> None:
        self._values = values
        self._placeholders = placeholders

    def value(self, function: str, reference: str) -> str:
        if reference in self._values:
            return self._values[reference]
        if self._placeholders:
            return f"${{{reference}}}"
        raise WorkflowTemplateError(
            f"substitutions must have a value for {function} {reference!r}, got none; "
            f"pass substitutions={{{reference!r}: ...}}, or placeholders=True for reading"
        )

    def function(self, name: str, argument: JsonValue) -> str:  # noqa: ARG002 - the name is enough
        raise WorkflowTemplateError(
            f"definition must be built from text, Ref, Fn::GetAtt, Fn::ImportValue, "
            f"Fn::GetStackOutput, Fn::Join and Fn::Sub, got {name}; "
            "pass the value into the workflow in one of these forms"
        )


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


def _mapping(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, Mapping) else {}
