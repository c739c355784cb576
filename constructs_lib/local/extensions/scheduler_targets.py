"""Upstream gap: EventBridge Scheduler's own targets and parameters are taken, and lost.

* ``arn:aws:scheduler:::aws-sdk:service:action``: the call, with ``Input`` as its parameters.
* ``EventBridgeParameters``: source and detail-type of the event that is put onto a bus.
* ``<aws.scheduler.scheduled-time>`` and its like in ``Input``.
* In templates, time zone, dates and ``ActionAfterCompletion``.

Not emulated: targets of Kinesis, ECS and SageMaker; message attributes of its own in dead-letter
queues, which get those of a rule with the schedule's ARN as ``RULE_ARN``.
Source: EventBridge Scheduler user guide, "Using universal targets", "Using templated targets",
"Adding context attributes" (read 2026-11-27).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from ministack.core.responses import get_account_id, get_region
from ministack.services import eventbridge, scheduler, stepfunctions
from ministack.services.cloudformation import provisioners

TYPE_NAME = "AWS::Scheduler::Schedule"
_SDK = "arn:aws:scheduler:::aws-sdk:"
_LOST_IN_TEMPLATES = (
    "ScheduleExpressionTimezone",
    "StartDate",
    "EndDate",
    "ActionAfterCompletion",
    "KmsKeyArn",
)

_Record = Mapping[str, object]
_Resource = tuple[str, Mapping[str, object]]


def register() -> None:
    """Keep all that a template says of a schedule."""
    handlers = provisioners._RESOURCE_HANDLERS[TYPE_NAME]
    provisioners._RESOURCE_HANDLERS[TYPE_NAME] = {
        **handlers,
        "create": _keeping(handlers["create"], properties_at=1),
        "update": _keeping(handlers["update"], properties_at=2),
    }


def invoke_rule(rule: _Record, targets: Sequence[_Record], due: float) -> None:
    """Send the event of a scheduled rule to its targets."""
    event = _event(rule, "aws.events", due)
    view = eventbridge._pattern_event_view(event)
    for target in targets:
        eventbridge._invoke_target(target, event, rule, view)


def invoke_schedule(schedule: _Record, due: float) -> None:
    """Call the target of a schedule."""
    given = cast(_Record, schedule["Target"])
    target: dict[str, Any] = {
        **given,
        "Input": _with_attributes(str(given.get("Input", "")), schedule, due),
    }
    arn = str(target["Arn"])
    if arn.startswith(_SDK):
        _call(arn, target["Input"])
        return
    event = _event(schedule, "aws.scheduler", due)
    bus = cast(Mapping[str, str], target.get("EventBridgeParameters") or {})
    if bus:
        event |= {"Source": bus["Source"], "DetailType": bus["DetailType"]}
        event["Detail"] = target.pop("Input") or "{}"
    eventbridge._invoke_target(target, event, schedule, None)


def _event(record: _Record, source: str, due: float) -> dict[str, object]:
    return {
        "EventId": str(uuid.uuid4()),
        "Source": source,
        "DetailType": "Scheduled Event",
        "Detail": "{}",
        "EventBusName": record.get("EventBusName", "default"),
        "Time": int(due),
        "Resources": [record["Arn"]],
        "Account": get_account_id(),
        "Region": get_region(),
    }


def _with_attributes(text: str, schedule: _Record, due: float) -> str:
    values = {
        "schedule-arn": str(schedule["Arn"]),
        "scheduled-time": f"{datetime.fromtimestamp(due, UTC):%Y-%m-%dT%H:%M:%SZ}",
        "execution-id": uuid.uuid4().hex[:16],
        "attempt-number": "1",
    }
    for name, value in values.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def _call(arn: str, parameters: str) -> None:
    resource = f"arn:aws:states:::aws-sdk:{arn.removeprefix(_SDK)}"
    try:
        stepfunctions._invoke_aws_sdk_integration(resource, _named_as_in_tasks(parameters))
    except stepfunctions._ExecutionError as error:
        scheduler.logger.warning("Scheduler: %s failed: %s", arn, error)


def _named_as_in_tasks(parameters: str) -> dict[str, object]:
    given = json.loads(parameters or "{}")
    return {f"{name[:1].upper()}{name[1:]}": value for name, value in given.items()}


def _keeping(handle: Callable[..., _Resource], *, properties_at: int) -> Callable[..., _Resource]:
    def handle_all(*arguments: object) -> _Resource:
        name, attributes = handle(*arguments)
        properties = cast(_Record, arguments[properties_at])
        schedule = scheduler._schedules[f"{properties.get('GroupName', 'default')}/{name}"]
        schedule |= {key: properties[key] for key in _LOST_IN_TEMPLATES if key in properties}
        return name, attributes

    return handle_all
