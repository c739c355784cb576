"""A rule that delivers matching events to one target and loses none of them."""

import jsii
from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from aws_cdk.interfaces.aws_events import IRuleRef
from constructs import Construct

from constructs_lib.choreography._queues import safe_queue
from constructs_lib.validation import require_between


class Subscription(Construct):
    """Deliver the events of ``event_bus`` that match ``event_pattern`` to ``target``.

    Creates the rule and, unless the caller brings one, the dead-letter queue to which EventBridge
    moves an event that it could not deliver. Bus and target stay the caller's. A target that names
    a dead-letter queue or retry policy of its own keeps it.

    Args:
        event_bus: The bus to follow.
        event_pattern: Which of its events.
        target: Any CDK rule target (``aws_events_targets``), with its input mapping.
        dead_letter_queue: Standard queue in the same account and region; made when not given.
        retry_attempts: Further deliveries that EventBridge tries, 0 to 185.
        max_event_age: How long it tries, 1 minute to 24 hours.
        description: What the rule is for, in the console.
    Raises:
        ConfigError: ``retry_attempts`` or ``max_event_age`` is out of range.
    Source: EventBridge user guide, "How EventBridge retries delivering events" and "Using
        dead-letter queues to process undelivered events" (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        event_bus: events.IEventBus,
        event_pattern: events.EventPattern,
        target: events.IRuleTarget,
        dead_letter_queue: sqs.IQueue | None = None,
        retry_attempts: int = 185,
        max_event_age: Duration | None = None,
        description: str | None = None,
    ) -> None:
        super().__init__(scope, id_)
        age = max_event_age or Duration.hours(24)
        require_between(
            "retry_attempts",
            retry_attempts,
            0,
            185,
            remedy="185 is what EventBridge allows; 0 sends the first failure to the queue",
        )
        if not age.is_unresolved():
            require_between(
                "max_event_age",
                age.to_seconds(),
                60,
                86_400,
                remedy="pass a Duration of 1 minute to 24 hours (the range is in seconds)",
            )
        self.event_bus = event_bus
        self.dead_letter_queue = dead_letter_queue or safe_queue(self, "DeadLetters")
        self.rule = events.Rule(
            self,
            "Resource",
            event_bus=event_bus,
            event_pattern=event_pattern,
            description=description,
            targets=[
                _SafeTarget(
                    target,
                    dead_letter_queue=self.dead_letter_queue,
                    retry_attempts=retry_attempts,
                    max_event_age=age,
                )
            ],
        )


@jsii.implements(events.IRuleTarget)
class _SafeTarget:
    """Any rule target, with a dead-letter queue and a retry policy where it has none."""

    def __init__(
        self,
        target: events.IRuleTarget,
        *,
        dead_letter_queue: sqs.IQueue,
        retry_attempts: int,
        max_event_age: Duration,
    ) -> None:
        self._target = target
        self._dead_letter_queue = dead_letter_queue
        self._retry_policy = events.CfnRule.RetryPolicyProperty(
            maximum_retry_attempts=retry_attempts,
            maximum_event_age_in_seconds=max_event_age.to_seconds(),
        )

    def bind(self, rule: IRuleRef, id: str | None = None) -> events.RuleTargetConfig:  # noqa: A002 - CDK's name
        config = self._target.bind(rule, id)
        dead_letters = config.dead_letter_config
        if dead_letters is None:
            self._let_rule_send(rule)
            dead_letters = events.CfnRule.DeadLetterConfigProperty(
                arn=self._dead_letter_queue.queue_arn
            )
        return events.RuleTargetConfig(
            arn=config.arn,
            app_sync_parameters=config.app_sync_parameters,
            batch_parameters=config.batch_parameters,
            dead_letter_config=dead_letters,
            ecs_parameters=config.ecs_parameters,
            http_parameters=config.http_parameters,
            input=config.input,
            kinesis_parameters=config.kinesis_parameters,
            redshift_data_parameters=config.redshift_data_parameters,
            retry_policy=config.retry_policy or self._retry_policy,
            role=config.role,
            run_command_parameters=config.run_command_parameters,
            sqs_parameters=config.sqs_parameters,
            target_resource=config.target_resource,
        )

    def _let_rule_send(self, rule: IRuleRef) -> None:
        self._dead_letter_queue.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["sqs:SendMessage"],
                resources=[self._dead_letter_queue.queue_arn],
                conditions={"ArnEquals": {"aws:SourceArn": rule.rule_ref.rule_arn}},
            )
        )
