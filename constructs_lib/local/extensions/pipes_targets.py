"""How a pipe hands a batch to its target, and which of its records the target did not take.

A workflow gets the batch as one input, an event bus gets an entry a record; the other targets are
in ``pipes_deliveries``. A synchronous execution that ends well may name records to try again
(``batchItemFailures``, by ``eventID`` or ``messageId``).

Source: EventBridge user guide, "Amazon EventBridge Pipes batching and concurrency", "Amazon
EventBridge Pipes targets" (read 2026-11-23). Inference: an event without ``Source`` or
``DetailType`` parameters is named as the console shows it.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from ministack.services import eventbridge, pipes, stepfunctions

from constructs_lib.local._journal_events import PipeDelivery
from constructs_lib.local._journal_records import Caller
from constructs_lib.local.extensions import journal_store
from constructs_lib.local.extensions.answers import content, failed
from constructs_lib.local.extensions.fault_points import InjectedError, possible_faults
from constructs_lib.local.extensions.journal_callers import acting_as
from constructs_lib.local.extensions.pipes_deliveries import (
    to_api,
    to_function,
    to_log_group,
    to_queue,
)
from constructs_lib.local.extensions.pipes_functions import CallFailedError, enriched
from constructs_lib.local.extensions.pipes_outcome import Outcome, identifier, named_failures
from constructs_lib.local.extensions.pipes_records import (
    Pipe,
    Record,
    dynamic,
    parameters,
    rendered,
)


def deliver(pipe: Pipe, records: Sequence[Record]) -> Outcome:
    """Hand a batch to the pipe's target."""
    batch_id = str(uuid.uuid4())
    with acting_as(Caller(kind="pipe", arn=str(pipe["Arn"]), request_id=batch_id)):
        outcome = _deliver(pipe, records)
    journal_store.add(
        PipeDelivery,
        batch_id=batch_id,
        pipe_arn=pipe["Arn"],
        source_arn=pipe["Source"],
        target_arn=pipe["Target"],
        records=len(records),
        undelivered=len(outcome.undelivered),
        reason=outcome.reason,
        size_bytes=len(json.dumps(records, default=str)),
        messages=tuple(identifier(record) for record in records),
        started=outcome.started,
    )
    return outcome


def _deliver(pipe: Pipe, records: Sequence[Record]) -> Outcome:
    target = str(pipe["Target"])
    template = parameters(pipe, "TargetParameters").get("InputTemplate")
    try:
        batch = enriched(pipe, records)
        inputs = [rendered(pipe, template, record) for record in batch]
        outcome = _hand_over(pipe, target, batch, inputs) if batch else Outcome()
    except (CallFailedError, ValueError) as error:
        return Outcome(undelivered=records, reason=str(error))
    except InjectedError as error:
        return Outcome(undelivered=records, reason=f"{error.code}: {error}")
    if outcome.undelivered and batch is not records:
        return replace(outcome, undelivered=records)
    return outcome


def _hand_over(
    pipe: Pipe, target: str, records: Sequence[Record], inputs: Sequence[object]
) -> Outcome:
    match pipes._arn_service(target):
        case "states":
            return _run(pipe, target, records, inputs)
        case "lambda":
            return to_function(pipe, target, records, inputs)
        case "sqs":
            return to_queue(pipe, target, records, inputs)
        case "logs":
            return to_log_group(pipe, target, records, inputs)
        case "events" if ":api-destination/" in target:
            return to_api(pipe, target, records, inputs)
        case "events":
            with possible_faults("events", "PutEvents", {"Entries": {"EventBusName": target}}):
                return _publish(pipe, target, records, inputs)
        case service:
            with possible_faults(service, "Publish", {"TopicArn": target}):
                taken = _deliver_upstream(pipe, inputs)
            if taken:
                return Outcome()
            return Outcome(undelivered=records, reason=f"{service} did not take the batch")


_deliver_upstream = pipes._deliver_batch


def _run(pipe: Pipe, target: str, records: Sequence[Record], inputs: Sequence[object]) -> Outcome:
    request = {"stateMachineArn": target, "input": json.dumps(inputs)}
    options = parameters(pipe, "TargetParameters", "StepFunctionStateMachineParameters")
    if options.get("InvocationType") == "FIRE_AND_FORGET":
        with possible_faults("stepfunctions", "StartExecution", request):
            answer = stepfunctions._start_execution(request)
        if failed(answer):
            return Outcome(undelivered=records, reason=_error(answer))
        return Outcome(started=(str(content(answer)["executionArn"]),))
    with possible_faults("stepfunctions", "StartSyncExecution", request):
        answer = stepfunctions._start_sync_execution(request)
    result = content(answer)
    started = (str(result.get("executionArn", "")),)
    if failed(answer) or result.get("status") != "SUCCEEDED":
        return Outcome(undelivered=records, reason=_error(answer), started=started)
    outcome = named_failures(records, json.loads(str(result.get("output"))))
    return replace(outcome, started=started)


def _publish(
    pipe: Pipe, target: str, records: Sequence[Record], inputs: Sequence[object]
) -> Outcome:
    if not target.endswith(":event-bus/default") and not _bus_exists(target):
        return Outcome(undelivered=records, reason=f"{target} does not exist")
    options = parameters(pipe, "TargetParameters", "EventBridgeEventBusParameters")
    # Of the pipe, not of the record: what an enrichment answers does not say it.
    unnamed = f"Event from aws:{pipes._arn_service(pipe['Source'])}"
    entries = [
        {
            "EventBusName": target,
            "Source": dynamic(record, options.get("Source", f"Pipe {pipe['Name']}")),
            "DetailType": dynamic(record, options.get("DetailType", unnamed)),
            "Resources": dynamic(record, options.get("Resources", [])),
            "Detail": json.dumps(detail),
        }
        for record, detail in zip(records, inputs, strict=True)
    ]
    answer = eventbridge._put_events({"Entries": entries})
    if failed(answer):
        return Outcome(undelivered=records, reason=_error(answer))
    results = cast(list[Record], content(answer)["Entries"])
    refused = [
        (r, result) for r, result in zip(records, results, strict=True) if "ErrorCode" in result
    ]
    return Outcome(
        undelivered=[record for record, _result in refused],
        reason="; ".join(
            sorted({f"{result['ErrorCode']}: {result['ErrorMessage']}" for _r, result in refused})
        ),
        started=tuple(str(result["EventId"]) for result in results if "EventId" in result),
    )


def _bus_exists(arn: str) -> bool:
    return any(bus.get("Arn") == arn for bus in eventbridge._event_buses.values())


def _error(answer: object) -> str:
    body = content(answer)
    name = body.get("__type") or body.get("error") or body.get("status")
    return f"{name}: {body.get('message') or body.get('cause') or ''}"
