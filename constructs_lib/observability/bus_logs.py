"""The log group of an event bus, and what brings the bus's logs there."""

from collections.abc import Sequence

from aws_cdk import Annotations, ArnFormat, Names, RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from constructs_lib.validation import ConfigError

# A bus sends its logs under one type a level; a level takes in the ones before it.
_LEVELS = (events.Level.ERROR, events.Level.INFO, events.Level.TRACE)
_NAME_MAX_CHARACTERS = 60


class BusLogs(Construct):
    """Let ``event_bus`` log what it fails to do, and have that delivered to a log group.

    ``LogConfig`` of a bus only chooses what is logged; nothing arrives anywhere without the
    delivery that this makes. Neither events nor what targets are sent is logged (``IncludeDetail``
    NONE), so that no personal data reaches the log. The log group's own policy lets the delivery
    in, so that it takes none of the account's ten log resource policies.

    Args:
        event_bus: The bus, made by this app; its log level is set here.
        level: ``ERROR``, ``INFO`` or ``TRACE``; the last two write records for every event.
        kms_key: The bus's customer key, if it has one. The delivery needs it on the way, and
            the log group is encrypted with it too. The policy of a key of this app is extended; a
            warning says what that of an imported key must allow.
        retention: How long log events are kept.
        removal_policy: What becomes of the log group when the stack is deleted.
    Raises:
        ConfigError: ``level`` is ``OFF``, or ``event_bus`` is not made by this app.
    Source: EventBridge user guide, "Logging event buses" and "Encrypting event bus logs";
        CloudWatch Logs user guide, "Logs sent to CloudWatch Logs" and "Encrypt log data in
        CloudWatch Logs using AWS KMS" (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        event_bus: events.IEventBus,
        level: events.Level = events.Level.ERROR,
        kms_key: kms.IKey | None = None,
        retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
        removal_policy: RemovalPolicy = RemovalPolicy.DESTROY,
    ) -> None:
        super().__init__(scope, id_)
        if level not in _LEVELS:
            raise ConfigError(
                f"level must be ERROR, INFO or TRACE, got {level.name}; "
                "leave the construct out where nothing is to be logged"
            )
        resource = event_bus.node.default_child
        if not isinstance(resource, events.CfnEventBus):
            raise ConfigError(
                f"event_bus must be a bus that this app makes, got {event_bus.node.path!r}; "
                "add its logs in the app that makes it"
            )
        resource.log_config = events.CfnEventBus.LogConfigProperty(
            level=level.name, include_detail="NONE"
        )
        self.event_bus = event_bus
        stack = Stack.of(self)
        unique_name = Names.unique_resource_name(self, max_length=100)
        log_group_name = f"/aws/vendedlogs/events/event-bus/{unique_name}"
        # Written out: a policy cannot refer to the resource that it is a part of.
        log_group_arn = stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=log_group_name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        if kms_key is not None:
            _let_logs_use(kms_key, self, log_group_arn)
        self.log_group = logs.LogGroup(
            self,
            "Resource",
            log_group_name=log_group_name,
            encryption_key=kms_key,
            retention=retention,
            removal_policy=removal_policy,
        )
        log_group = self.log_group.node.default_child
        assert isinstance(log_group, logs.CfnLogGroup)  # noqa: S101 - what the L2 is made of
        log_group.resource_policy_document = _delivery_policy(stack, log_group_arn)
        self.deliveries = self._deliver(_LEVELS[: _LEVELS.index(level) + 1])

    def _deliver(self, levels: Sequence[events.Level]) -> Sequence[logs.CfnDelivery]:
        destination = logs.CfnDeliveryDestination(
            self,
            "Destination",
            name=self._name("destination"),
            destination_resource_arn=self.log_group.log_group_arn,
            output_format="json",
        )
        deliveries: list[logs.CfnDelivery] = []
        for level in levels:
            source = logs.CfnDeliverySource(
                self,
                f"{level.name.title()}Source",
                name=self._name(level.name.lower()),
                resource_arn=self.event_bus.event_bus_arn,
                log_type=f"{level.name}_LOGS",
            )
            delivery = logs.CfnDelivery(
                self,
                f"{level.name.title()}Delivery",
                delivery_source_name=source.ref,
                delivery_destination_arn=destination.attr_arn,
            )
            if deliveries:
                # CloudWatch Logs refuses changes to one destination at the same time.
                delivery.add_resource_dependency(deliveries[-1])
            deliveries.append(delivery)
        return deliveries

    def _name(self, what: str) -> str:
        """The name of an end of a delivery: AWS wants one, unique in the account and region."""
        room = _NAME_MAX_CHARACTERS - len(what) - 1
        return f"{Names.unique_resource_name(self, max_length=room)}-{what}"


def _delivery_policy(stack: Stack, log_group_arn: str) -> iam.PolicyDocument:
    return iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("delivery.logs.amazonaws.com")],
                actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                resources=[f"{log_group_arn}:log-stream:*"],
                conditions={
                    "StringEquals": {"aws:SourceAccount": stack.account},
                    "ArnLike": {"aws:SourceArn": _any_log_arn(stack)},
                },
            )
        ]
    )


def _let_logs_use(key: kms.IKey, scope: Construct, log_group_arn: str) -> None:
    """Let the bus encrypt, the delivery decrypt, and the log group be encrypted with the key."""
    stack = Stack.of(scope)
    on_the_way = {"StringLike": {"kms:EncryptionContext:SourceArn": _any_log_arn(stack)}}
    statements = (
        ("events.amazonaws.com", ["kms:GenerateDataKey"], on_the_way),
        ("delivery.logs.amazonaws.com", ["kms:Decrypt", "kms:GenerateDataKey"], on_the_way),
        (
            f"logs.{stack.region}.amazonaws.com",
            [
                "kms:Decrypt",
                "kms:DescribeKey",
                "kms:Encrypt",
                "kms:GenerateDataKey",
                "kms:GenerateDataKeyWithoutPlaintext",
                "kms:ReEncryptFrom",
                "kms:ReEncryptTo",
            ],
            {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": log_group_arn}},
        ),
    )
    for principal, actions, conditions in statements:
        result = key.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal(principal)],
                actions=actions,
                # In a key's policy this is the key itself.
                resources=["*"],
                conditions=conditions,
            )
        )
        if not result.statement_added:
            Annotations.of(scope).add_warning_v2(
                "duet:key-needs-grant",
                f"{key.node.path} is not of this app: let {principal} use {', '.join(actions)} in "
                "its policy, or nothing is logged",
            )


def _any_log_arn(stack: Stack) -> str:
    """What AWS calls the source of every log delivery of the account."""
    return stack.format_arn(service="logs", resource="*", arn_format=ArnFormat.NO_RESOURCE_NAME)
