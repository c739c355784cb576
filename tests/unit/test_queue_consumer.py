from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Duration, Stack, Token
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template

from constructs_lib.choreography import ConsumerQueue, EventConsumer, QueueConsumer
from constructs_lib.validation import ConfigError
from tests.unit.resources import properties_of

MAPPING = "AWS::Lambda::EventSourceMapping"
MakeConsumer = Callable[..., EventConsumer]


@pytest.fixture
def consumer(stack: Stack, tmp_path: Path) -> MakeConsumer:
    """A consumer that the caller brings."""
    (tmp_path / "a_service").mkdir()
    (tmp_path / "a_service" / "handler.py").write_text("", encoding="utf-8")

    def make(id_: str = "Consumer", timeout: Duration | None = None) -> EventConsumer:
        return EventConsumer(
            stack,
            id_,
            code_folder=str(tmp_path),
            package="a_service",
            state_key="id",
            timeout=timeout,
        )

    return make


def _queue(template: Template, fed: QueueConsumer, stack: Stack) -> dict[str, Any]:
    logical_id = stack.resolve(fed.queue.queue_arn)["Fn::GetAtt"][0]
    properties: dict[str, Any] = template.to_json()["Resources"][logical_id]["Properties"]
    return properties


def test_messages_go_to_the_function_in_batches_and_failed_ones_return_alone(
    stack: Stack, consumer: MakeConsumer, synthesize: Callable[[], Template]
) -> None:
    caller = consumer()
    fed = QueueConsumer(stack, "Fed", consumer=caller)

    template = synthesize()
    assert properties_of(template, MAPPING) == {
        "BatchSize": 10,
        "EventSourceArn": stack.resolve(fed.queue.queue_arn),
        "FunctionName": stack.resolve(caller.function.function_name),
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }


def test_the_queue_is_a_consumer_queue_with_a_place_for_what_keeps_failing(
    stack: Stack, consumer: MakeConsumer, synthesize: Callable[[], Template]
) -> None:
    fed = QueueConsumer(stack, "Fed", consumer=consumer())

    assert _queue(synthesize(), fed, stack)["RedrivePolicy"] == {
        "deadLetterTargetArn": stack.resolve(fed.dead_letter_queue.queue_arn),
        "maxReceiveCount": 5,
    }
    assert fed.consumer_queue.queue is fed.queue


def test_a_batch_stays_hidden_six_times_as_long_as_the_function_may_take(
    stack: Stack, consumer: MakeConsumer, synthesize: Callable[[], Template]
) -> None:
    fed = QueueConsumer(stack, "Fed", consumer=consumer(timeout=Duration.seconds(7)))

    assert _queue(synthesize(), fed, stack)["VisibilityTimeout"] == 42


def test_options_of_a_queue_consumer_reach_the_template(
    stack: Stack, consumer: MakeConsumer, synthesize: Callable[[], Template]
) -> None:
    fed = QueueConsumer(
        stack,
        "Fed",
        consumer=consumer(),
        batch_size=100,
        batching_window=Duration.seconds(5),
        max_concurrency=2,
        max_receive_count=3,
    )

    template = synthesize()
    mapping = properties_of(template, MAPPING)
    assert mapping["BatchSize"] == 100
    assert mapping["MaximumBatchingWindowInSeconds"] == 5
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}
    assert _queue(template, fed, stack)["RedrivePolicy"]["maxReceiveCount"] == 3


def test_the_function_may_read_its_own_queue_only_and_before_it_is_fed(
    stack: Stack, consumer: MakeConsumer, synthesize: Callable[[], Template]
) -> None:
    fed = QueueConsumer(stack, "Fed", consumer=consumer())

    template = synthesize()
    (policy_id, policy), *_ = template.find_resources("AWS::IAM::Policy").items()
    (statement,) = [
        each
        for each in policy["Properties"]["PolicyDocument"]["Statement"]
        if "sqs:ReceiveMessage" in each["Action"]
    ]
    assert statement["Resource"] == stack.resolve(fed.queue.queue_arn)
    assert set(statement["Action"]) == {
        "sqs:ChangeMessageVisibility",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:ReceiveMessage",
    }
    (mapping,) = template.find_resources(MAPPING).values()
    assert policy_id in mapping["DependsOn"]


def test_two_queues_fit_in_one_stack(
    stack: Stack, consumer: MakeConsumer, synthesize: Callable[[], Template]
) -> None:
    QueueConsumer(stack, "Fed", consumer=consumer())
    QueueConsumer(stack, "FedToo", consumer=consumer("ConsumerToo"))

    synthesize().resource_count_is(MAPPING, 2)


def test_numbers_known_at_deployment_pass(
    stack: Stack, consumer: MakeConsumer, synthesize: Callable[[], Template]
) -> None:
    later = Token.as_number({"Ref": "Later"})
    QueueConsumer(
        stack,
        "Fed",
        consumer=consumer(),
        max_receive_count=later,  # type: ignore[arg-type]  # a token is a float
        batching_window=Duration.seconds(later),
    )

    mapping = properties_of(synthesize(), MAPPING)
    assert mapping["MaximumBatchingWindowInSeconds"] == {"Ref": "Later"}


def test_the_mapping_itself_can_be_changed(
    stack: Stack, consumer: MakeConsumer, synthesize: Callable[[], Template]
) -> None:
    fed = QueueConsumer(stack, "Fed", consumer=consumer())
    resource = fed.event_source_mapping.node.default_child
    assert isinstance(resource, lambda_.CfnEventSourceMapping)
    resource.enabled = False

    assert properties_of(synthesize(), MAPPING)["Enabled"] is False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"batch_size": 0}, "batch_size must be between 1 and 10000, got 0"),
        ({"batch_size": 10_001}, "batch_size must be between 1 and 10000, got 10001"),
        ({"batch_size": 11}, "batching_window must be at least 1 second with a batch_size of 11"),
        (
            {"batching_window": Duration.seconds(301)},
            "batching_window in seconds must be between 0 and 300, got 301",
        ),
        ({"max_concurrency": 1}, "max_concurrency must be between 2 and 1000, got 1"),
        ({"max_concurrency": 1001}, "max_concurrency must be between 2 and 1000, got 1001"),
        ({"max_receive_count": 0}, "max_receive_count must be between 1 and 1000, got 0"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_lambda_refuses_is_refused(
    stack: Stack, consumer: MakeConsumer, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        QueueConsumer(stack, "Fed", consumer=consumer(), **arguments)


@pytest.mark.parametrize("hours", [0, 12])
def test_a_consumer_queue_hides_messages_for_up_to_twelve_hours(
    stack: Stack, synthesize: Callable[[], Template], hours: int
) -> None:
    ConsumerQueue(stack, "Queue", visibility_timeout=Duration.hours(hours))

    synthesize().has_resource_properties("AWS::SQS::Queue", {"VisibilityTimeout": hours * 3600})


def test_a_visibility_that_sqs_refuses_is_refused(stack: Stack) -> None:
    with pytest.raises(ConfigError, match="visibility_timeout in seconds must be between 0 and"):
        ConsumerQueue(stack, "Queue", visibility_timeout=Duration.hours(13))
