"""The statements of every role, from inline, attached and managed policies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeGuard

from constructs_lib.insight.model import Note, Place, ResourcePolicy, Statement
from constructs_lib.insight.reading import Reading, items, mapping
from constructs_lib.templates.intrinsics import is_intrinsic
from constructs_lib.templates.json_value import JsonValue

_POLICIES = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")


#: Types of resource policies, and the properties that name what they are for.
_RESOURCE_POLICIES: Mapping[str, tuple[str, ...]] = {
    "AWS::Events::EventBusPolicy": ("EventBusName",),
    "AWS::Lambda::Permission": ("FunctionName",),
    "AWS::SNS::TopicInlinePolicy": ("TopicArn",),
    "AWS::SNS::TopicPolicy": ("Topics",),
    "AWS::SQS::QueueInlinePolicy": ("Queue",),
    "AWS::SQS::QueuePolicy": ("Queues",),
}


def read_resource_policies(reading: Reading) -> tuple[ResourcePolicy, ...]:
    """All policies of queues, topics, functions and buses, permissions of functions among them."""
    found = []
    for _, resource in reading.of_type(*_RESOURCE_POLICIES):
        properties = reading.structure(resource)
        named: list[JsonValue] = []
        for name in _RESOURCE_POLICIES[resource.type]:
            value = properties.get(name)
            named += value if isinstance(value, list) else [] if value is None else [value]
        found.append(
            ResourcePolicy(
                resource=resource,
                on=tuple(reading.reference(resource, one) for one in named),
                principals=tuple(_principals(reading, resource.place.stack, properties)),
            )
        )
    return tuple(found)


def _principals(reading: Reading, stack: str, properties: Mapping[str, JsonValue]) -> Iterator[str]:
    holders: list[JsonValue] = [properties.get("Statement"), properties]
    for document in (properties.get("PolicyDocument"), properties.get("Policy")):
        statements = mapping(document).get("Statement")
        holders += statements if isinstance(statements, list) else [statements]
    for holder in holders:
        statement = mapping(holder)
        principal = statement.get("Principal")
        if principal is None or statement.get("Effect", "Allow") != "Allow":
            continue
        kinds = principal.values() if _is_by_kind(principal) else [principal]
        for kind in kinds:
            for one in kind if isinstance(kind, list) else [kind]:
                yield reading.text(stack, one)


def _is_by_kind(principal: JsonValue) -> TypeGuard[Mapping[str, JsonValue]]:
    return isinstance(principal, Mapping) and not is_intrinsic(principal)


def read_statements(reading: Reading) -> tuple[Statement, ...]:
    """All statements; each names the key of the role that it gives something to."""
    return tuple(_statements(reading))


def _statements(reading: Reading) -> Iterator[Statement]:
    managed = {
        key: resource
        for key, resource in reading.resources.items()
        if resource.type == "AWS::IAM::ManagedPolicy"
    }
    for key, resource in reading.of_type("AWS::IAM::Role"):
        properties = reading.structure(resource)
        for policy in items(properties.get("Policies")):
            document = mapping(mapping(policy).get("PolicyDocument"))
            yield from _of_document(reading, key, document, resource.place)
        for arn in items(properties.get("ManagedPolicyArns")):
            reference = reading.reference(resource, arn)
            if reference.key in managed:
                policy_resource = managed[reference.key]
                document = mapping(reading.structure(policy_resource).get("PolicyDocument"))
                yield from _of_document(reading, key, document, policy_resource.place)
                continue
            yield Statement(
                role=key,
                effect="Allow",
                actions=(),
                resources=(),
                conditions={},
                place=resource.place,
                managed_policy=reference.text,
            )
    for type_ in _POLICIES:
        for _, resource in reading.of_type(type_):
            properties = reading.structure(resource)
            roles = [*items(properties.get("Roles")), properties.get("RoleName")]
            for role in roles:
                role_key = reading.reference(resource, role).key if role else None
                if role_key:
                    document = mapping(properties.get("PolicyDocument"))
                    yield from _of_document(reading, role_key, document, resource.place)


def _of_document(
    reading: Reading, role: str, document: Mapping[str, JsonValue], place: Place
) -> Iterator[Statement]:
    statements = document.get("Statement")
    for one in [statements] if isinstance(statements, Mapping) else items(statements):
        statement = mapping(one)
        if not statement:
            reading.notes.append(
                Note(place=place, text="a policy has a statement that is no object")
            )
            continue
        actions, all_but_actions = _either(statement, "Action")
        resources, all_but_resources = _either(statement, "Resource")
        conditions = reading.tree(place.stack, statement.get("Condition"))
        yield Statement(
            role=role,
            effect=str(statement.get("Effect", "Allow")),
            actions=tuple(reading.text(place.stack, action) for action in actions),
            resources=tuple(
                reading.references.reference(place.stack, resource) for resource in resources
            ),
            conditions=mapping(conditions),
            place=place,
            all_but_actions=all_but_actions,
            all_but_resources=all_but_resources,
        )


def _either(statement: Mapping[str, JsonValue], name: str) -> tuple[list[JsonValue], bool]:
    value = statement.get(name, statement.get(f"Not{name}"))
    values: list[JsonValue] = [value]
    if value is None or isinstance(value, list):
        values = list(value or ())
    return values, name not in statement and f"Not{name}" in statement
