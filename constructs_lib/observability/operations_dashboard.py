"""Both halves on one page."""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from constructs_lib.observability._metrics import metric, require_titles, rule_dimensions
from constructs_lib.observability.event_flow import EventFlow

_THIRD = 8
_HALF = 12
_HEIGHT = 6

_EXECUTIONS = {
    "ExecutionsStarted": "started",
    "ExecutionsSucceeded": "succeeded",
    "ExecutionsFailed": "failed",
    "ExecutionsTimedOut": "timed out",
    "ExecutionsAborted": "stopped",
}
_DELIVERIES = {
    "Invocations": "delivered or given up",
    "FailedInvocations": "given up",
    "InvocationsFailedToBeSentToDlq": "lost",
}
_PERCENTILES = ("p50", "p99")


class OperationsDashboard(Construct):
    """Show workflows and event flows on one CloudWatch dashboard, one row each.

    A workflow's row has its executions by outcome, their duration and the throttled ones; an event
    flow's row has deliveries, dead letters and latency; a queue's row has what waits and for how
    long. Everything shown stays the caller's.

    Args:
        workflows: State machines by the name that the business has for them.
        event_flows: Subscriptions, with the targets that they have by now, by the name that the
            business has for them.
        queues: Consumers' queues by the name that the business has for them.
        default_interval: How much time the dashboard shows when opened.
    Raises:
        ConfigError: A name is empty or longer than 100 characters.
    Source: Step Functions developer guide, "Monitoring Step Functions metrics using Amazon
        CloudWatch"; EventBridge user guide, "Monitoring Amazon EventBridge"; SQS developer guide,
        "Available CloudWatch metrics for Amazon SQS" (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        workflows: Mapping[str, sfn.IStateMachine],
        event_flows: Mapping[str, EventFlow],
        queues: Mapping[str, sqs.IQueue] | None = None,
        default_interval: Duration | None = None,
    ) -> None:
        queues = queues or {}
        require_titles("workflows", list(workflows))
        require_titles("event_flows", list(event_flows))
        require_titles("queues", list(queues))
        super().__init__(scope, id_)
        self.dashboard = cloudwatch.Dashboard(
            self, "Resource", default_interval=default_interval or Duration.hours(3)
        )
        self.dashboard.add_widgets(_heading("Workflows"))
        for title, state_machine in workflows.items():
            self.dashboard.add_widgets(*_workflow_row(title, state_machine))
        self.dashboard.add_widgets(_heading("Event flows"))
        for title, flow in event_flows.items():
            self.dashboard.add_widgets(*_event_flow_row(title, flow))
        for title, queue in queues.items():
            self.dashboard.add_widgets(*_queue_row(title, queue))


def _workflow_row(title: str, state_machine: sfn.IStateMachine) -> list[cloudwatch.IWidget]:
    of = {"StateMachineArn": state_machine.state_machine_arn}
    return [
        _graph(
            f"{title}: executions",
            [_states(name, of, "Sum", label) for name, label in _EXECUTIONS.items()],
        ),
        _graph(
            f"{title}: duration (ms)",
            [_states("ExecutionTime", of, percentile, percentile) for percentile in _PERCENTILES],
        ),
        _graph(f"{title}: throttled", [_states("ExecutionThrottled", of, "Sum", "throttled")]),
    ]


def _event_flow_row(title: str, flow: EventFlow) -> list[cloudwatch.IWidget]:
    rules = [rule_dimensions(rule) for rule in flow.rules]
    # One rule needs no number.
    numbers = [f" {number}" if len(rules) > 1 else "" for number in range(1, len(rules) + 1)]
    return [
        _graph(
            f"{title}: deliveries",
            [
                metric("AWS/Events", name, of, statistic="Sum", label=f"{label}{number}")
                for of, number in zip(rules, numbers, strict=True)
                for name, label in _DELIVERIES.items()
            ],
        ),
        _graph(f"{title}: dead letters", [_waiting(flow.dead_letter_queue)]),
        _graph(
            f"{title}: latency (ms)",
            [
                metric(
                    "AWS/Events",
                    "IngestionToInvocationSuccessLatency",
                    of,
                    statistic=percentile,
                    label=f"{percentile}{number}",
                )
                for of, number in zip(rules, numbers, strict=True)
                for percentile in _PERCENTILES
            ],
        ),
    ]


def _queue_row(title: str, queue: sqs.IQueue) -> list[cloudwatch.IWidget]:
    age = metric(
        "AWS/SQS",
        "ApproximateAgeOfOldestMessage",
        {"QueueName": queue.queue_name},
        statistic="Maximum",
        label="oldest",
    )
    return [
        _graph(f"{title}: waiting messages", [_waiting(queue)], width=_HALF),
        _graph(f"{title}: age of the oldest (s)", [age], width=_HALF),
    ]


def _states(name: str, of: Mapping[str, str], statistic: str, label: str) -> cloudwatch.Metric:
    return metric("AWS/States", name, of, statistic=statistic, label=label)


def _waiting(queue: sqs.IQueue) -> cloudwatch.Metric:
    return metric(
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        {"QueueName": queue.queue_name},
        statistic="Maximum",
        label="waiting",
    )


def _heading(text: str) -> cloudwatch.IWidget:
    return cloudwatch.TextWidget(markdown=f"## {text}", width=2 * _HALF, height=1)


def _graph(
    title: str, metrics: list[cloudwatch.Metric], *, width: int = _THIRD
) -> cloudwatch.IWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=list[cloudwatch.IMetric](metrics),
        left_y_axis=cloudwatch.YAxisProps(min=0),
        width=width,
        height=_HEIGHT,
    )
