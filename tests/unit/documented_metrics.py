"""Metrics and the dimensions under which AWS publishes them, as its documentation lists them.

Step Functions developer guide, "Monitoring Step Functions metrics using Amazon CloudWatch";
EventBridge user guide, "Monitoring Amazon EventBridge"; CloudWatch user guide, supported metrics by
resource type; SQS developer guide, "Available CloudWatch metrics for Amazon SQS"; Lambda developer
guide, "Types of metrics for Lambda functions" (all read 2026-11-23).
"""

from collections.abc import Iterable, Mapping
from typing import Any

_STATE_MACHINE = [{"StateMachineArn"}]
_RULE = [{"RuleName"}, {"EventBusName", "RuleName"}]
_QUEUE = [{"QueueName"}]
_FUNCTION = [{"FunctionName"}]

DOCUMENTED: Mapping[tuple[str, str], list[set[str]]] = {
    **{
        ("AWS/States", name): _STATE_MACHINE
        for name in (
            "ExecutionsAborted",
            "ExecutionsFailed",
            "ExecutionsStarted",
            "ExecutionsSucceeded",
            "ExecutionsTimedOut",
            "ExecutionThrottled",
            "ExecutionTime",
        )
    },
    **{
        ("AWS/Events", name): _RULE
        for name in (
            "FailedInvocations",
            "IngestionToInvocationSuccessLatency",
            "Invocations",
            "InvocationsFailedToBeSentToDlq",
            "ThrottledRules",
        )
    },
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"): _QUEUE,
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): _QUEUE,
    ("AWS/Lambda", "AsyncEventsDropped"): _FUNCTION,
    ("AWS/Lambda", "Errors"): _FUNCTION,
    ("AWS/Lambda", "Throttles"): _FUNCTION,
}


def is_documented(namespace: str, metric: str, dimensions: Iterable[str]) -> bool:
    """Whether AWS publishes the metric under these dimensions: under others it has no values."""
    return set(dimensions) in DOCUMENTED.get((namespace, metric), [])


def undocumented_alarms(template: Mapping[str, Any]) -> list[str]:
    """The alarms of a template that can never go off."""
    return [
        logical_id
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
        and not is_documented(
            resource["Properties"]["Namespace"],
            resource["Properties"]["MetricName"],
            [dimension["Name"] for dimension in resource["Properties"]["Dimensions"]],
        )
    ]
