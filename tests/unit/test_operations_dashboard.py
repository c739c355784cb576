import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template

from constructs_lib.choreography import Subscription
from constructs_lib.observability import OperationsDashboard
from constructs_lib.validation import ConfigError
from tests.unit.documented_metrics import is_documented

_PATTERN = events.EventPattern(detail_type=["UserSignedUp"])


def _body(template: Template) -> dict[str, Any]:
    """The dashboard's body; what CloudFormation fills in stands as ``${…}``."""
    (dashboard,) = template.find_resources("AWS::CloudWatch::Dashboard").values()
    parts = dashboard["Properties"]["DashboardBody"]["Fn::Join"][1]
    text = "".join(
        part
        if isinstance(part, str)
        else "${" + ".".join(part.get("Fn::GetAtt", [part.get("Ref")])) + "}"
        for part in parts
    )
    body: dict[str, Any] = json.loads(text)
    return body


def _graphs(template: Template) -> dict[str, list[list[Any]]]:
    """The metrics of each graph by the graph's title."""
    return {
        widget["properties"]["title"]: widget["properties"]["metrics"]
        for widget in _body(template)["widgets"]
        if widget["type"] == "metric"
    }


@pytest.fixture
def state_machine(stack: Stack) -> sfn.IStateMachine:
    return sfn.StateMachine.from_state_machine_name(stack, "Workflow", "sign-up")


@pytest.fixture
def queue(stack: Stack) -> sqs.IQueue:
    return sqs.Queue(stack, "Queue")


@pytest.fixture
def flow(stack: Stack, event_bus: events.IEventBus, queue: sqs.IQueue) -> Subscription:
    return Subscription(
        stack,
        "Onboarding",
        event_bus=event_bus,
        event_pattern=_PATTERN,
        target=targets.SqsQueue(queue),
        dead_letter_queue=queue,
    )


@pytest.fixture
def dashboard(
    stack: Stack,
    state_machine: sfn.IStateMachine,
    queue: sqs.IQueue,
    flow: Subscription,
) -> OperationsDashboard:
    return OperationsDashboard(
        stack,
        "Dashboard",
        workflows={"Sign-up": state_machine},
        event_flows={"Onboarding": flow},
        queues={"Analytics": queue},
    )


@pytest.mark.usefixtures("dashboard")
def test_both_halves_are_shown_by_the_names_that_the_business_has(
    synthesize: Callable[[], Template],
) -> None:
    template = synthesize()

    shown = {
        title: [name for _, name, *_ in metrics] for title, metrics in _graphs(template).items()
    }
    assert shown == {
        "Sign-up: executions": [
            "ExecutionsStarted",
            "ExecutionsSucceeded",
            "ExecutionsFailed",
            "ExecutionsTimedOut",
            "ExecutionsAborted",
        ],
        "Sign-up: duration (ms)": ["ExecutionTime", "ExecutionTime"],
        "Sign-up: throttled": ["ExecutionThrottled"],
        "Onboarding: deliveries": [
            "Invocations",
            "FailedInvocations",
            "InvocationsFailedToBeSentToDlq",
        ],
        "Onboarding: dead letters": ["ApproximateNumberOfMessagesVisible"],
        "Onboarding: latency (ms)": ["IngestionToInvocationSuccessLatency"] * 2,
        "Analytics: waiting messages": ["ApproximateNumberOfMessagesVisible"],
        "Analytics: age of the oldest (s)": ["ApproximateAgeOfOldestMessage"],
    }


@pytest.mark.usefixtures("dashboard")
def test_every_graph_is_of_metrics_that_aws_documents(synthesize: Callable[[], Template]) -> None:
    metrics = [metric for graph in _graphs(synthesize()).values() for metric in graph]

    assert len(metrics) == 16
    for namespace, name, *rest in metrics:
        assert is_documented(namespace, name, rest[:-1:2]), (namespace, name, rest)


@pytest.mark.usefixtures("dashboard")
def test_times_are_shown_as_median_and_slowest_percent(synthesize: Callable[[], Template]) -> None:
    graphs = _graphs(synthesize())

    for title in ("Sign-up: duration (ms)", "Onboarding: latency (ms)"):
        assert [metric[-1]["stat"] for metric in graphs[title]] == ["p50", "p99"]


@pytest.mark.usefixtures("dashboard")
def test_a_workflow_a_flow_and_a_queue_fill_one_row_each(
    synthesize: Callable[[], Template],
) -> None:
    rows: dict[int, int] = {}
    for widget in _body(synthesize())["widgets"]:
        rows[widget["y"]] = rows.get(widget["y"], 0) + widget["width"]

    # Two headings, and three rows of graphs.
    assert list(rows.values()) == [24] * 5


def test_each_rule_of_a_flow_is_a_numbered_line(
    stack: Stack, flow: Subscription, synthesize: Callable[[], Template]
) -> None:
    # One more than a rule takes.
    for number in range(5):
        flow.add_target(targets.SqsQueue(sqs.Queue(stack, f"Queue{number}")))

    OperationsDashboard(stack, "Dashboard", workflows={}, event_flows={"Onboarding": flow})

    latency = _graphs(synthesize())["Onboarding: latency (ms)"]
    assert [metric[-1]["label"] for metric in latency] == ["p50 1", "p99 1", "p50 2", "p99 2"]


@pytest.mark.parametrize(
    ("interval", "start"), [(None, "-PT3H"), (Duration.days(1), "-P1D")], ids=["default", "day"]
)
def test_the_time_that_is_shown_reaches_the_template(
    stack: Stack,
    flow: Subscription,
    synthesize: Callable[[], Template],
    interval: Duration | None,
    start: str,
) -> None:
    OperationsDashboard(
        stack,
        "Dashboard",
        workflows={},
        event_flows={"Onboarding": flow},
        default_interval=interval,
    )

    assert _body(synthesize())["start"] == start


@pytest.mark.parametrize("argument", ["workflows", "event_flows", "queues"])
def test_a_thing_without_a_name_is_refused(
    stack: Stack,
    state_machine: sfn.IStateMachine,
    queue: sqs.IQueue,
    flow: Subscription,
    argument: str,
) -> None:
    def title(of: str) -> str:
        return "" if of == argument else "Named"

    with pytest.raises(ConfigError, match=f"{argument} must be text of 1 to 100 characters"):
        OperationsDashboard(
            stack,
            "Dashboard",
            workflows={title("workflows"): state_machine},
            event_flows={title("event_flows"): flow},
            queues={title("queues"): queue},
        )


def test_two_dashboards_fit_in_one_stack(
    stack: Stack, flow: Subscription, synthesize: Callable[[], Template]
) -> None:
    for id_ in ("First", "Second"):
        OperationsDashboard(stack, id_, workflows={}, event_flows={"Onboarding": flow})

    synthesize().resource_count_is("AWS::CloudWatch::Dashboard", 2)


def test_the_dashboard_can_be_changed_behind_the_construct(
    dashboard: OperationsDashboard, synthesize: Callable[[], Template]
) -> None:
    resource = dashboard.dashboard.node.default_child
    assert isinstance(resource, cloudwatch.CfnDashboard)

    resource.dashboard_name = "operations"

    synthesize().has_resource_properties(
        "AWS::CloudWatch::Dashboard", {"DashboardName": "operations"}
    )
