"""A queue that a service reads events from."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from constructs_lib.choreography._queues import safe_queue
from constructs_lib.validation import require_between


class ConsumerQueue(Construct):
    """Create a queue for a consumer of events, and a second one for what it fails to handle.

    Both are encrypted by SQS, refuse plain HTTP and keep messages for 14 days.

    Args:
        max_receive_count: Receives of a message, 1 to 1000, before it moves to the second queue.
        visibility_timeout: How long a message is the consumer's who received it, up to 12 hours;
            30 seconds by default.
    Raises:
        ConfigError: ``max_receive_count`` or ``visibility_timeout`` is out of range.
    Source: SQS developer guide, "Using dead-letter queues in Amazon SQS" (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        max_receive_count: int = 5,
        visibility_timeout: Duration | None = None,
    ) -> None:
        super().__init__(scope, id_)
        require_between(
            "max_receive_count", max_receive_count, 1, 1000, remedy="5 suits most consumers"
        )
        if visibility_timeout is not None and not visibility_timeout.is_unresolved():
            require_between(
                "visibility_timeout in seconds",
                visibility_timeout.to_seconds(),
                0,
                43_200,
                remedy="pass a Duration of at most 12 hours",
            )
        self.dead_letter_queue = safe_queue(self, "DeadLetters")
        self.queue = safe_queue(
            self,
            "Resource",
            dead_letter_queue=sqs.DeadLetterQueue(
                queue=self.dead_letter_queue, max_receive_count=max_receive_count
            ),
            visibility_timeout=visibility_timeout,
        )
