"""Upstream gap: what EventBridge cannot deliver is lost; no dead-letter queue ever gets it.

* A target that does not exist: the event goes to the target's ``DeadLetterConfig`` at once, as AWS
  does for errors that no retry mends, with the same message attributes.
* A Lambda function that fails: EventBridge on AWS is done once the function has the event. Lambda
  itself tries twice more, then turns to the function's own failure destination. MiniStack has that
  machinery, but its EventBridge goes past it.

Not emulated: throttled or failing targets other than functions, hence no ``RetryPolicy`` either.
Inference: the dead-letter message holds the event as it was, not what an input transformer made.
Source: EventBridge user guide, "Using dead-letter queues" (read 2026-11-23).
"""

import json
from collections.abc import Callable, Mapping
from typing import cast

from ministack.core.arn import ArnParseError, parse_arn
from ministack.services import eventbridge, lambda_svc, sns, sqs, stepfunctions

_Event = Mapping[str, object]
_InvokeTarget = Callable[[_Event, _Event, _Event, object], None]


def register() -> None:
    """Put both ways out behind EventBridge's delivery."""
    eventbridge._invoke_target = _with_dead_letter_queue(eventbridge._invoke_target)
    eventbridge._dispatch_to_lambda = _dispatch_to_lambda


def _with_dead_letter_queue(invoke_target: _InvokeTarget) -> _InvokeTarget:
    def invoke(target: _Event, event: _Event, rule: _Event, view: object = None) -> None:
        queue_arn = cast(_Event, target.get("DeadLetterConfig") or {}).get("Arn")
        if queue_arn and not _exists(str(target.get("Arn"))):
            _send_to_dead_letter_queue(str(queue_arn), target, event, rule)
        else:
            invoke_target(target, event, rule, view)

    return invoke


def _exists(arn: str) -> bool:
    """Whether the target is there; services that are not emulated as targets pass."""
    try:
        spec = parse_arn(arn)
    except ArnParseError:
        return False
    match spec.service:
        case "sqs":
            return sqs._queue_by_arn(arn) is not None
        case "lambda":
            return lambda_svc._get_func_record_for_ref(arn)[1] is not None
        case "sns":
            return sns._topic_by_arn_any_scope(arn) is not None
        case "states":
            return stepfunctions._resolve_state_machine_arn(arn) is not None
        case "events" if spec.resource.startswith("event-bus/"):
            return spec.resource.split("/", 1)[1] in eventbridge._event_buses
        case _:
            return True


def _send_to_dead_letter_queue(queue_arn: str, target: _Event, event: _Event, rule: _Event) -> None:
    queue = sqs._queue_by_arn(queue_arn)
    if queue is None:
        eventbridge.logger.warning("EventBridge: dead-letter queue %s not found", queue_arn)
        return
    attributes = {
        "RULE_ARN": rule.get("Arn"),
        "TARGET_ARN": target.get("Arn"),
        "ERROR_CODE": "NO_RESOURCE",
        "ERROR_MESSAGE": "The target does not exist.",
    }
    message = {
        "MessageBody": json.dumps(eventbridge._pattern_event_view(event).event_with_detail()),
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    }
    sqs._act_send_message(message, queue["url"])


def _dispatch_to_lambda(arn: str, payload: str) -> None:
    function, configuration, name = lambda_svc._get_func_record_for_ref(arn)
    if not function or not configuration:
        eventbridge.logger.warning("EventBridge: function %s not found", name)
        return
    record = lambda_svc._execution_record_for_config(function, configuration)
    try:
        event: object = json.loads(payload)
    except ValueError:
        # An input transformer may make plain text; MiniStack wraps it so.
        event = {"body": payload}
    lambda_svc.invoke_async_with_retry(record, event)
