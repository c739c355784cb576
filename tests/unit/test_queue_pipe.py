from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_pipes as pipes
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Template

from constructs_lib.choreography import ConsumerQueue, PipeTarget, QueuePipe
from constructs_lib.validation import ConfigError


@pytest.fixture
def orders(stack: Stack) -> ConsumerQueue:
    return ConsumerQueue(stack, "Orders")


@pytest.fixture
def target(event_bus: events.IEventBus) -> PipeTarget:
    return PipeTarget.event_bus(event_bus, source="orders", detail_type="OrderPlaced")


def _pipe(template: Template) -> dict[str, Any]:
    (pipe,) = template.find_resources("AWS::Pipes::Pipe").values()
    properties: dict[str, Any] = pipe["Properties"]
    return properties


def _statements(template: Template) -> list[dict[str, Any]]:
    (policy,) = template.find_resources("AWS::IAM::Policy").values()
    statements: list[dict[str, Any]] = policy["Properties"]["PolicyDocument"]["Statement"]
    return statements


def test_a_pipe_takes_all_messages_from_the_queue_to_the_target(
    stack: Stack,
    orders: ConsumerQueue,
    target: PipeTarget,
    synthesize: Callable[[], Template],
) -> None:
    made = QueuePipe(stack, "Pipe", queue=orders.queue, target=target)

    assert made.dead_letter_queue.queue_arn == orders.dead_letter_queue.queue_arn
    pipe = _pipe(synthesize())
    assert pipe["Source"] == stack.resolve(orders.queue.queue_arn)
    assert pipe["Target"] == stack.resolve(target.arn)
    assert pipe["SourceParameters"] == {"SqsQueueParameters": {"BatchSize": 10}}
    assert pipe["LogConfiguration"]["Level"] == "ERROR"


def test_the_role_may_take_from_this_queue_and_deliver_and_nothing_else(
    stack: Stack,
    orders: ConsumerQueue,
    target: PipeTarget,
    synthesize: Callable[[], Template],
) -> None:
    QueuePipe(stack, "Pipe", queue=orders.queue, target=target)

    read, deliver = _statements(synthesize())
    assert read == {
        "Effect": "Allow",
        "Action": ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"],
        "Resource": stack.resolve(orders.queue.queue_arn),
    }
    assert (deliver["Action"], deliver["Resource"]) == (
        "events:PutEvents",
        stack.resolve(target.arn),
    )


def test_a_customer_key_of_the_queue_opens_to_the_role(
    stack: Stack, orders: ConsumerQueue, target: PipeTarget, synthesize: Callable[[], Template]
) -> None:
    key = kms.Key(stack, "Key")
    queue = sqs.Queue(
        stack,
        "Secret",
        encryption_master_key=key,
        dead_letter_queue=sqs.DeadLetterQueue(queue=orders.queue, max_receive_count=5),
    )

    QueuePipe(stack, "Pipe", queue=queue, target=target)

    assert {
        "Effect": "Allow",
        "Action": "kms:Decrypt",
        "Resource": stack.resolve(key.key_arn),
    } in _statements(synthesize())


def test_every_argument_reaches_the_template(
    stack: Stack,
    orders: ConsumerQueue,
    target: PipeTarget,
    synthesize: Callable[[], Template],
) -> None:
    QueuePipe(
        stack,
        "Pipe",
        queue=orders.queue,
        target=target,
        filters=[{"body": {"type": ["order"]}, "messageAttributes": {"a": {"stringValue": ["b"]}}}],
        batch_size=3,
        batching_window=Duration.minutes(5),
        description="Why",
    )

    pipe = _pipe(synthesize())
    assert pipe["Description"] == "Why"
    pattern = '{"body":{"type":["order"]},"messageAttributes":{"a":{"stringValue":["b"]}}}'
    assert pipe["SourceParameters"] == {
        "FilterCriteria": {"Filters": [{"Pattern": pattern}]},
        "SqsQueueParameters": {"BatchSize": 3, "MaximumBatchingWindowInSeconds": 300},
    }


def test_two_pipes_fit_in_one_stack_and_the_resource_stays_within_reach(
    stack: Stack,
    orders: ConsumerQueue,
    target: PipeTarget,
    synthesize: Callable[[], Template],
) -> None:
    other = ConsumerQueue(stack, "Other")

    first = QueuePipe(stack, "First", queue=orders.queue, target=target)
    QueuePipe(stack, "Second", queue=other.queue, target=target)

    resource = first.node.default_child
    assert isinstance(resource, pipes.CfnPipe)
    resource.name = "by-hand"
    template = synthesize()
    template.resource_count_is("AWS::Pipes::Pipe", 2)
    template.resource_properties_count_is("AWS::Pipes::Pipe", {"Name": "by-hand"}, 1)


def test_a_queue_without_a_dead_letter_queue_is_refused(stack: Stack, target: PipeTarget) -> None:
    queue = sqs.Queue(stack, "Bare")

    with pytest.raises(ConfigError, match="queue must have a dead-letter queue, got Stack/Bare"):
        QueuePipe(stack, "Pipe", queue=queue, target=target)


def test_the_dead_letter_queue_of_an_imported_queue_must_be_named(
    stack: Stack, orders: ConsumerQueue, target: PipeTarget
) -> None:
    arn = "arn:aws:sqs:us-east-1:123456789012:imported"
    queue = sqs.Queue.from_queue_arn(stack, "Imported", arn)

    with pytest.raises(ConfigError, match="name the dead_letter_queue of an imported queue"):
        QueuePipe(stack, "Refused", queue=queue, target=target)

    made = QueuePipe(
        stack, "Pipe", queue=queue, target=target, dead_letter_queue=orders.dead_letter_queue
    )
    assert made.dead_letter_queue is orders.dead_letter_queue


def test_a_filter_on_what_the_pipe_itself_adds_is_refused(
    stack: Stack, orders: ConsumerQueue, target: PipeTarget
) -> None:
    with pytest.raises(ConfigError, match="must ask for messageId, body, attributes, messageAttr"):
        QueuePipe(
            stack,
            "Pipe",
            queue=orders.queue,
            target=target,
            filters=[{"eventSourceARN": ["arn"]}],
        )
