from collections.abc import Callable

import pytest
from aws_cdk import CfnParameter, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Template

from constructs_lib.choreography import Subscription
from constructs_lib.observability import EventFlowAlarms
from constructs_lib.validation import ConfigError
from tests.unit.alarms import dimensions, properties
from tests.unit.documented_metrics import undocumented_alarms

_PATTERN = events.EventPattern(detail_type=["UserSignedUp"])


@pytest.fixture
def topic(stack: Stack) -> sns.ITopic:
    return sns.Topic(stack, "Topic")


@pytest.fixture
def dead_letters(stack: Stack) -> sqs.IQueue:
    return sqs.Queue(stack, "DeadLetters")


@pytest.fixture
def follow(stack: Stack, dead_letters: sqs.IQueue) -> Callable[[events.IEventBus], Subscription]:
    """Subscribe to a bus."""

    def subscribe(bus: events.IEventBus) -> Subscription:
        return Subscription(
            stack,
            "Onboarding",
            event_bus=bus,
            event_pattern=_PATTERN,
            target=targets.SqsQueue(dead_letters),
            dead_letter_queue=dead_letters,
        )

    return subscribe


@pytest.fixture
def flow(
    follow: Callable[[events.IEventBus], Subscription], event_bus: events.IEventBus
) -> Subscription:
    return follow(event_bus)


@pytest.fixture
def watched(stack: Stack, flow: Subscription, topic: sns.ITopic) -> EventFlowAlarms:
    return EventFlowAlarms(stack, "Alarms", flow=flow, topic=topic, title="Onboarding")


def test_each_way_for_an_event_to_go_astray_has_an_alarm(
    watched: EventFlowAlarms, synthesize: Callable[[], Template]
) -> None:
    template = synthesize()

    metrics = {
        id_: properties(template, alarm)["MetricName"] for id_, alarm in watched.alarms.items()
    }
    assert metrics == {
        "FailedInvocations": "FailedInvocations",
        "EventsLost": "InvocationsFailedToBeSentToDlq",
        "Throttled": "ThrottledRules",
        "Late": "IngestionToInvocationSuccessLatency",
        "DeadLetters": "ApproximateNumberOfMessagesVisible",
        "DeadLettersExpire": "ApproximateAgeOfOldestMessage",
    }


def test_every_alarm_is_on_a_metric_that_aws_documents(
    watched: EventFlowAlarms, synthesize: Callable[[], Template]
) -> None:
    assert len(watched.alarms) == 6
    assert undocumented_alarms(synthesize().to_json()) == []


def test_a_rule_on_a_custom_bus_is_watched_under_its_bus_and_its_own_name(
    stack: Stack, watched: EventFlowAlarms, flow: Subscription, synthesize: Callable[[], Template]
) -> None:
    rule = flow.rules[0].node.default_child
    assert isinstance(rule, events.CfnRule)

    # Not what Ref gives, which on a custom bus is bus and rule in one.
    assert dimensions(synthesize(), watched.alarms["EventsLost"]) == {
        "EventBusName": "callers-bus",
        "RuleName": {"Fn::GetAtt": [stack.resolve(rule.logical_id), "RuleName"]},
    }


def test_a_rule_on_the_default_bus_is_watched_under_its_name_alone(
    stack: Stack,
    follow: Callable[[events.IEventBus], Subscription],
    topic: sns.ITopic,
    synthesize: Callable[[], Template],
) -> None:
    bus = events.EventBus.from_event_bus_name(stack, "DefaultBus", "default")

    watched = EventFlowAlarms(stack, "Alarms", flow=follow(bus), topic=topic, title="Onboarding")

    assert dimensions(synthesize(), watched.alarms["Late"]).keys() == {"RuleName"}


def test_the_dead_letters_are_those_of_the_flows_own_queue(
    stack: Stack,
    watched: EventFlowAlarms,
    dead_letters: sqs.IQueue,
    synthesize: Callable[[], Template],
) -> None:
    template = synthesize()

    of = {"QueueName": stack.resolve(dead_letters.queue_name)}
    assert dimensions(template, watched.alarms["DeadLetters"]) == of
    assert dimensions(template, watched.alarms["DeadLettersExpire"]) == of


def test_one_dead_letter_alarms_and_so_does_one_a_week_old(
    watched: EventFlowAlarms, synthesize: Callable[[], Template]
) -> None:
    template = synthesize()

    depth = properties(template, watched.alarms["DeadLetters"])
    age = properties(template, watched.alarms["DeadLettersExpire"])
    assert (depth["Statistic"], depth["Threshold"]) == ("Maximum", 1)
    assert (age["Statistic"], age["Threshold"]) == ("Maximum", 7 * 24 * 60 * 60)


