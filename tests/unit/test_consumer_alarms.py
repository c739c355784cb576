"""The alarms of consumers: of a queue that one reads, and of a function."""

from collections.abc import Callable

import pytest
from aws_cdk import CfnParameter, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template

from constructs_lib.choreography import ConsumerQueue
from constructs_lib.observability import FunctionAlarms, QueueAlarms
from constructs_lib.validation import ConfigError
from tests.unit.alarms import dimensions, properties
from tests.unit.documented_metrics import undocumented_alarms


@pytest.fixture
def topic(stack: Stack) -> sns.ITopic:
    return sns.Topic(stack, "Topic")


@pytest.fixture
def consumer(stack: Stack) -> ConsumerQueue:
    return ConsumerQueue(stack, "Analytics")


@pytest.fixture
def function(stack: Stack) -> lambda_.IFunction:
    return lambda_.Function.from_function_name(stack, "Function", "onboarding")


@pytest.fixture
def watch_queue(
    stack: Stack, consumer: ConsumerQueue, topic: sns.ITopic
) -> Callable[[float], QueueAlarms]:
    """Watch the queue with a time after which its messages are late, in seconds."""

    def watch(late_after_seconds: float) -> QueueAlarms:
        return QueueAlarms(
            stack,
            "Alarms",
            queue=consumer.queue,
            dead_letter_queue=consumer.dead_letter_queue,
            topic=topic,
            title="Analytics",
            late_after_seconds=late_after_seconds,  # type: ignore[arg-type]  # CDK's token is float
        )

    return watch


def test_a_queue_is_watched_for_lateness_and_its_second_queue_for_dead_letters(
    stack: Stack,
    consumer: ConsumerQueue,
    topic: sns.ITopic,
    synthesize: Callable[[], Template],
) -> None:
    watched = QueueAlarms(
        stack,
        "Alarms",
        queue=consumer.queue,
        dead_letter_queue=consumer.dead_letter_queue,
        topic=topic,
        title="Analytics",
    )

    template = synthesize()
    found = {
        id_: (properties(template, alarm)["MetricName"], dimensions(template, alarm)["QueueName"])
        for id_, alarm in watched.alarms.items()
    }
    second = stack.resolve(consumer.dead_letter_queue.queue_name)
    assert found == {
        "Late": ("ApproximateAgeOfOldestMessage", stack.resolve(consumer.queue.queue_name)),
        "DeadLetters": ("ApproximateNumberOfMessagesVisible", second),
        "DeadLettersExpire": ("ApproximateAgeOfOldestMessage", second),
    }
    late = properties(template, watched.alarms["Late"])
    assert (late["Threshold"], late["EvaluationPeriods"]) == (900, 3)


def test_the_age_that_is_late_reaches_the_template(
    watch_queue: Callable[[float], QueueAlarms], synthesize: Callable[[], Template]
) -> None:
    watched = watch_queue(60)

    assert properties(synthesize(), watched.alarms["Late"])["Threshold"] == 60


def test_an_age_known_only_at_deployment_passes(
    stack: Stack,
    watch_queue: Callable[[float], QueueAlarms],
    synthesize: Callable[[], Template],
) -> None:
    watched = watch_queue(CfnParameter(stack, "LateAfter", type="Number").value_as_number)

    assert properties(synthesize(), watched.alarms["Late"])["Threshold"] == {"Ref": "LateAfter"}


@pytest.mark.parametrize("late_after_seconds", [0, 1_209_601])
def test_an_age_that_sqs_does_not_keep_is_refused(
    watch_queue: Callable[[float], QueueAlarms], late_after_seconds: int
) -> None:
    with pytest.raises(ConfigError, match="late_after_seconds must be between 1 and 1209600"):
        watch_queue(late_after_seconds)


