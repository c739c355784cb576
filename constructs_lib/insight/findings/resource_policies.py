"""Functions, queues and topics that do not let EventBridge in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from constructs_lib.insight.findings.finding import FindingRule, Hit
from constructs_lib.insight.model import Assembly, JsonValue, Reference, Resource

_SERVICE = "events.amazonaws.com"
#: The type of the policy, the property that names what it is for, and the action.
_POLICIES = {
    "AWS::SQS::Queue": (
        ("AWS::SQS::QueuePolicy", "AWS::SQS::QueueInlinePolicy"),
        ("Queues", "Queue"),
        "sqs:SendMessage",
    ),
    "AWS::SNS::Topic": (
        ("AWS::SNS::TopicPolicy", "AWS::SNS::TopicInlinePolicy"),
        ("Topics", "TopicArn"),
        "sns:Publish",
    ),
    "AWS::Lambda::Function": (
        ("AWS::Lambda::Permission",),
        ("FunctionName",),
        "lambda:InvokeFunction",
    ),
}


def _not_let_in(assembly: Assembly) -> Iterator[Hit]:
    for rule in assembly.rules:
        for target in rule.targets:
            if target.role is None and (hit := _check(assembly, rule.resource, target.destination)):
                yield hit
            if target.dead_letter and (hit := _check(assembly, rule.resource, target.dead_letter)):
                yield hit


def _check(assembly: Assembly, rule: Resource, reached: Reference) -> Hit | None:
    resource = assembly.resources.get(reached.key or "")
    if resource is None or resource.type not in _POLICIES:
        return None
    types, properties, action = _POLICIES[resource.type]
    for policy in assembly.resources.values():
        if policy.type in types and _is_for(policy, properties, resource) and _lets_in(policy):
            return None
    kind = resource.type.rsplit("::", 1)[1].lower()
    return Hit(
        place=rule.place,
        subject=resource.key,
        what=f"rule {rule.name!r} sends to {kind} {resource.name!r}, which does not let "
        "EventBridge in",
        remedy=f"allow {action} to {_SERVICE} in a {types[0]}",
    )


def _is_for(policy: Resource, properties: tuple[str, ...], resource: Resource) -> bool:
    text = json.dumps([policy.properties.get(name) for name in properties], default=str)
    names = [resource.place.logical_id]
    names += [
        value
        for name in ("FunctionName", "QueueName", "TopicName")
        if isinstance(value := resource.properties.get(name), str)
    ]
    return any(f'"{name}"' in text or f"{name}." in text or f"{name}}}" in text for name in names)


def _lets_in(policy: Resource) -> bool:
    if policy.type == "AWS::Lambda::Permission":
        principal = policy.properties.get("Principal")
        return principal in (_SERVICE, "*") or not isinstance(principal, str)
    document = policy.properties.get("PolicyDocument")
    statements = document.get("Statement") if isinstance(document, Mapping) else None
    for statement in statements if isinstance(statements, list) else [statements]:
        if not isinstance(statement, Mapping) or statement.get("Effect") != "Allow":
            continue
        if _names_service(statement.get("Principal")):
            return True
    return False


def _names_service(principal: JsonValue) -> bool:
    text = json.dumps(principal, default=str)
    return _SERVICE in text or '"*"' in text


RULES = (
    FindingRule(
        id="target-not-let-in",
        severity="error",
        title="A target or dead-letter queue that does not let EventBridge in",
        why="EventBridge reaches functions, queues and topics by their own resource policies; "
        "without one every delivery is refused, and a dead-letter queue stays empty.",
        remedy="allow events.amazonaws.com in the resource's policy, for the rule as aws:SourceArn",
        link="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html",
        find=_not_let_in,
    ),
)
