"""Upstream gap: what becomes of an asynchronous invocation that fails is half of what AWS does.

* A function that fails runs again after one and two minutes; a throttled one for six hours, with
  delays that grow to five minutes. Both follow the function's ``EventInvokeConfig`` and the
  account's clock; MiniStack takes three seconds and counts a throttled try as one that failed.
* The record for the failure destination says why: ``RetriesExhausted``, ``EventAgeExceeded`` or, at
  once, ``ZeroReservedConcurrency``. MiniStack knows the first.
* A function's ``DeadLetterConfig`` gets the event itself with three message attributes; MiniStack
  sends the destination's record there too, or there alone.

A throttled function runs again after a twentieth of a second of real time at the earliest, so that
a small time scale leaves it time to finish what it is at.

Not emulated: destinations for what succeeds, buses and buckets as destinations, errors of Lambda.
Source: Lambda developer guide, "How Lambda handles errors and retries with asynchronous
invocation", "Capturing records of Lambda asynchronous invocations", "Configuring reserved
concurrency" (read 2026-11-23).
Inference: the name of the condition ``ZeroReservedConcurrency``, as other emulators have it.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import cast

from ministack.services import lambda_svc, sns, sqs

from constructs_lib.local.extensions import clock

_DEFAULT_RETRIES = 2
_DEFAULT_AGE_SECONDS = 6 * 60 * 60
_LONGEST_THROTTLE_SECONDS = 5 * 60
_SHORTEST_THROTTLE_SECONDS = 0.05
_ERROR_MESSAGE_MAX_CHARACTERS = 1024

_Record = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class _Failure:
    """Why Lambda will not run the function for this event again."""

    condition: str
    runs: int
    answer: _Record | None


def register() -> None:
    """Put Lambda's retries and its two ways out behind every asynchronous invocation."""
    lambda_svc.invoke_async_with_retry = _invoke


def _invoke(function: _Record, event: object) -> None:
    clock.start(partial(_run, function, event))


def _run(function: _Record, event: object) -> None:
    config = cast(_Record, function.get("config") or function)
    account_id, region = lambda_svc._account_region_from_function_config(config)
    lambda_svc._request_account_id.set(account_id)
    lambda_svc._request_region.set(region)
    settings = _settings(function)
    failure = _failure(function, config, settings, event)
    if failure is None:
        return
    record = _destination_record(config, event, failure)
    destinations = cast(Mapping[str, _Record], settings.get("DestinationConfig") or {})
    destination = cast(_Record, destinations.get("OnFailure") or {}).get("Destination")
    if destination:
        _send(str(destination), record, {})
    dead_letters = cast(_Record, config.get("DeadLetterConfig") or {}).get("TargetArn")
    if dead_letters:
        _send(str(dead_letters), event, _dead_letter_attributes(failure))


def _settings(function: _Record) -> _Record:
    by_qualifier = cast(Mapping[str, object], function.get("event_invoke_configs") or {})
    return cast(_Record, function.get("event_invoke_config") or by_qualifier.get("$LATEST") or {})


def _failure(
    function: _Record, config: _Record, settings: _Record, event: object
) -> _Failure | None:
    """Run the function until it succeeds; the failure that ends the tries."""
    if lambda_svc._reserved_concurrency(function, config) == 0:
        return _Failure(condition="ZeroReservedConcurrency", runs=0, answer=None)
    retries = int(str(settings.get("MaximumRetryAttempts", _DEFAULT_RETRIES)))
    age_limit = int(str(settings.get("MaximumEventAgeInSeconds", _DEFAULT_AGE_SECONDS)))
    runs = throttles = age_seconds = 0
    while True:
        answer: _Record = lambda_svc._execute_function(function, event)
        if not answer.get("error"):
            return None
        if answer.get("throttle"):
            delay = min(2**throttles, _LONGEST_THROTTLE_SECONDS)
            shortest = _SHORTEST_THROTTLE_SECONDS
            throttles += 1
        else:
            runs += 1
            if runs > retries:
                return _Failure(condition="RetriesExhausted", runs=runs, answer=answer)
            delay, shortest = 60 * runs, 0
        if age_seconds + delay > age_limit:
            return _Failure(condition="EventAgeExceeded", runs=runs, answer=answer)
        clock.sleep(max(delay, clock.current().after_real(shortest)))
        age_seconds += delay


def _destination_record(config: _Record, event: object, failure: _Failure) -> _Record:
    record: dict[str, object] = {
        "version": "1.0",
        "timestamp": datetime.fromtimestamp(clock.current().now(), UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z"),
        "requestContext": {
            "requestId": str(uuid.uuid4()),
            "functionArn": f"{config['FunctionArn']}:{config.get('Version', '$LATEST')}",
            "condition": failure.condition,
            "approximateInvokeCount": failure.runs,
        },
        "requestPayload": event,
    }
    if failure.answer is not None and not failure.answer.get("throttle"):
        record["responseContext"] = {
            "statusCode": 200,
            "executedVersion": config.get("Version", "$LATEST"),
            "functionError": failure.answer.get("function_error") or "Unhandled",
        }
        record["responsePayload"] = failure.answer.get("body")
    return record


def _dead_letter_attributes(failure: _Failure) -> dict[str, dict[str, str]]:
    answer = failure.answer or {}
    has_run = failure.answer is not None and not answer.get("throttle")
    body = cast(_Record, answer.get("body") or {}) if has_run else {}
    message = str(body.get("errorMessage") or failure.condition)[:_ERROR_MESSAGE_MAX_CHARACTERS]
    return {
        "RequestID": {"DataType": "String", "StringValue": str(uuid.uuid4())},
        "ErrorCode": {"DataType": "Number", "StringValue": "200" if has_run else "429"},
        "ErrorMessage": {"DataType": "String", "StringValue": message},
    }


def _send(arn: str, content: object, attributes: Mapping[str, object]) -> None:
    service = arn.split(":")[2]
    body = json.dumps(content)
    if service == "sqs" and (queue := sqs._queue_by_arn(arn)) is not None:
        sqs._act_send_message({"MessageBody": body, "MessageAttributes": attributes}, queue["url"])
    elif service == "sns" and sns._topic_by_arn_any_scope(arn) is not None:
        sns.publish_internal(arn, body, message_attributes=attributes)
    elif service == "lambda" and (found := lambda_svc._get_func_record_for_ref(arn))[1] is not None:
        _invoke(lambda_svc._execution_record_for_config(found[0], found[1]), content)
    else:
        lambda_svc.logger.warning("Lambda: failure destination %s not found", arn)