def test_a_function_is_watched_for_dropped_events_errors_and_throttling(
    stack: Stack,
    function: lambda_.IFunction,
    topic: sns.ITopic,
    synthesize: Callable[[], Template],
) -> None:
    watched = FunctionAlarms(stack, "Alarms", function=function, topic=topic, title="Onboarding")

    template = synthesize()
    found = {
        id_: (
            properties(template, alarm)["MetricName"],
            properties(template, alarm)["EvaluationPeriods"],
        )
        for id_, alarm in watched.alarms.items()
    }
    assert found == {
        "EventsDropped": ("AsyncEventsDropped", 1),
        "Errors": ("Errors", 3),
        "Throttled": ("Throttles", 3),
    }
    of = {"FunctionName": stack.resolve(function.function_name)}
    assert all(dimensions(template, alarm) == of for alarm in watched.alarms.values())


def test_a_function_is_watched_with_the_queue_of_its_failures(
    stack: Stack,
    function: lambda_.IFunction,
    consumer: ConsumerQueue,
    topic: sns.ITopic,
    synthesize: Callable[[], Template],
) -> None:
    watched = FunctionAlarms(
        stack,
        "Alarms",
        function=function,
        topic=topic,
        title="Onboarding",
        dead_letter_queue=consumer.dead_letter_queue,
    )

    template = synthesize()
    of = {"QueueName": stack.resolve(consumer.dead_letter_queue.queue_name)}
    of_the_queue = [id_ for id_, a in watched.alarms.items() if dimensions(template, a) == of]
    assert of_the_queue == ["DeadLetters", "DeadLettersExpire"]


def test_every_alarm_is_documented_tells_the_topic_and_is_quiet_without_data(
    stack: Stack,
    function: lambda_.IFunction,
    topic: sns.ITopic,
    watch_queue: Callable[[float], QueueAlarms],
    synthesize: Callable[[], Template],
) -> None:
    of_function = FunctionAlarms(stack, "Fn", function=function, topic=topic, title="Onboarding")
    of_queue = watch_queue(900)

    template = synthesize()
    assert undocumented_alarms(template.to_json()) == []
    for title, alarms in (("Onboarding", of_function.alarms), ("Analytics", of_queue.alarms)):
        for alarm in alarms.values():
            found = properties(template, alarm)
            assert found["AlarmActions"] == [stack.resolve(topic.topic_arn)]
            assert found["AlarmDescription"].startswith(f"{title}: ")
            assert found["TreatMissingData"] == "notBreaching"


def test_two_of_each_in_one_stack_have_their_own_alarms(
    stack: Stack,
    function: lambda_.IFunction,
    consumer: ConsumerQueue,
    topic: sns.ITopic,
    synthesize: Callable[[], Template],
) -> None:
    for id_ in ("First", "Second"):
        FunctionAlarms(stack, f"{id_}Fn", function=function, topic=topic, title=id_)
        QueueAlarms(
            stack,
            f"{id_}Queue",
            queue=consumer.queue,
            dead_letter_queue=consumer.dead_letter_queue,
            topic=topic,
            title=id_,
        )

    synthesize().resource_count_is("AWS::CloudWatch::Alarm", 12)


def test_an_empty_title_is_refused(
    stack: Stack, function: lambda_.IFunction, consumer: ConsumerQueue, topic: sns.ITopic
) -> None:
    with pytest.raises(ConfigError, match="title must be text"):
        FunctionAlarms(stack, "Fn", function=function, topic=topic, title="")
    with pytest.raises(ConfigError, match="title must be text"):
        QueueAlarms(
            stack,
            "Queue",
            queue=consumer.queue,
            dead_letter_queue=consumer.dead_letter_queue,
            topic=topic,
            title="",
        )


def test_an_alarm_can_be_changed_behind_the_construct(
    watch_queue: Callable[[float], QueueAlarms], synthesize: Callable[[], Template]
) -> None:
    watched = watch_queue(900)
    resource = watched.alarms["Late"].node.default_child
    assert isinstance(resource, cloudwatch.CfnAlarm)

    resource.actions_enabled = False

    assert properties(synthesize(), watched.alarms["Late"])["ActionsEnabled"] is False
