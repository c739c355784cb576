"""The alarms of a queue that a consumer reads."""

from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from constructs_lib.observability._alarm_rules import DEAD_LETTER_RULES, QUEUE_RULES
from constructs_lib.observability._metrics import add_alarms, require_titles
from constructs_lib.validation import require_between

_LONGEST_RETENTION_SECONDS = 14 * 24 * 60 * 60


class QueueAlarms(Construct):
    """Tell ``topic`` when a consumer does not keep up with its queue, or fails with messages of it.

    Creates three alarms, in ``alarms`` by ``Late`` (of the queue), ``DeadLetters`` and
    ``DeadLettersExpire`` (of the second queue). Queues and topic stay the caller's.

    Args:
        queue: The queue that the consumer reads.
        dead_letter_queue: Where messages go that it fails to handle.
        topic: Where alarms go; an ``AlarmTopic``'s, or any that CloudWatch may publish on.
        title: What the business calls the consumer, first in each alarm's description.
        late_after_seconds: Age of the oldest message, 1 to 1,209,600 (SQS keeps 14 days).
    Raises:
        ConfigError: ``title`` is empty or longer than 100 characters, or ``late_after_seconds`` is
            out of range.
    Source: SQS developer guide, "Available CloudWatch metrics for Amazon SQS" (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        queue: sqs.IQueue,
        dead_letter_queue: sqs.IQueue,
        topic: sns.ITopic,
        title: str,
        late_after_seconds: int = 15 * 60,
    ) -> None:
        require_titles("title", [title])
        require_between(
            "late_after_seconds",
            late_after_seconds,
            1,
            _LONGEST_RETENTION_SECONDS,
            remedy="900 is a quarter of an hour",
        )
        super().__init__(scope, id_)
        self.alarms = add_alarms(
            self,
            QUEUE_RULES,
            title=title,
            dimensions={"QueueName": queue.queue_name},
            topic=topic,
            thresholds={"Late": late_after_seconds},
        ) | add_alarms(
            self,
            DEAD_LETTER_RULES,
            title=title,
            dimensions={"QueueName": dead_letter_queue.queue_name},
            topic=topic,
        )
