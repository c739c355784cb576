"""Events and messages that are lost when nobody takes them."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.insight.findings.finding import FindingRule, Hit
from constructs_lib.insight.model import Assembly

_EVENTBRIDGE_DLQ = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html"
#: What is read in order, so that a record that always fails holds up those behind it.
_STREAMS = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable", "AWS::Kinesis::Stream")


def _targets(assembly: Assembly) -> Iterator[Hit]:
    for rule in assembly.rules:
        for target in rule.targets:
            if target.dead_letter is None:
                reached = assembly.resources.get(target.destination.key or "")
                is_log = ":log-group:" in target.destination.text or (
                    reached is not None and reached.type == "AWS::Logs::LogGroup"
                )
                yield Hit(
                    place=rule.resource.place,
                    subject=target.id,
                    severity="note" if is_log or rule.pattern is None else None,
                    what=f"rule {rule.resource.name!r} sends to {target.destination.text} "
                    "and has no dead-letter queue for it",
                )
    for schedule in assembly.schedules:
        if schedule.target.dead_letter is None:
            yield Hit(
                place=schedule.resource.place,
                severity="note",
                what=f"schedule {schedule.resource.name!r} calls "
                f"{schedule.target.destination.text} and has no dead-letter queue for it",
            )


def _pipes(assembly: Assembly) -> Iterator[Hit]:
    for pipe in assembly.pipes:
        source = assembly.resources.get(pipe.source.key or "")
        if pipe.dead_letter is None and source is not None and source.type in _STREAMS:
            yield Hit(
                place=pipe.resource.place,
                what=f"pipe {pipe.resource.name!r} reads the stream of {source.name!r} and has no "
                "dead-letter queue",
            )


def _stream_readers(assembly: Assembly) -> Iterator[Hit]:
    for function in assembly.functions:
        for source in function.sources:
            stream = assembly.resources.get(source.source.key or "")
            if stream and stream.type in _STREAMS and source.failure_destination is None:
                yield Hit(
                    place=source.resource.place,
                    what=f"function {function.resource.name!r} reads the stream of "
                    f"{stream.name!r}, and what it fails on has no destination",
                )


def _functions(assembly: Assembly) -> Iterator[Hit]:
    ticked = {
        target.destination.key: f"rule {rule.resource.name!r}"
        for rule in assembly.rules
        for target in rule.targets
    }
    called = {
        target.destination.key: f"rule {rule.resource.name!r}"
        for rule in assembly.rules
        for target in rule.targets
        if rule.pattern is not None
    } | {
        subscription.endpoint.key: f"topic {topic.resource.name!r}"
        for topic in assembly.topics
        for subscription in topic.subscriptions
    }
    for function in assembly.functions:
        key = function.resource.key
        caller = called.get(key) or ticked.get(key)
        if caller and function.failure_destination is None:
            yield Hit(
                place=function.resource.place,
                severity=None if key in called else "note",
                what=f"{caller} calls function {function.resource.name!r} asynchronously, and the "
                "function has neither a failure destination nor a dead-letter queue",
            )


def _queues(assembly: Assembly) -> Iterator[Hit]:
    polled = {
        source.source.key: function.resource.name
        for function in assembly.functions
        for source in function.sources
    } | {pipe.source.key: pipe.resource.name for pipe in assembly.pipes}
    last = _dead_letter_queues(assembly)
    for queue in assembly.queues:
        key = queue.resource.key
        if queue.dead_letter is None and key in polled and key not in last:
            yield Hit(
                place=queue.resource.place,
                what=f"{polled[key]!r} reads queue {queue.resource.name!r}, which "
                "has no dead-letter queue",
            )


def _dead_letter_queues(assembly: Assembly) -> set[str | None]:
    """Queues at the end of the line: what is read from them has failed before."""
    found = [target.dead_letter for rule in assembly.rules for target in rule.targets]
    found += [queue.dead_letter for queue in assembly.queues]
    found += [pipe.dead_letter for pipe in assembly.pipes]
    found += [bus.dead_letter for bus in assembly.buses]
    found += [schedule.target.dead_letter for schedule in assembly.schedules]
    found += [one.dead_letter for topic in assembly.topics for one in topic.subscriptions]
    found += [function.failure_destination for function in assembly.functions]
    found += [one.failure_destination for each in assembly.functions for one in each.sources]
    return {reference.key for reference in found if reference}


def _subscriptions(assembly: Assembly) -> Iterator[Hit]:
    for topic in assembly.topics:
        for subscription in topic.subscriptions:
            if subscription.protocol in ("lambda", "sqs", "https", "http", "firehose") and (
                subscription.dead_letter is None and subscription.resource is not None
            ):
                yield Hit(
                    place=subscription.resource.place,
                    subject=subscription.endpoint.text,
                    what=f"topic {topic.resource.name!r} delivers to {subscription.endpoint.text} "
                    f"({subscription.protocol}) and has no dead-letter queue for it",
                )


RULES = (
    FindingRule(
        id="target-without-dead-letter-queue",
        severity="warning",
        title="A target without dead-letter queue",
        why="An event that cannot be delivered within 24 hours and 185 attempts, or at once where "
        "permission is missing, is gone and nobody sees it.",
        remedy="give the target a DeadLetterConfig and alarm on the queue",
        link=_EVENTBRIDGE_DLQ,
        find=_targets,
        milder="note for a log group, and for a schedule, whose events hold nothing",
        together="stack",
    ),
    FindingRule(
        id="pipe-without-dead-letter-queue",
        severity="warning",
        title="A pipe on a stream without dead-letter queue",
        why="A record that always fails is tried until it expires and holds up its shard; then it "
        "is gone.",
        remedy="set DeadLetterConfig, MaximumRetryAttempts and OnPartialBatchItemFailure in the "
        "pipe's source parameters",
        link="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-dynamodb.html",
        find=_pipes,
    ),
    FindingRule(
        id="stream-without-failure-destination",
        severity="warning",
        title="A function on a stream without failure destination",
        why="A batch that always fails is tried until it expires and holds up its shard; then it "
        "is gone.",
        remedy="set DestinationConfig, MaximumRetryAttempts and BisectBatchOnFunctionError in the "
        "event source mapping",
        link="https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html",
        find=_stream_readers,
        together="stack",
    ),
    FindingRule(
        id="function-without-failure-destination",
        severity="warning",
        title="An asynchronous function without failure destination",
        why="The caller's own dead-letter queue catches failed deliveries only. A function that "
        "was called and fails is tried twice more; then the event is gone.",
        remedy="set an on-failure destination (EventInvokeConfig) or DeadLetterConfig",
        link="https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html",
        find=_functions,
        milder="note for a function that only schedules call",
        together="stack",
    ),
    FindingRule(
        id="queue-without-dead-letter-queue",
        severity="warning",
        title="A polled queue without dead-letter queue",
        why="A message that always fails comes back until its retention ends, takes the place of "
        "others and is then gone.",
        remedy="set a RedrivePolicy with a maxReceiveCount of 3 to 5",
        link="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
        "sqs-dead-letter-queues.html",
        find=_queues,
        together="stack",
    ),
    FindingRule(
        id="subscription-without-dead-letter-queue",
        severity="note",
        title="A topic's subscription without dead-letter queue",
        why="SNS gives up after its retries, and at once where permission is missing; the message "
        "is then gone.",
        remedy="set a RedrivePolicy on the subscription",
        link="https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html",
        find=_subscriptions,
        together="stack",
    ),
)
