"""A log group as the target of a rule, without the Lambda function that CDK's target brings."""

from typing import cast

import jsii
from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk.interfaces.aws_events import IRuleRef

_POLICY_ID = "EventsToLogGroups"


@jsii.implements(events.IRuleTarget)
class LogGroupTarget:
    """Write matching events to ``log_group``, one log event each.

    EventBridge needs CloudWatch Logs' own kind of resource policy, of which an account has ten in
    a region: one a stack serves all its rules and log groups. CDK's ``CloudWatchLogGroup`` makes
    one a rule, by a custom resource whose function may change every policy of the account.

    Args:
        log_group: Where to write; it stays the caller's.
        log_event: Timestamp and message made from the event; the whole event when not given.
    Source: EventBridge user guide, "Using resource-based policies", CloudWatch Logs permissions;
        AWS::Logs::ResourcePolicy; CloudWatch Logs quotas (read 2026-11-23).
    """

    def __init__(
        self, log_group: logs.ILogGroup, *, log_event: targets.LogGroupTargetInput | None = None
    ) -> None:
        self.log_group = log_group
        self._log_event = log_event

    def bind(self, rule: IRuleRef, id: str | None = None) -> events.RuleTargetConfig:  # noqa: A002, ARG002 - CDK's names
        stack = Stack.of(rule)
        # Without the ":*" of the log group's own attribute, which PutTargets refuses.
        arn = stack.format_arn(
            service="logs",
            resource="log-group",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
            resource_name=self.log_group.log_group_name,
        )
        events_service = iam.ServicePrincipal("events.amazonaws.com")
        _policy(stack).document.add_statements(
            # The user guide has no condition here: the rule is named where events are written.
            iam.PolicyStatement(
                principals=[events_service],
                actions=["logs:CreateLogStream"],
                resources=[f"{arn}:*"],
            ),
            iam.PolicyStatement(
                principals=[events_service],
                actions=["logs:PutLogEvents"],
                resources=[f"{arn}:*"],
                conditions={"ArnEquals": {"aws:SourceArn": rule.rule_ref.rule_arn}},
            ),
        )
        return events.RuleTargetConfig(
            arn=arn, input=self._log_event, target_resource=self.log_group
        )


def _policy(stack: Stack) -> logs.ResourcePolicy:
    made = stack.node.try_find_child(_POLICY_ID) or logs.ResourcePolicy(stack, _POLICY_ID)
    return cast(logs.ResourcePolicy, made)
