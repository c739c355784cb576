"""Upstream gap: what a target refuses is logged and forgotten; some that AWS refuses is taken.

What the targets refuse becomes a ``DeliveryError``, none of which a retry mends: a target that does
not exist; a message beyond the queue's or topic's size; a FIFO queue without message group or
without deduplication by content; input that a workflow cannot take. A Step Functions execution is
named after the event, as on AWS. A function takes every event: what becomes of it, Lambda itself
sees to (``async_invocations``).

Inference: the error codes; the user guide lists the codes alone.
Source: EventBridge user guide, "Using dead-letter queues to process undelivered events"; API
references of SQS SendMessage, SNS Publish and Step Functions StartExecution (read 2026-11-23).
"""

import json
import uuid
from collections.abc import Callable, Mapping
from typing import cast

from ministack.services import eventbridge, lambda_svc, sns, sqs, stepfunctions

from constructs_lib.local.extensions.answers import content, failed
from constructs_lib.local.extensions.event_delivery import (
    DeliveryError,
    current_delivery,
    deliver,
)

_WORKFLOW_INPUT_MAX_BYTES = 262_144
_DispatchToBus = Callable[..., None]


def register() -> None:
    """Put the retries and the dead-letter queue behind each kind of target."""
    eventbridge._dispatch_to_lambda = _delivering(_send_to_function)
    eventbridge._dispatch_to_sqs = _delivering(_send_to_queue)
    eventbridge._dispatch_to_sns = _delivering(_send_to_topic)
    eventbridge._dispatch_to_stepfunctions = _delivering(_start_execution)
    eventbridge._dispatch_to_event_bus = _delivering(
        _refusing_missing_bus(eventbridge._dispatch_to_event_bus)
    )


def _delivering(send: Callable[..., None]) -> Callable[..., None]:
    def dispatch(*arguments: object) -> None:
        deliver(lambda: send(*arguments))

    return dispatch


def missing() -> DeliveryError:
    """The error for a target that is not there."""
    return DeliveryError("NO_RESOURCE", "The target does not exist.")


def _send_to_function(arn: str, payload: str) -> None:
    function, configuration, _name = lambda_svc._get_func_record_for_ref(arn)
    if not function or not configuration:
        raise missing()
    record = lambda_svc._execution_record_for_config(function, configuration)
    try:
        event: object = json.loads(payload)
    except ValueError:
        # An input transformer may make plain text; MiniStack wraps it so.
        event = {"body": payload}
    lambda_svc.invoke_async_with_retry(record, event)


def _send_to_queue(spec: object, payload: str, parameters: Mapping[str, str] | None = None) -> None:
    queue = sqs._queue_by_arn(str(spec))
    if queue is None:
        raise missing()
    message = {"MessageBody": payload, **(parameters or {})}
    try:
        sqs._act_send_message(message, queue["url"])
    except sqs._Err as error:
        raise DeliveryError("INVALID_PARAMETER", error.message) from error


def _send_to_topic(arn: str, payload: str) -> None:
    try:
        published = sns.publish_internal(arn, payload, "EventBridge Notification")
    except sns.SnsPublishError as error:
        raise DeliveryError("INVALID_PARAMETER", str(error)) from error
    if published is None:
        raise missing()


def _start_execution(arn: str, payload: str) -> None:
    if stepfunctions._resolve_state_machine_arn(arn) is None:
        raise missing()
    if len(payload.encode()) > _WORKFLOW_INPUT_MAX_BYTES:
        raise DeliveryError(
            "INVALID_PARAMETER", f"The input is longer than {_WORKFLOW_INPUT_MAX_BYTES} bytes."
        )
    try:
        json.loads(payload)
    except ValueError as error:
        raise DeliveryError("INVALID_JSON", "The input is not valid JSON.") from error
    event_id = current_delivery.get().event.get("EventId")
    request = {"stateMachineArn": arn, "input": payload, "name": f"{event_id}_{uuid.uuid4()}"}
    response = stepfunctions._start_execution(request)
    if failed(response):
        raise DeliveryError("ERROR_FROM_TARGET", str(content(response).get("message")))


def _refusing_missing_bus(dispatch: _DispatchToBus) -> Callable[..., None]:
    def send(spec: object, *arguments: object) -> None:
        bus_name = cast(str, spec.resource).split("/", 1)[-1]  # type: ignore[attr-defined]  # a parsed ARN
        if bus_name not in eventbridge._event_buses:
            raise missing()
        dispatch(spec, *arguments)

    return send
