"""What EventBridge may do with a customer's key, and for which bus.

CDK lets a bus use its key; what it forgets or gets wrong is here. The policy of an imported key is
not the app's to change: a warning says what it must allow.

Sources: EventBridge user guide, "Encrypting event buses with AWS KMS keys" and "Encrypting archives
with AWS KMS keys"; SQS developer guide, "Key management" (read 2026-11-23).
"""

from collections.abc import Mapping, Sequence

from aws_cdk import Annotations, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import IConstruct

_CONTEXT = "kms:EncryptionContext:aws:events:event-bus:arn"


def unreferenced_bus_arn(event_bus: events.IEventBus) -> str:
    """The bus's ARN, written out for a bus of this app.

    The bus refers to its key and queue, so their policies cannot refer to the bus.
    """
    resource = event_bus.node.default_child
    if not isinstance(resource, events.CfnEventBus):
        return event_bus.event_bus_arn
    return Stack.of(event_bus).format_arn(
        service="events", resource="event-bus", resource_name=resource.name
    )


def let_bus_check_key(scope: IConstruct, key: kms.IKey) -> None:
    """CDK demands the bus's encryption context here too, which DescribeKey does not have."""
    _allow(scope, key, ["kms:DescribeKey"])


def let_archive_use_key(scope: IConstruct, key: kms.IKey, event_bus: events.IEventBus) -> None:
    """CDK's archive refers to the bus here: a cycle where bus and archive share the key."""
    let_bus_check_key(scope, key)
    _allow(
        scope,
        key,
        ["kms:Decrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"],
        # Archives send no aws:SourceArn; the bus is in the context.
        {"StringEquals": {_CONTEXT: unreferenced_bus_arn(event_bus)}},
    )


def let_bus_send_with_key(scope: IConstruct, key: kms.IKey, event_bus: events.IEventBus) -> None:
    """Let the bus put messages into a queue that is encrypted with the key."""
    _allow(
        scope,
        key,
        ["kms:Decrypt", "kms:GenerateDataKey"],
        {"ArnEquals": {"aws:SourceArn": unreferenced_bus_arn(event_bus)}},
    )


def _allow(
    scope: IConstruct,
    key: kms.IKey,
    actions: Sequence[str],
    conditions: Mapping[str, object] | None = None,
) -> None:
    result = key.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal("events.amazonaws.com")],
            actions=list(actions),
            # In a key's policy this is the key itself.
            resources=["*"],
            conditions=conditions,
        )
    )
    if not result.statement_added:
        Annotations.of(scope).add_warning_v2(
            "duet:key-needs-grant",
            f"{key.node.path} is not of this app: let events.amazonaws.com use "
            f"{', '.join(actions)} in its policy, or events are refused",
        )