def test_lateness_is_that_of_the_slowest_percent_for_a_quarter_of_an_hour(
    watched: EventFlowAlarms, synthesize: Callable[[], Template]
) -> None:
    late = properties(synthesize(), watched.alarms["Late"])

    expected = {
        "ExtendedStatistic": "p99",
        "Threshold": 30_000,
        "Period": 300,
        "EvaluationPeriods": 3,
    }
    assert expected.items() <= late.items()


def test_every_alarm_tells_the_topic_what_happened_to_whom_and_is_quiet_without_data(
    stack: Stack,
    watched: EventFlowAlarms,
    topic: sns.ITopic,
    synthesize: Callable[[], Template],
) -> None:
    template = synthesize()

    for alarm in watched.alarms.values():
        found = properties(template, alarm)
        assert found["AlarmActions"] == [stack.resolve(topic.topic_arn)]
        assert found["AlarmDescription"].startswith("Onboarding: ")
        assert found["TreatMissingData"] == "notBreaching"


def test_each_rule_of_a_flow_has_alarms_and_the_queue_has_them_once(
    stack: Stack, flow: Subscription, topic: sns.ITopic, synthesize: Callable[[], Template]
) -> None:
    # One more than a rule takes.
    for number in range(5):
        flow.add_target(targets.SqsQueue(sqs.Queue(stack, f"Queue{number}")))

    watched = EventFlowAlarms(stack, "Alarms", flow=flow, topic=topic, title="Onboarding")

    template = synthesize()
    assert len(watched.alarms) == 10
    names = [
        str(dimensions(template, watched.alarms[id_])["RuleName"])
        for id_ in ("EventsLost", "EventsLost2")
    ]
    assert len(set(names)) == 2


def test_the_time_after_which_an_event_is_late_reaches_the_template(
    stack: Stack, flow: Subscription, topic: sns.ITopic, synthesize: Callable[[], Template]
) -> None:
    watched = EventFlowAlarms(
        stack, "Alarms", flow=flow, topic=topic, title="Onboarding", late_after_milliseconds=500
    )

    assert properties(synthesize(), watched.alarms["Late"])["Threshold"] == 500


def test_a_time_known_only_at_deployment_passes(
    stack: Stack, flow: Subscription, topic: sns.ITopic, synthesize: Callable[[], Template]
) -> None:
    late = CfnParameter(stack, "LateAfter", type="Number")

    watched = EventFlowAlarms(
        stack,
        "Alarms",
        flow=flow,
        topic=topic,
        title="Onboarding",
        late_after_milliseconds=late.value_as_number,  # type: ignore[arg-type]  # CDK says float
    )

    assert properties(synthesize(), watched.alarms["Late"])["Threshold"] == {"Ref": "LateAfter"}


@pytest.mark.parametrize("late_after_milliseconds", [0, 86_400_001])
def test_a_time_that_eventbridge_never_takes_is_refused(
    stack: Stack, flow: Subscription, topic: sns.ITopic, late_after_milliseconds: int
) -> None:
    with pytest.raises(ConfigError, match="late_after_milliseconds must be between 1 and 86400000"):
        EventFlowAlarms(
            stack,
            "Alarms",
            flow=flow,
            topic=topic,
            title="Onboarding",
            late_after_milliseconds=late_after_milliseconds,
        )


def test_an_empty_title_is_refused(stack: Stack, flow: Subscription, topic: sns.ITopic) -> None:
    with pytest.raises(ConfigError, match="title must be text of 1 to 100 characters"):
        EventFlowAlarms(stack, "Alarms", flow=flow, topic=topic, title="")


def test_two_flows_in_one_stack_have_their_own_alarms(
    stack: Stack, flow: Subscription, topic: sns.ITopic, synthesize: Callable[[], Template]
) -> None:
    for id_ in ("First", "Second"):
        EventFlowAlarms(stack, id_, flow=flow, topic=topic, title=id_)

    synthesize().resource_count_is("AWS::CloudWatch::Alarm", 12)


def test_an_alarm_can_be_changed_behind_the_construct(
    watched: EventFlowAlarms, synthesize: Callable[[], Template]
) -> None:
    resource = watched.alarms["DeadLetters"].node.default_child
    assert isinstance(resource, cloudwatch.CfnAlarm)

    resource.actions_enabled = False

    assert properties(synthesize(), watched.alarms["DeadLetters"])["ActionsEnabled"] is False
