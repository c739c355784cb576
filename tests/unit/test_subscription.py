from collections.abc import Callable

import pytest
from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Match, Template

from constructs_lib.choreography import Subscription
from constructs_lib.validation import ConfigError

_PATTERN = events.EventPattern(detail_type=["UserSignedUp"])


@pytest.fixture
def queue(stack: Stack) -> sqs.IQueue:
    return sqs.Queue(stack, "Queue")


def _only_target(template: Template) -> dict[str, object]:
    (rule,) = template.find_resources("AWS::Events::Rule").values()
    (target,) = rule["Properties"]["Targets"]
    assert isinstance(target, dict)
    return target


def test_a_target_gets_a_dead_letter_queue_and_all_the_retries_of_eventbridge(
    stack: Stack,
    event_bus: events.IEventBus,
    queue: sqs.IQueue,
    synthesize: Callable[[], Template],
) -> None:
    subscription = Subscription(
        stack,
        "Subscription",
        event_bus=event_bus,
        event_pattern=_PATTERN,
        target=targets.SqsQueue(queue),
    )

    target = _only_target(synthesize())
    assert target["DeadLetterConfig"] == {
        "Arn": stack.resolve(subscription.dead_letter_queue.queue_arn)
    }
    assert target["RetryPolicy"] == {
        "MaximumEventAgeInSeconds": 86400,
        "MaximumRetryAttempts": 185,
    }


def test_the_dead_letter_queue_is_encrypted_tls_only_and_open_to_this_rule_alone(
    stack: Stack,
    event_bus: events.IEventBus,
    queue: sqs.IQueue,
    synthesize: Callable[[], Template],
) -> None:
    subscription = Subscription(
        stack,
        "Subscription",
        event_bus=event_bus,
        event_pattern=_PATTERN,
        target=targets.SqsQueue(queue),
    )

    template = synthesize()
    template.has_resource_properties(
        "AWS::SQS::Queue", {"SqsManagedSseEnabled": True, "MessageRetentionPeriod": 14 * 86400}
    )
    template.has_resource_properties(
        "AWS::SQS::QueuePolicy",
        {
            "Queues": [stack.resolve(subscription.dead_letter_queue.queue_url)],
            "PolicyDocument": {
                "Statement": [
                    Match.object_like(
                        {
                            "Effect": "Deny",
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }
                    ),
                    Match.object_like(
                        {
                            "Action": "sqs:SendMessage",
                            "Principal": {"Service": "events.amazonaws.com"},
                            "Condition": {
                                "ArnEquals": {
                                    "aws:SourceArn": stack.resolve(subscription.rule.rule_arn)
                                }
                            },
                        }
                    ),
                ]
            },
        },
    )


def test_every_argument_reaches_the_template(
    stack: Stack,
    event_bus: events.IEventBus,
    queue: sqs.IQueue,
    synthesize: Callable[[], Template],
) -> None:
    dead_letters = sqs.Queue(stack, "CallersDeadLetters")

    subscription = Subscription(
        stack,
        "Subscription",
        event_bus=event_bus,
        event_pattern=_PATTERN,
        target=targets.SqsQueue(queue),
        dead_letter_queue=dead_letters,
        retry_attempts=0,
        max_event_age=Duration.minutes(1),
        description="Why",
    )

    assert subscription.dead_letter_queue is dead_letters
    template = synthesize()
    template.resource_count_is("AWS::SQS::Queue", 2)
    template.has_resource_properties("AWS::Events::Rule", {"Description": "Why"})
    target = _only_target(template)
    assert target["DeadLetterConfig"] == {"Arn": stack.resolve(dead_letters.queue_arn)}
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}


def test_a_targets_own_dead_letter_queue_and_retries_are_kept(
    stack: Stack,
    event_bus: events.IEventBus,
    queue: sqs.IQueue,
    synthesize: Callable[[], Template],
) -> None:
    own = sqs.Queue(stack, "Own")

    Subscription(
        stack,
        "Subscription",
        event_bus=event_bus,
        event_pattern=_PATTERN,
        target=targets.SqsQueue(queue, dead_letter_queue=own, retry_attempts=3),
    )

    target = _only_target(synthesize())
    assert target["DeadLetterConfig"] == {"Arn": stack.resolve(own.queue_arn)}
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 3}


def test_a_targets_input_and_permission_survive(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    function = lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): return event"),
    )

    Subscription(
        stack,
        "Subscription",
        event_bus=event_bus,
        event_pattern=_PATTERN,
        target=targets.LambdaFunction(
            function, event=events.RuleTargetInput.from_event_path("$.detail")
        ),
    )

    template = synthesize()
    assert _only_target(template)["InputPath"] == "$.detail"
    template.resource_count_is("AWS::Lambda::Permission", 1)


@pytest.mark.parametrize("retry_attempts", [-1, 186])
def test_more_retries_than_eventbridge_allows_are_refused(
    stack: Stack, event_bus: events.IEventBus, queue: sqs.IQueue, retry_attempts: int
) -> None:
    with pytest.raises(ConfigError, match="retry_attempts must be between 0 and 185"):
        Subscription(
            stack,
            "Subscription",
            event_bus=event_bus,
            event_pattern=_PATTERN,
            target=targets.SqsQueue(queue),
            retry_attempts=retry_attempts,
        )


@pytest.mark.parametrize("max_event_age", [Duration.seconds(59), Duration.hours(25)])
def test_an_event_age_that_eventbridge_refuses_is_refused(
    stack: Stack, event_bus: events.IEventBus, queue: sqs.IQueue, max_event_age: Duration
) -> None:
    with pytest.raises(ConfigError, match="max_event_age must be between 60 and 86400"):
        Subscription(
            stack,
            "Subscription",
            event_bus=event_bus,
            event_pattern=_PATTERN,
            target=targets.SqsQueue(queue),
            max_event_age=max_event_age,
        )


def test_two_subscriptions_to_one_queue_fit_in_one_stack(
    stack: Stack,
    event_bus: events.IEventBus,
    queue: sqs.IQueue,
    synthesize: Callable[[], Template],
) -> None:
    for id_ in ("First", "Second"):
        Subscription(
            stack,
            id_,
            event_bus=event_bus,
            event_pattern=_PATTERN,
            target=targets.SqsQueue(queue),
        )

    synthesize().resource_count_is("AWS::Events::Rule", 2)
