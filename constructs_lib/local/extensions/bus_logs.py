"""Upstream gap: the log level of a bus and its log deliveries are kept, and nothing is logged.

What EventBridge gives up on is logged to the log groups that the bus's ``ERROR_LOGS`` are delivered
to: INVOCATION_FAILURE, and INVOCATION_DLQ where the event went to a dead-letter queue. Neither
event nor target input is in the record, as with ``IncludeDetail`` NONE.

Not emulated: records of what succeeds (levels INFO and TRACE) and of single attempts, details,
deliveries to S3 and Firehose.
Inference: the log stream bears the name of the bus; AWS does not document its name.
Source: EventBridge user guide, "Event bus log schema" (read 2026-11-23).
"""

import json
import time
import uuid
from collections.abc import Iterator, Mapping

from ministack.services import cloudwatch_logs, eventbridge

_LOG_TYPE = "ERROR_LOGS"
_Event = Mapping[str, object]


def log_failure(
    event: _Event, rule: _Event, target: _Event, *, reason: str, is_dead_lettered: bool
) -> None:
    """Log that the event will not reach the target, where the rule's bus logs errors."""
    bus = eventbridge._event_buses.get(rule.get("EventBusName", "default")) or {}
    if bus.get("LogConfig", {}).get("Level", "OFF") == "OFF":
        return
    steps = ["INVOCATION_FAILURE", *(["INVOCATION_DLQ"] if is_dead_lettered else [])]
    records = [_record(step, bus, event, rule, target, reason) for step in steps]
    for log_group in _log_groups(bus["Arn"]):
        stream = {"logGroupName": log_group, "logStreamName": bus["Name"]}
        # It is refused where it exists.
        cloudwatch_logs._create_log_stream(stream)
        cloudwatch_logs._put_log_events(
            {
                **stream,
                "logEvents": [
                    {"timestamp": record["message_timestamp_ms"], "message": json.dumps(record)}
                    for record in records
                ],
            }
        )


def _record(
    step: str, bus: _Event, event: _Event, rule: _Event, target: _Event, reason: str
) -> dict[str, object]:
    target_arn = str(target.get("Arn"))
    service = "".join(target_arn.split(":")[2:3])
    return {
        "resource_arn": bus["Arn"],
        "request_id": str(uuid.uuid4()),
        "event_id": eventbridge._pattern_event_view(event).event_with_detail()["id"],
        "invocation_id": str(uuid.uuid4()),
        "message_timestamp_ms": int(time.time() * 1000),
        "message_type": step,
        "log_level": "ERROR",
        "details": {
            "rule_arn": rule.get("Arn"),
            "role_arn": target.get("RoleArn"),
            "target_arn": target_arn,
        },
        "error": {"error_message": reason, "aws_service": service},
    }


def _log_groups(bus_arn: str) -> Iterator[str]:
    """The log groups that errors of the bus are delivered to."""
    sources = {
        source["name"]
        for source in cloudwatch_logs._delivery_sources.values()
        if bus_arn in source["resourceArns"] and source["logType"] == _LOG_TYPE
    }
    destinations = {
        delivery["deliveryDestinationArn"]
        for delivery in cloudwatch_logs._deliveries.values()
        if delivery["deliverySourceName"] in sources
    }
    for destination in cloudwatch_logs._delivery_destinations.values():
        if destination["arn"] in destinations and destination["deliveryDestinationType"] == "CWL":
            arn = destination["deliveryDestinationConfiguration"]["destinationResourceArn"]
            yield arn.removesuffix(":*").split(":log-group:", 1)[1]
