"""Alarms and dashboard on the embedded AWS: they reach the operators and name what is deployed.

The embedded AWS has no metrics of Step Functions and EventBridge and does not tell one dimension
from another, so that whether an alarm looks at the right metric is a matter of the unit tests.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import App
from aws_cdk import Stack as CdkStack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as cdk_sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template

from constructs_lib.choreography import ConsumerQueue, Subscription
from constructs_lib.local import EmbeddedAws
from constructs_lib.observability import (
    AlarmTopic,
    EventFlowAlarms,
    OperationsDashboard,
    WorkflowAlarms,
)

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from tests.local.conftest import Stack, WaitUntil


@pytest.fixture(scope="module")
def template() -> Template:
    """A workflow, a subscription, their alarms and the dashboard; operators read a queue."""
    stack = CdkStack(App(), "Example")
    workflow = sfn.StateMachine(
        stack,
        "Workflow",
        definition_body=sfn.DefinitionBody.from_chainable(sfn.Pass.jsonata(stack, "Do")),
    )
    consumer = ConsumerQueue(stack, "Consumer")
    flow = Subscription(
        stack,
        "Flow",
        event_bus=events.EventBus(stack, "Bus"),
        event_pattern=events.EventPattern(detail_type=["UserSignedUp"]),
        target=targets.SqsQueue(consumer.queue),
    )
    topic = AlarmTopic(stack, "AlarmTopic").topic
    operators = cdk_sqs.Queue(stack, "Operators")
    topic.add_subscription(subscriptions.SqsSubscription(operators, raw_message_delivery=True))
    WorkflowAlarms(stack, "WorkflowAlarms", state_machine=workflow, topic=topic, title="Sign-up")
    EventFlowAlarms(stack, "FlowAlarms", flow=flow, topic=topic, title="Analytics")
    OperationsDashboard(
        stack, "Dashboard", workflows={"Sign-up": workflow}, event_flows={"Analytics": flow}
    )
    return Template.from_stack(stack)


@pytest.fixture
def find(stack: Stack, template: Template) -> Callable[[str, str], str]:
    """Deploy the template; the answer finds the physical id of its one resource of a type, with
    so-named construct in its logical id."""
    resources = template.to_json()["Resources"]
    assert stack.create(**resources) == "CREATE_COMPLETE", stack.reasons()

    def physical_id(type_name: str, part: str) -> str:
        (logical_id,) = (
            logical_id
            for logical_id, resource in resources.items()
            if resource["Type"] == type_name and logical_id.startswith(part)
        )
        return stack.physical_id(logical_id)

    return physical_id


@pytest.fixture
def cloudwatch(aws: EmbeddedAws) -> Iterator[Any]:
    with closing(aws.client("cloudwatch")) as client:  # type: ignore[call-overload]  # no stub
        yield client


def _dimensions(cloudwatch: Any, alarm: str) -> dict[str, str]:
    (found,) = cloudwatch.describe_alarms(AlarmNames=[alarm])["MetricAlarms"]
    return {dimension["Name"]: dimension["Value"] for dimension in found["Dimensions"]}


@pytest.mark.parametrize(
    ("alarm", "title"),
    [("WorkflowAlarmsFailed", "Sign-up"), ("FlowAlarmsDeadLettersExpire", "Analytics")],
)
def test_an_alarm_tells_the_operators_what_happened_to_whom(
    find: Callable[[str, str], str],
    cloudwatch: Any,
    sqs: SQSClient,
    wait_until: WaitUntil,
    alarm: str,
    title: str,
) -> None:
    name = find("AWS::CloudWatch::Alarm", alarm)
    operators = find("AWS::SQS::Queue", "Operators")

    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a test")

    (message,) = wait_until(lambda: sqs.receive_message(QueueUrl=operators).get("Messages"))
    notice = json.loads(message["Body"])
    assert notice["AlarmName"] == name
    assert notice["AlarmDescription"].startswith(f"{title}: ")


def test_the_alarms_of_a_rule_are_on_the_deployed_rule_and_bus(
    find: Callable[[str, str], str], cloudwatch: Any, aws: EmbeddedAws
) -> None:
    bus = find("AWS::Events::EventBus", "Bus")
    with closing(aws.client("events")) as client:
        (rule,) = client.list_rules(EventBusName=bus)["Rules"]

    alarm = find("AWS::CloudWatch::Alarm", "FlowAlarmsEventsLost")

    assert _dimensions(cloudwatch, alarm) == {"EventBusName": bus, "RuleName": rule["Name"]}


def test_the_dashboard_shows_the_deployed_workflow_and_rule(
    find: Callable[[str, str], str], cloudwatch: Any
) -> None:
    name = find("AWS::CloudWatch::Dashboard", "Dashboard")

    body = json.loads(cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"])

    shown = {
        metric[index + 1]
        for widget in body["widgets"]
        for metric in widget["properties"].get("metrics", [])
        for index in range(2, len(metric) - 1, 2)
    }
    assert find("AWS::StepFunctions::StateMachine", "Workflow") in shown
    assert find("AWS::Events::EventBus", "Bus") in shown
