"""The statements of every role, from inline, attached and managed policies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from constructs_lib.insight.model import JsonValue, Note, Place, Statement
from constructs_lib.insight.reading import Reading, items, mapping

_POLICIES = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")


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
