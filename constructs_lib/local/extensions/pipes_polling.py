"""How a pipe reads its source: streams in order with retries and dead letters, queues by receives.

* A stream's batch that fails is tried again before anything behind it; halved where the pipe says
  so, until one record is left; after the last attempt a description of the batch (not the records)
  goes to the dead-letter queue and the pipe goes on.
* A queue's message that fails stays in the queue until its visibility timeout is over, and moves to
  the queue's own dead-letter queue after its last receive. A message that no filter matches is
  deleted.
* A failed batch is written to the pipe's log group, if it has one.

Source: EventBridge user guide, "DynamoDB stream as a source", "Amazon SQS as a source", "Error
handling and troubleshooting", "Log schema" (read 2026-11-23). The dead-letter message is what
others published of theirs. Inference: a halved batch keeps its count of attempts; of a batch with
reported failures only those are halved; the condition's name for records that grew too old.
"""

import json
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from ministack.services import cloudwatch_logs, dynamodb, dynamodb_streams, lambda_svc, pipes, sqs

from constructs_lib.local.extensions.pipes_outcome import Outcome, identifier
from constructs_lib.local.extensions.pipes_records import (
    Pipe,
    Record,
    parameters,
    passes_filters,
)
from constructs_lib.local.extensions.pipes_targets import deliver

# AWS polls a shard four times a second and a queue without pause.
_POLL_SECONDS = 0.05
_LONGEST_BACKOFF_SECONDS = 1.0
_MOST_MESSAGES_A_RECEIVE = 10
# Then it is the other pipes' turn.
_MOST_BATCHES_A_TURN = 20
# The keys under which a pipe's record carries its batches under way, and when to go on with them.
_BATCHES = "duet:batches"
_NOT_BEFORE = "duet:notBefore"


@dataclass(frozen=True, kw_only=True)
class _Batch:
    """Records of a stream that are not delivered yet."""

    records: Sequence[Record]
    failures: int = 0


def register() -> None:
    """Poll in place of MiniStack's poller."""
    pipes._poll_loop = _poll_for_ever
    pipes._poll_pipe = _poll_pipe


def _poll_for_ever() -> None:
    while True:
        pipes._poll_once()
        time.sleep(_POLL_SECONDS)


def _poll_pipe(_dynamodb: object, pipe: Pipe, account_id: str) -> None:
    if pipe.get("CurrentState") != "RUNNING":
        return
    try:
        is_stream = pipes._arn_service(pipe["Source"]) == "dynamodb"
        for _turn in range(_MOST_BATCHES_A_TURN):
            if not (_poll_stream(pipe, account_id) if is_stream else _poll_queue(pipe)):
                break
    except Exception:
        # One pipe's trouble must not end the polling of all.
        pipes.logger.exception("Pipes %s: polling failed", pipe.get("Name"))


def _poll_stream(pipe: Pipe, account_id: str) -> bool:
    """Deliver the next batch; whether there was one."""
    batches = cast(list[_Batch], pipe.setdefault(_BATCHES, []))
    if cast(float, pipe.get(_NOT_BEFORE, 0.0)) > time.monotonic():
        return False
    batch = batches.pop(0) if batches else _read(pipe, account_id)
    if not batch.records:
        return False
    fresh = _without_the_expired(pipe, batch)
    if not fresh.records:
        return True
    outcome = deliver(pipe, fresh.records)
    if outcome.undelivered:
        _log_failure(pipe, fresh.records, outcome)
        batches[0:0] = _after_failure(pipe, fresh, outcome.undelivered)
    return True


def _read(pipe: Pipe, account_id: str) -> _Batch:
    """The next records of the stream that pass the filters; the others are done with."""
    source, table_name = pipes._dynamodb_stream_source(pipe["Source"])
    scope = {"account_id": account_id, "region": source.region}
    options = parameters(pipe, "SourceParameters", "DynamoDBStreamParameters")
    start = max(
        int(pipes._positions.get(pipe["Arn"], 0)),
        dynamodb.stream_start_position(table_name, **scope),
    )
    records = dynamodb.stream_records_since(
        table_name, start, int(str(options.get("BatchSize", 100))), **scope
    )
    pipes._positions[pipe["Arn"]] = start + len(records)
    return _Batch(records=[record for record in records if passes_filters(pipe, record)])


def _without_the_expired(pipe: Pipe, batch: _Batch) -> _Batch:
    """The batch without the records that grew too old, which are given up."""
    options = parameters(pipe, "SourceParameters", "DynamoDBStreamParameters")
    limit_seconds = int(str(options.get("MaximumRecordAgeInSeconds", -1)))
    if limit_seconds < 0:
        return batch
    first_fresh = time.time() - limit_seconds
    expired = [record for record in batch.records if _arrival(record) < first_fresh]
    if expired:
        _give_up(pipe, expired, "MaxRecordAgeExceeded")
    return _Batch(records=batch.records[len(expired) :], failures=batch.failures)


