"""Functions, queues and topics that do not let EventBridge in."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.insight.findings.finding import FindingRule, Hit
from constructs_lib.insight.model import Assembly, Resource

_SERVICE = "events.amazonaws.com"
#: Ways to name EventBridge in a policy, everybody among them.
_LETS_IN = frozenset({_SERVICE, "events.${AWS::URLSuffix}", "*"})
#: Keys of AWS's own whose policies nobody can change. Source: AWS knowledge center, "Why isn't my
#: Amazon SNS topic receiving EventBridge notifications?": a customer managed key must be used (read
#: 2026-11-27).
_CLOSED_KEYS = ("alias/aws/sqs", "alias/aws/sns")
#: The policy that a type wants, and the action.
_POLICIES = {
    "AWS::SQS::Queue": ("AWS::SQS::QueuePolicy", "sqs:SendMessage"),
    "AWS::SNS::Topic": ("AWS::SNS::TopicPolicy", "sns:Publish"),
    "AWS::Lambda::Function": ("AWS::Lambda::Permission", "lambda:InvokeFunction"),
}


def _not_let_in(assembly: Assembly) -> Iterator[Hit]:
    let_in = {
        reference.key
        for policy in assembly.resource_policies
        if _LETS_IN & set(policy.principals)
        for reference in policy.on
    }
    for rule in assembly.rules:
        for target in rule.targets:
            direct = target.destination if target.role is None else None
            for reached in (direct, target.dead_letter):
                resource = assembly.resources.get(reached.key or "") if reached else None
                if resource is None or resource.type not in _POLICIES:
                    continue
                if resource.key not in let_in:
                    yield _hit(rule.resource, resource)
                elif key := _closed_key(resource):
                    yield _closed(rule.resource, resource, key)


def _hit(rule: Resource, resource: Resource) -> Hit:
    wanted, action = _POLICIES[resource.type]
    kind = resource.type.rsplit("::", 1)[1].lower()
    return Hit(
        place=rule.place,
        subject=resource.key,
        what=f"rule {rule.name!r} sends to {kind} {resource.name!r}, which does not let "
        "EventBridge in",
        remedy=f"allow {action} to {_SERVICE} in a {wanted}",
    )


def _closed_key(resource: Resource) -> str | None:
    """The key of AWS's own that encrypts it, by its name or as part of an ARN."""
    named = str(resource.properties.get("KmsMasterKeyId"))
    return next((key for key in _CLOSED_KEYS if key in named), None)


def _closed(rule: Resource, resource: Resource, key: str) -> Hit:
    return Hit(
        place=rule.place,
        subject=f"{resource.key} {key}",
        what=f"rule {rule.name!r} sends to {resource.name!r}, which is encrypted with {key}: "
        "EventBridge may not use that key, and nobody can let it",
        remedy=f"encrypt it with a key of your own that lets {_SERVICE} use kms:Decrypt and "
        "kms:GenerateDataKey; a queue also with SqsManagedSseEnabled",
    )


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
