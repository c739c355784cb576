"""What is alarmed about, as data: metric, threshold, what it means and what to do.

The operator reads ``happened`` and ``remedy`` in the alarm; ``docs/observability.md`` lists them.

Sources, all read 2026-11-23: Step Functions developer guide, "Monitoring Step Functions metrics
using Amazon CloudWatch"; EventBridge user guide, "Monitoring Amazon EventBridge"; CloudWatch user
guide, supported metrics by resource type (a rule on a custom bus has both ``EventBusName`` and
``RuleName``); SQS developer guide, "Available CloudWatch metrics for Amazon SQS"; Lambda developer
guide, "Types of metrics for Lambda functions".
"""

from dataclasses import dataclass

#: Every alarm looks at five minutes at a time.
PERIOD_MINUTES = 5


@dataclass(frozen=True, kw_only=True)
class AlarmRule:
    """One alarm: it goes off when ``statistic`` reaches ``threshold`` in each of ``periods``.

    ``threshold`` is in the metric's own unit. ``id`` is the alarm's construct id and, in the
    generated name, what the operator sees.
    """

    id: str
    namespace: str
    metric: str
    statistic: str = "Sum"
    threshold: float = 1
    unit: str
    periods: int = 1
    happened: str
    remedy: str


WORKFLOW_RULES = (
    AlarmRule(
        id="Failed",
        namespace="AWS/States",
        metric="ExecutionsFailed",
        unit="executions",
        happened="Executions failed.",
        remedy="Open the red execution: its error and last state say why. Fix the cause, then "
        "redrive it or start it again with the same input.",
    ),
    AlarmRule(
        id="TimedOut",
        namespace="AWS/States",
        metric="ExecutionsTimedOut",
        unit="executions",
        happened="Executions ran into the workflow's own timeout, after which nothing is undone.",
        remedy="See in which state each stood, undo or finish its work by hand, and shorten that "
        "state's timeout or retries.",
    ),
    AlarmRule(
        id="Aborted",
        namespace="AWS/States",
        metric="ExecutionsAborted",
        unit="executions",
        happened="Somebody stopped executions; a stopped execution undoes nothing.",
        remedy="Ask who (CloudTrail, StopExecution), and undo or finish their work by hand.",
    ),
    AlarmRule(
        id="Throttled",
        namespace="AWS/States",
        metric="ExecutionThrottled",
        unit="state entries",
        periods=3,
        happened="State transitions have been throttled for a quarter of an hour; executions are "
        "late, none is lost.",
        remedy="Slow down what starts executions, or have the state transition quota raised.",
    ),
)

RULE_RULES = (
    AlarmRule(
        id="FailedInvocations",
        namespace="AWS/Events",
        metric="FailedInvocations",
        unit="events",
        happened="EventBridge gave up delivering events to the consumer.",
        remedy="See ERROR_CODE in `duet dead-letters list`, mend the target or its permissions, "
        "then send the events again with `duet dead-letters redrive`.",
    ),
    AlarmRule(
        id="EventsLost",
        namespace="AWS/Events",
        metric="InvocationsFailedToBeSentToDlq",
        unit="events",
        happened="Events reached neither the consumer nor the dead-letter queue: they are lost.",
        remedy="Mend the queue's policy or key, or recreate the queue; then replay the hours "
        "concerned from the archive.",
    ),
    AlarmRule(
        id="Throttled",
        namespace="AWS/Events",
        metric="ThrottledRules",
        unit="runs of the rule",
        periods=3,
        happened="Runs of the rule have been throttled for a quarter of an hour; events are late.",
        remedy="Compare the invocation rate with the account's quota, narrow the pattern or have "
        "the quota raised.",
    ),
    AlarmRule(
        id="Late",
        namespace="AWS/Events",
        metric="IngestionToInvocationSuccessLatency",
        statistic="p99",
        threshold=30_000,
        unit="milliseconds",
        periods=3,
        happened="The slowest of a hundred events have been reaching the consumer late for a "
        "quarter of an hour, retries included.",
        remedy="See whether the target throttles or fails at first; RetryInvocationAttempts and "
        "ThrottledRules say which.",
    ),
)

DEAD_LETTER_RULES = (
    AlarmRule(
        id="DeadLetters",
        namespace="AWS/SQS",
        metric="ApproximateNumberOfMessagesVisible",
        statistic="Maximum",
        unit="messages",
        happened="Messages wait in the dead-letter queue.",
        remedy="Read why with `duet dead-letters list`, mend the consumer, then send them again "
        "with `duet dead-letters redrive`.",
    ),
    AlarmRule(
        id="DeadLettersExpire",
        namespace="AWS/SQS",
        metric="ApproximateAgeOfOldestMessage",
        statistic="Maximum",
        threshold=7 * 24 * 60 * 60,
        unit="seconds",
        happened="A message has waited in the dead-letter queue for long; SQS deletes it when the "
        "retention period ends.",
        remedy="Send it again, or copy it elsewhere, before that.",
    ),
)

QUEUE_RULES = (
    AlarmRule(
        id="Late",
        namespace="AWS/SQS",
        metric="ApproximateAgeOfOldestMessage",
        statistic="Maximum",
        threshold=15 * 60,
        unit="seconds",
        periods=3,
        happened="The consumer does not keep up with its queue.",
        remedy="See whether it runs and whether it fails; then give it more concurrency.",
    ),
)

FUNCTION_RULES = (
    AlarmRule(
        id="EventsDropped",
        namespace="AWS/Lambda",
        metric="AsyncEventsDropped",
        unit="events",
        happened="The function failed with events until Lambda dropped them; EventBridge had "
        "delivered them, so that the rule's dead-letter queue does not have them.",
        remedy="Find the error in the function's log, mend it, then bring the events in the "
        "function's failure destination back with `duet dead-letters redrive`, or replay the hours "
        "concerned from the archive.",
    ),
    AlarmRule(
        id="Errors",
        namespace="AWS/Lambda",
        metric="Errors",
        unit="invocations",
        periods=3,
        happened="The function has been failing for a quarter of an hour.",
        remedy="Find the error in the function's log by the correlation id; Lambda drops an event "
        "after three attempts.",
    ),
    AlarmRule(
        id="Throttled",
        namespace="AWS/Lambda",
        metric="Throttles",
        unit="invocations",
        periods=3,
        happened="Invocations have been throttled for a quarter of an hour; events are late.",
        remedy="Compare the concurrency with the function's and the account's limits.",
    ),
)
