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
from constructs_lib.local.extensions.delivery import DeliveryError, current_delivery
from constructs_lib.local.extensions.event_delivery import deliver
from constructs_lib.local.extensions.fault_points import (
    InjectedError,
    is_slow,
    possible_faults,
)
from constructs_lib.local.extensions.journal_deliveries import started

_WORKFLOW_INPUT_MAX_BYTES = 262_144
# What names the target in the call, for faults that strike one target only.
_TARGET_PARAMETERS = {
    "lambda": "FunctionName",
    "sqs": "QueueUrl",
    "sns": "TopicArn",
    "stepfunctions": "stateMachineArn",
    "events": "Entries.EventBusName",
}
_DispatchToBus = Callable[..., None]


def register() -> None:
    """Put the retries and the dead-letter queue behind each kind of target."""
    to_bus = _refusing_missing_bus(eventbridge._dispatch_to_event_bus)
    eventbridge._dispatch_to_lambda = _delivering(_send_to_function, "lambda", "Invoke")
    eventbridge._dispatch_to_sqs = _delivering(_send_to_queue, "sqs", "SendMessage")
    eventbridge._dispatch_to_sns = _delivering(_send_to_topic, "sns", "Publish")
    eventbridge._dispatch_to_stepfunctions = _delivering(
        _start_execution, "stepfunctions", "StartExecution"
    )
    eventbridge._dispatch_to_event_bus = _delivering(to_bus, "events", "PutEvents")


def _delivering(send: Callable[..., None], service: str, action: str) -> Callable[..., None]:
    def dispatch(target: object, *arguments: object) -> None:
        parameters = {_TARGET_PARAMETERS[service]: str(target)}

        def send_or_fail() -> None:
            try:
                with possible_faults(service, action, parameters):
                    send(target, *arguments)
            except InjectedError as error:
                raise _failure(error) from error

        # Nobody else waits for a target that answers late.
        deliver(send_or_fail, in_background=is_slow(service, action))

    return dispatch


def _failure(error: InjectedError) -> DeliveryError:
    is_retriable = error.is_throttling or error.status >= 500
    if error.is_throttling:
        code = "THROTTLING"
    elif error.code.startswith("AccessDenied"):
        code = "NO_PERMISSIONS"
    else:
        code = "ERROR_FROM_TARGET"
    return DeliveryError(code, str(error), is_retriable=is_retriable)


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
        started(sqs._act_send_message(message, queue["url"]).get("MessageId"))
    except sqs._Err as error:
        raise DeliveryError("INVALID_PARAMETER", error.message) from error


def _send_to_topic(arn: str, payload: str) -> None:
    try:
        published = sns.publish_internal(arn, payload, "EventBridge Notification")
    except sns.SnsPublishError as error:
        raise DeliveryError("INVALID_PARAMETER", str(error)) from error
    if published is None:
        raise missing()
    started(published["message_id"])


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
    started(content(response)["executionArn"])


def _refusing_missing_bus(dispatch: _DispatchToBus) -> Callable[..., None]:
    def send(spec: object, *arguments: object) -> None:
        bus_name = cast(str, spec.resource).split("/", 1)[-1]  # type: ignore[attr-defined]  # a parsed ARN
        if bus_name not in eventbridge._event_buses:
            raise missing()
        dispatch(spec, *arguments)
        started(current_delivery.get().event.get("EventId"))

    return send
