"""What can be known to fail before anything is made, all of it at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from constructs_lib.local.deployment.assembly import AssembledStack, path_in_template
from constructs_lib.local.deployment.errors import DeployError, Failure
from constructs_lib.local.deployment.places import Place, Places
from constructs_lib.local.deployment.planned_stack import PlannedStack
from constructs_lib.local.deployment.preflight_values import missing_values
from constructs_lib.local.deployment.preflight_workflows import refused_workflows

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef, StackTypeDef

_UNKNOWN_TYPES = re.compile(r"Unrecognized resource types: \[(.*?)\]")


def plan(
    stacks: Sequence[AssembledStack], places: Places, parameters: Mapping[str, str]
) -> list[PlannedStack]:
    """Check all stacks, make nothing.

    Raises:
        DeployError: An asset needs a program, a parameter is missing or unknown, a resource type
            is not supported, or a secret or SSM parameter that a template reads is not there.
    """
    _require_plain_assets(stacks)
    _require_known_parameters(stacks, parameters)
    planned = [_planned(stack, places.of(stack), parameters) for stack in stacks]
    missing = [
        f"{each.stack.name}:{name}"
        for each in planned
        for name in _missing_parameters(each.stack, each.parameters)
    ]
    if missing:
        raise DeployError(
            f"parameters must have values, missing: {', '.join(missing)}; "
            f"pass parameters={{{missing[0]!r}: ...}}"
        )
    unsupported = [failure for each in planned for failure in _unsupported_types(each)]
    if unsupported:
        raise DeployError(
            f"resources must be of types that AWS supports here, {len(unsupported)} are not; "
            "nothing was created; leave them out of what is deployed here",
            failures=unsupported,
        )
    if refused := [failure for each in planned for failure in refused_workflows(each)]:
        raise DeployError(
            f"workflows must have definitions that run here, {len(refused)} have not; "
            "nothing was created; correct them, or mock their tasks",
            failures=refused,
        )
    if absent := list(missing_values(planned, parameters)):
        raise DeployError(
            f"secrets and SSM parameters that templates read must exist, {len(absent)} do not; "
            "nothing was created; give duet up --secret NAME=VALUE and --ssm NAME=VALUE, tests "
            "@pytest.mark.duet(secrets={...}, ssm={...}), or make them in the account first",
            failures=absent,
        )
    return planned


def _require_plain_assets(stacks: Sequence[AssembledStack]) -> None:
    found = [f"{stack.name}: {name}" for stack in stacks for name in stack.unsupported_assets]
    if found:
        raise DeployError(
            f"assets must be files or folders, got {'; '.join(found)}; nothing was created; "
            "deploy these with the CDK CLI to a real account"
        )


def _require_known_parameters(
    stacks: Sequence[AssembledStack], parameters: Mapping[str, str]
) -> None:
    known = {
        key
        for stack in stacks
        for name in stack.template.get("Parameters", {})
        for key in (name, f"{stack.name}:{name}")
    }
    if unknown := sorted(parameters.keys() - known):
        raise DeployError(
            f"parameters must be declared by a stack, got {', '.join(unknown)}; "
            f"declared are: {', '.join(sorted(key for key in known if ':' not in key)) or 'none'}"
        )


def _planned(stack: AssembledStack, place: Place, given: Mapping[str, str]) -> PlannedStack:
    existing = describe(place, stack.name)
    before = {} if existing is None else {p["ParameterKey"]: p for p in existing["Parameters"]}
    values: list[ParameterTypeDef] = []
    for name in stack.template.get("Parameters", {}):
        value = given.get(f"{stack.name}:{name}", given.get(name, stack.parameters.get(name)))
        if value is not None:
            values.append({"ParameterKey": name, "ParameterValue": value})
        elif name in before:
            values.append({"ParameterKey": name, "UsePreviousValue": True})
    return PlannedStack(stack=stack, place=place, existing=existing, parameters=tuple(values))


def describe(place: Place, stack: str) -> StackTypeDef | None:
    """A stack as it stands, None if there is none of the name."""
    from botocore.exceptions import ClientError

    try:
        found: StackTypeDef = place.cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return found


def _missing_parameters(
    stack: AssembledStack, parameters: Sequence[ParameterTypeDef]
) -> Iterator[str]:
    has_value = {each.get("ParameterKey") for each in parameters}
    for name, declared in stack.template.get("Parameters", {}).items():
        if "Default" not in declared and name not in has_value:
            yield name


def _unsupported_types(planned: PlannedStack) -> Iterator[Failure]:
    stack = planned.stack
    for template in stack.templates():
        unknown = _unknown_types(planned, template)
        for logical_id, resource in template["Resources"].items():
            if resource["Type"] in unknown:
                path = path_in_template(resource)
                yield Failure(
                    stack=stack.name,
                    resource=logical_id,
                    path=path or stack.path_of(logical_id),
                    type=resource["Type"],
                    reason=f"{resource['Type']} is not supported",
                )


def _unknown_types(planned: PlannedStack, template: Mapping[str, Any]) -> set[str]:
    from botocore.exceptions import ClientError

    if "Transform" in template:  # says nothing of the types it makes
        return set()
    try:
        planned.place.cloudformation.validate_template(
            TemplateBody=json.dumps(_skeleton(template, planned.parameters))
        )
    except ClientError as error:
        # Whatever else is wrong with a skeleton, the change set of the whole template says better.
        if found := _UNKNOWN_TYPES.search(str(error)):
            return set(found[1].split(", "))
    return set()


def _skeleton(
    template: Mapping[str, Any], parameters: Sequence[ParameterTypeDef]
) -> dict[str, Any]:
    """The types of a template and what decides whether they are made, small enough to send."""
    resources = {
        (each["Type"], each.get("Condition")): {
            name: each[name] for name in ("Type", "Condition") if name in each
        }
        for each in template["Resources"].values()
    }
    skeleton: dict[str, Any] = {
        "Resources": {f"R{index}": each for index, each in enumerate(resources.values())}
    }
    if any("Condition" in each for each in resources.values()):
        values = {each.get("ParameterKey"): each.get("ParameterValue") for each in parameters}
        skeleton["Parameters"] = {
            name: {**declared, "Default": values.get(name) or declared.get("Default", "")}
            for name, declared in template.get("Parameters", {}).items()
        }
        skeleton["Mappings"] = template.get("Mappings", {})
        skeleton["Conditions"] = template["Conditions"]
    return skeleton