def _after_failure(pipe: Pipe, batch: _Batch, records: Sequence[Record]) -> Iterable[_Batch]:
    options = parameters(pipe, "SourceParameters", "DynamoDBStreamParameters")
    if len(records) > 1 and options.get("OnPartialBatchItemFailure") == "AUTOMATIC_BISECT":
        half = len(records) // 2
        return [
            _Batch(records=records[:half], failures=batch.failures),
            _Batch(records=records[half:], failures=batch.failures),
        ]
    failures = batch.failures + 1
    most_retries = int(str(options.get("MaximumRetryAttempts", -1)))
    if 0 <= most_retries < failures:
        _give_up(pipe, records, "RetryAttemptsExhausted")
        return []
    pause = min(_LONGEST_BACKOFF_SECONDS, _POLL_SECONDS * 2.0**failures)
    pipe[_NOT_BEFORE] = time.monotonic() + pause
    return [_Batch(records=records, failures=failures)]


def _give_up(pipe: Pipe, records: Sequence[Record], condition: str) -> None:
    options = parameters(pipe, "SourceParameters", "DynamoDBStreamParameters", "DeadLetterConfig")
    queue = sqs._queue_by_arn(options.get("Arn", ""))
    if queue is None:
        return
    first, last = records[0], records[-1]
    message = {
        "context": {"partnerResourceArn": pipe["Arn"], "condition": condition},
        "version": "1.0",
        "timestamp": _iso(time.time()),
        "DDBStreamBatchInfo": {
            "shardId": dynamodb_streams._DEFAULT_SHARD_ID,
            "startSequenceNumber": parameters(dict(first), "dynamodb")["SequenceNumber"],
            "endSequenceNumber": parameters(dict(last), "dynamodb")["SequenceNumber"],
            "approximateArrivalOfFirstRecord": _iso(_arrival(first)),
            "approximateArrivalOfLastRecord": _iso(_arrival(last)),
            "batchSize": len(records),
            "streamArn": pipe["Source"],
        },
    }
    sqs._act_send_message({"MessageBody": json.dumps(message)}, queue["url"])


def _poll_queue(pipe: Pipe) -> bool:
    """Deliver the next messages; whether there were any."""
    queue = sqs._queue_by_arn(pipe["Source"])
    if queue is None:
        return False
    options = parameters(pipe, "SourceParameters", "SqsQueueParameters")
    most = min(int(str(options.get("BatchSize", 10))), _MOST_MESSAGES_A_RECEIVE)
    messages = sqs._receive_messages_for_esm(queue["url"], most)
    records = [_queue_record(str(pipe["Source"]), message) for message in messages]
    matching = [record for record in records if passes_filters(pipe, record)]
    outcome = deliver(pipe, matching) if matching else Outcome()
    if outcome.undelivered:
        _log_failure(pipe, matching, outcome)
    kept = {identifier(record) for record in outcome.undelivered}
    done = {str(r["receiptHandle"]) for r in records if identifier(r) not in kept}
    sqs._delete_messages_for_esm(queue["url"], done)
    return bool(messages)


def _queue_record(queue_arn: str, message: Record) -> Record:
    attributes = {
        "ApproximateReceiveCount": str(message["receive_count"]),
        "SentTimestamp": str(int(cast(float, message["sent_at"]) * 1000)),
        "SenderId": queue_arn.split(":")[4],
        "ApproximateFirstReceiveTimestamp": str(
            int(cast(float, message["first_receive_at"]) * 1000)
        ),
        "MessageGroupId": message.get("group_id"),
        "MessageDeduplicationId": message.get("dedup_id"),
        "SequenceNumber": message.get("seq"),
    }
    return {
        "messageId": message["id"],
        "receiptHandle": message["receipt_handle"],
        "body": message["body"],
        "attributes": {name: str(value) for name, value in attributes.items() if value is not None},
        "messageAttributes": lambda_svc._sqs_message_attributes_to_camel_case(
            message["message_attributes"]
        ),
        "md5OfBody": message["md5_body"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }


def _log_failure(pipe: Pipe, records: Sequence[Record], outcome: Outcome) -> None:
    """Write the reason to the pipe's log group, without the records' content."""
    config = parameters(pipe, "LogConfiguration")
    destination = parameters(pipe, "LogConfiguration", "CloudwatchLogsLogDestination")
    arn = str(destination.get("LogGroupArn", ""))
    if not arn or config.get("Level", "OFF") == "OFF":
        return
    group = arn.split(":log-group:")[1].removesuffix(":*")
    is_partial = len(outcome.undelivered) < len(records)
    message = {
        "executionId": str(uuid.uuid4()),
        "timestamp": _iso(time.time()),
        "messageType": "ExecutionPartiallyFailed" if is_partial else "ExecutionFailed",
        "resourceArn": pipe["Arn"],
        "logLevel": "ERROR",
        "error": {"message": outcome.reason},
    }
    stream = {"logGroupName": group, "logStreamName": pipe["Name"]}
    # One that is there already is what is wanted.
    cloudwatch_logs._create_log_stream(stream)
    cloudwatch_logs._put_log_events({**stream, "logEvents": [{"message": json.dumps(message)}]})


def _arrival(record: Record) -> float:
    change = parameters(dict(record), "dynamodb")
    return float(str(change["ApproximateCreationDateTime"]))


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
