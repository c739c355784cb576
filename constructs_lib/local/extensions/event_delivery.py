"""Upstream gap: EventBridge tries once; what it cannot deliver is lost.

What a target refuses for now is tried again under the target's ``RetryPolicy``, the delays on the
account's clock. What no retry mends, and what the policy gives up on, goes to the target's
``DeadLetterConfig`` with the message attributes of AWS. Which error is which,
``event_delivery_targets`` and ``event_delivery_http`` know.

Not emulated: permissions, hence no ``NO_PERMISSIONS``; the jitter of the delays.
Inference: the delays, a second doubled up to eight minutes, with which AWS's default of 185 retries
fills its 24 hours; an event whose next try would come too late is given up before it; the
dead-letter message holds the event as it was, not what an input transformer made; an event that was
never retried has neither ``RETRY_ATTEMPTS`` nor ``EXHAUSTED_RETRY_CONDITION``.
Source: EventBridge user guide, "How EventBridge retries delivering events" and "Using dead-letter
queues to process undelivered events"; API reference, RetryPolicy (read 2026-11-23).
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import cast

from ministack.core.arn import ArnParseError, parse_arn
from ministack.services import eventbridge, sqs

from constructs_lib.local.extensions import clock, journal_deliveries
from constructs_lib.local.extensions.bus_logs import log_failure
from constructs_lib.local.extensions.delivery import Delivery, DeliveryError, current_delivery

_DEFAULT_RETRIES = 185
_DEFAULT_AGE_SECONDS = 24 * 60 * 60
_LONGEST_DELAY_SECONDS = 8 * 60

_Event = Mapping[str, object]
_InvokeTarget = Callable[[_Event, _Event, _Event, object], None]


def register() -> None:
    """Let what sends to a target know the delivery."""
    eventbridge._invoke_target = _with_delivery(eventbridge._invoke_target)


def _with_delivery(invoke_target: _InvokeTarget) -> _InvokeTarget:
    def invoke(target: _Event, event: _Event, rule: _Event, view: object = None) -> None:
        delivery = Delivery(target=target, event=event, rule=rule)
        problem = _unreachable(str(target.get("Arn")))
        if problem:
            give_up(delivery, error_code="NO_RESOURCE", error_message=problem, attempts=0)
            return
        token = current_delivery.set(delivery)
        try:
            invoke_target(target, event, rule, view)
        finally:
            current_delivery.reset(token)

    return invoke


def _unreachable(arn: str) -> str:
    """Why MiniStack would drop an event for the target without asking what sends to it."""
    try:
        spec = parse_arn(arn)
    except ArnParseError:
        return "The target's ARN is not valid."
    if not eventbridge._target_matches_request_scope(spec):
        return "The target is in another account or region."
    return ""


def deliver(send: Callable[[], None], *, in_background: bool = False) -> None:
    """Call ``send`` until it raises no DeliveryError, or move the event to the dead-letter queue.

    The first try takes place here, unless ``in_background``; the delays never do.
    """
    delivery = current_delivery.get()
    send = journal_deliveries.attempts(delivery, send)
    if in_background:
        clock.start(partial(_try_all, delivery, send))
        return
    try:
        send()
    except DeliveryError as error:
        if error.is_retriable:
            clock.start(partial(_retry, delivery, send, error))
        else:
            give_up(delivery, error_code=error.code, error_message=str(error))


def _try_all(delivery: Delivery, send: Callable[[], None]) -> None:
    try:
        send()
    except DeliveryError as error:
        _retry(delivery, send, error)


def _retry(delivery: Delivery, send: Callable[[], None], error: DeliveryError) -> None:
    policy = cast(Mapping[str, int], delivery.target.get("RetryPolicy") or {})
    retries, age_seconds, exhausted = 0, 0, ""
    while error.is_retriable:
        delay_seconds = min(2**retries, _LONGEST_DELAY_SECONDS)
        if retries >= policy.get("MaximumRetryAttempts", _DEFAULT_RETRIES):
            exhausted = "MaximumRetryAttempts"
        elif age_seconds + delay_seconds > policy.get(
            "MaximumEventAgeInSeconds", _DEFAULT_AGE_SECONDS
        ):
            exhausted = "MaximumEventAgeInSeconds"
        if exhausted:
            break
        clock.sleep(delay_seconds)
        age_seconds += delay_seconds
        retries += 1
        try:
            send()
        except DeliveryError as next_error:
            error = next_error
        else:
            return
    give_up(
        delivery,
        error_code=error.code,
        error_message=str(error),
        attempts=retries + 1,
        exhausted=exhausted,
    )


def give_up(
    delivery: Delivery,
    *,
    error_code: str,
    error_message: str,
    attempts: int = 1,
    exhausted: str = "",
) -> None:
    """Move an undelivered event to its target's dead-letter queue, and tell the bus's log.

    Without a queue the event is lost.
    """
    event, rule, target = delivery.event, delivery.rule, delivery.target
    attributes = {
        "RULE_ARN": str(rule.get("Arn")),
        "TARGET_ARN": str(target.get("Arn")),
        "ERROR_CODE": error_code,
        "ERROR_MESSAGE": error_message,
    }
    if exhausted:
        attributes["EXHAUSTED_RETRY_CONDITION"] = exhausted
    if exhausted or attempts > 1:
        attributes["RETRY_ATTEMPTS"] = str(attempts - 1)
    queue_arn = cast(_Event, target.get("DeadLetterConfig") or {}).get("Arn")
    queue = sqs._queue_by_arn(str(queue_arn)) if queue_arn else None
    if queue is not None:
        _send_to_dead_letter_queue(queue, event, attributes)
    elif queue_arn:
        eventbridge.logger.warning("EventBridge: dead-letter queue %s not found", queue_arn)
    journal_deliveries.given_up(
        delivery,
        attempts_made=attempts,
        code=error_code,
        message=error_message,
        dead_letter_queue=str(queue_arn) if queue is not None else "",
    )
    log_failure(event, rule, target, reason=error_message, is_dead_lettered=bool(queue_arn))


def _send_to_dead_letter_queue(queue: _Event, event: _Event, attributes: Mapping[str, str]) -> None:
    view = eventbridge._pattern_event_view(event)
    message = {
        "MessageBody": json.dumps(view.event_with_detail()),
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    }
    sqs._act_send_message(message, queue["url"])
