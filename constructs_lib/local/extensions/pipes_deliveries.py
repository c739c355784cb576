"""Queues, log groups, functions and APIs as targets of a pipe.

A queue and an API get a message a record, a function gets the batch as one list and may name the
records to try again. A log group gets an event a record.
Source: EventBridge user guide, "Amazon EventBridge Pipes targets" (read 2026-11-27).
"""

import json
from collections.abc import Sequence

from ministack.services import cloudwatch_logs, sqs

from constructs_lib.local.extensions.fault_points import possible_faults
from constructs_lib.local.extensions.pipes_functions import (
    CallFailedError,
    call_api,
    call_function,
    invoke_function,
)
from constructs_lib.local.extensions.pipes_outcome import Outcome, named_failures
from constructs_lib.local.extensions.pipes_records import Pipe, Record, dynamic, parameters


def to_function(
    pipe: Pipe, target: str, records: Sequence[Record], inputs: Sequence[object]
) -> Outcome:
    """Call the function with the batch; wait for its answer unless the pipe says otherwise."""
    options = parameters(pipe, "TargetParameters", "LambdaFunctionParameters")
    try:
        if options.get("InvocationType") == "FIRE_AND_FORGET":
            invoke_function(target, inputs)
            return Outcome()
        return named_failures(records, call_function(target, inputs))
    except CallFailedError as error:
        return Outcome(undelivered=records, reason=str(error))


def to_api(pipe: Pipe, target: str, records: Sequence[Record], inputs: Sequence[object]) -> Outcome:
    """Call the API for each record; the first that it does not take ends the batch."""
    http_parameters = parameters(pipe, "TargetParameters", "HttpParameters")
    for index, (record, body) in enumerate(zip(records, inputs, strict=True)):
        try:
            call_api(target, body, record, http_parameters)
        except CallFailedError as error:
            return Outcome(undelivered=records[index:], reason=str(error))
    return Outcome()


def to_queue(
    pipe: Pipe, target: str, records: Sequence[Record], inputs: Sequence[object]
) -> Outcome:
    """Send a message for each record; what the queue refuses is left undelivered."""
    queue = sqs._queue_by_arn(target)
    if queue is None:
        return Outcome(undelivered=records, reason=f"{target} does not exist")
    options = parameters(pipe, "TargetParameters", "SqsQueueParameters")
    refused: dict[int, str] = {}
    started: list[str] = []
    for index, (record, body) in enumerate(zip(records, inputs, strict=True)):
        fifo = {
            name: dynamic(record, options[name])
            for name in ("MessageGroupId", "MessageDeduplicationId")
            if name in options
        }
        message = {"MessageBody": body if isinstance(body, str) else json.dumps(body), **fifo}
        try:
            with possible_faults("sqs", "SendMessage", {"QueueUrl": target}):
                started.append(str(sqs._act_send_message(message, queue["url"]).get("MessageId")))
        except sqs._Err as error:
            refused[index] = error.message
    return Outcome(
        undelivered=[record for index, record in enumerate(records) if index in refused],
        reason="; ".join(sorted(set(refused.values()))),
        started=tuple(started),
    )


def to_log_group(
    pipe: Pipe, target: str, records: Sequence[Record], inputs: Sequence[object]
) -> Outcome:
    """Write an event for each record, in the stream that the pipe names or one of its name."""
    options = parameters(pipe, "TargetParameters", "CloudWatchLogsParameters")
    group = target.split(":log-group:")[1].removesuffix(":*")
    if group not in cloudwatch_logs._log_groups:
        return Outcome(undelivered=records, reason=f"{target} does not exist")
    stream = {
        "logGroupName": group,
        "logStreamName": str(options.get("LogStreamName") or pipe["Name"]),
    }
    # One that is there already is what is wanted.
    cloudwatch_logs._create_log_stream(stream)
    events = [{"message": each if isinstance(each, str) else json.dumps(each)} for each in inputs]
    cloudwatch_logs._put_log_events({**stream, "logEvents": events})
    return Outcome()
