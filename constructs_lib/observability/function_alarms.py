"""The alarms of a function that handles events."""

from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from constructs_lib.observability._alarm_rules import DEAD_LETTER_RULES, FUNCTION_RULES
from constructs_lib.observability._metrics import add_alarms, require_titles


class FunctionAlarms(Construct):
    """Tell ``topic`` when a function drops events, keeps failing or is throttled.

    EventBridge has delivered an event once Lambda has taken it: what the function then fails with
    is in no metric of the rule and not in the rule's dead-letter queue. Creates three alarms, in
    ``alarms`` by ``EventsDropped``, ``Errors`` and ``Throttled``, and those of a dead-letter queue
    where there is one. Function, queue and topic stay the caller's.

    Args:
        function: The function, invoked asynchronously.
        topic: Where alarms go; an ``AlarmTopic``'s, or any that CloudWatch may publish on.
        title: What the business calls the consumer, first in each alarm's description.
        dead_letter_queue: Where the function's failures go, an ``EventConsumer``'s for example.
    Raises:
        ConfigError: ``title`` is empty or longer than 100 characters.
    Source: Lambda developer guide, "Types of metrics for Lambda functions", "How Lambda handles
        errors and retries with asynchronous invocation" (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        function: lambda_.IFunction,
        topic: sns.ITopic,
        title: str,
        dead_letter_queue: sqs.IQueue | None = None,
    ) -> None:
        require_titles("title", [title])
        super().__init__(scope, id_)
        self.alarms = add_alarms(
            self,
            FUNCTION_RULES,
            title=title,
            dimensions={"FunctionName": function.function_name},
            topic=topic,
        )
        if dead_letter_queue is not None:
            self.alarms |= add_alarms(
                self,
                DEAD_LETTER_RULES,
                title=title,
                dimensions={"QueueName": dead_letter_queue.queue_name},
                topic=topic,
            )
