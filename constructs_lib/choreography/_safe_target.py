"""What a subscription adds to CDK's rule targets, and what it refuses of them."""

import jsii
from aws_cdk import Annotations, Duration, Stack, Token
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from aws_cdk.interfaces.aws_events import IRuleRef
from constructs import IConstruct

from constructs_lib.choreography._target_input import check_target_input
from constructs_lib.validation import ConfigError


def safe_target(
    target: events.IRuleTarget,
    *,
    rule: events.Rule,
    dead_letter_queue: sqs.IQueue,
    retry_attempts: int,
    max_event_age: Duration,
) -> events.IRuleTarget:
    """``target``, bound to ``rule``, with a dead-letter queue and a retry policy where it has none.

    It is bound here, not when the rule asks: an error raised in a call from CDK loses its type.

    Raises:
        ConfigError: A target in another account or region, a FIFO queue that would refuse events,
            or an input beyond EventBridge's limits.
    Source: EventBridge API reference, Target and SqsParameters; AWS::Events::Rule (read
        2026-11-23).
    """
    config = target.bind(rule)
    if config.target_resource is not None:
        _require_same_environment(rule, config.target_resource)
        _require_fifo_settings(config.target_resource, config.sqs_parameters)
    if config.input is not None:
        check_target_input(rule, config.input.bind(rule))
    if isinstance(target, targets.SnsTopic) and config.role is None:
        Annotations.of(rule).add_warning_v2(
            "duet:topic-open-to-every-rule",
            "CDK lets EventBridge publish on the topic for any rule of any account; "
            "pass authorize_using_role=True to SnsTopic",
        )
    dead_letters = config.dead_letter_config
    if dead_letters is None:
        _let_rule_send(rule, dead_letter_queue)
        dead_letters = events.CfnRule.DeadLetterConfigProperty(arn=dead_letter_queue.queue_arn)
    retry_policy = config.retry_policy or events.CfnRule.RetryPolicyProperty(
        maximum_retry_attempts=retry_attempts,
        maximum_event_age_in_seconds=max_event_age.to_seconds(),
    )
    return _BoundTarget(
        events.RuleTargetConfig(
            arn=config.arn,
            app_sync_parameters=config.app_sync_parameters,
            batch_parameters=config.batch_parameters,
            dead_letter_config=dead_letters,
            ecs_parameters=config.ecs_parameters,
            http_parameters=config.http_parameters,
            input=config.input,
            kinesis_parameters=config.kinesis_parameters,
            redshift_data_parameters=config.redshift_data_parameters,
            retry_policy=retry_policy,
            role=config.role,
            run_command_parameters=config.run_command_parameters,
            sqs_parameters=config.sqs_parameters,
            target_resource=config.target_resource,
        )
    )


@jsii.implements(events.IRuleTarget)
class _BoundTarget:
    def __init__(self, config: events.RuleTargetConfig) -> None:
        self._config = config

    def bind(self, rule: IRuleRef, id: str | None = None) -> events.RuleTargetConfig:  # noqa: A002, ARG002 - CDK's names
        return self._config


def _let_rule_send(rule: events.Rule, queue: sqs.IQueue) -> None:
    queue.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal("events.amazonaws.com")],
            actions=["sqs:SendMessage"],
            resources=[queue.queue_arn],
            conditions={"ArnEquals": {"aws:SourceArn": rule.rule_arn}},
        )
    )


def check_dead_letter_queue(scope: IConstruct, queue: sqs.IQueue) -> None:
    """Refuse a queue that EventBridge cannot move events to.

    Raises:
        ConfigError: It is a FIFO queue, or in another account or region.
    Source: EventBridge user guide, "Using dead-letter queues to process undelivered events" (read
        2026-11-23).
    """
    if queue.fifo:
        raise ConfigError(
            f"dead_letter_queue must be a standard queue, got {queue.node.path!r}, a FIFO queue; "
            "leave it out to have one made"
        )
    stack = Stack.of(scope)
    if _differ(queue.env.account, stack.account) or _differ(queue.env.region, stack.region):
        raise ConfigError(
            "dead_letter_queue must be in the account and region of the rule, "
            f"got {queue.env.account}/{queue.env.region}; leave it out to have one made"
        )


def let_rules_use_key(scope: IConstruct, key: kms.IKey) -> None:
    """Let EventBridge encrypt what the rules of this account and region move to a queue.

    CDK forgets it (aws/aws-cdk 33169). The key cannot name the rule: rule → queue → key → rule.
    """
    stack = Stack.of(scope)
    result = key.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal("events.amazonaws.com")],
            actions=["kms:Decrypt", "kms:GenerateDataKey"],
            resources=["*"],
            conditions={
                "StringEquals": {"aws:SourceAccount": stack.account},
                "ArnLike": {
                    "aws:SourceArn": stack.format_arn(
                        service="events", resource="rule", resource_name="*"
                    )
                },
            },
        )
    )
    if not result.statement_added:
        Annotations.of(scope).add_warning_v2(
            "duet:key-needs-grant",
            "the dead-letter queue's key is not of this app: let events.amazonaws.com use "
            "kms:Decrypt and kms:GenerateDataKey in its policy, or undelivered events are lost",
        )


def _require_same_environment(rule: events.Rule, resource: IConstruct) -> None:
    stack = Stack.of(rule)
    env = getattr(resource, "env", Stack.of(resource))
    if _differ(env.account, stack.account) or _differ(env.region, stack.region):
        raise ConfigError(
            "target must be in the account and region of the rule, "
            f"got {env.account}/{env.region}; send the events to a bus there (targets.EventBus) "
            "and subscribe to that one"
        )


def _differ(one: str, other: str) -> bool:
    return one != other and not Token.is_unresolved(one) and not Token.is_unresolved(other)


def _require_fifo_settings(
    resource: IConstruct, parameters: events.CfnRule.SqsParametersProperty | None
) -> None:
    if not isinstance(resource, sqs.QueueBase) or not resource.fifo:
        return
    if parameters is None:
        raise ConfigError(
            "target must have a message group for a FIFO queue, got none; "
            "pass message_group_id to SqsQueue"
        )
    made = resource.node.default_child
    if isinstance(made, sqs.CfnQueue) and not made.content_based_deduplication:
        raise ConfigError(
            f"target must deduplicate by content, got {resource.node.path!r}, which does not; "
            "pass content_based_deduplication=True to the FIFO queue: EventBridge sends no id"
        )
