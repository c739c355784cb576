"""A queue in front of a function that handles events."""

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from constructs_lib.choreography.consumer_queue import ConsumerQueue
from constructs_lib.choreography.event_consumer import EventConsumer
from constructs_lib.validation import ConfigError, require_between

_LARGEST_BATCH_WITHOUT_WINDOW = 10
# What AWS asks for, so that a batch is not received again while it is retried.
_VISIBILITY_PER_TIMEOUT = 6


class QueueConsumer(Construct):
    """Feed ``consumer`` from a queue of its own, batch by batch.

    Creates the queue, the second one for messages that keep failing, and the event source mapping;
    the consumer's function stays the caller's. A message that fails returns to the queue alone: the
    function answers with ``batchItemFailures``. Deliver events to ``queue``, which holds them while
    the function fails or is throttled, and from whose dead-letter queue they can be sent again.

    Args:
        consumer: Whose function handles the messages. Its timeout must be known at synth; the queue
            hides a batch six times as long.
        batch_size: Messages an invocation, at most, 1 to 10000; beyond 10 with a batching window.
        batching_window: How long to wait for a full batch, up to 5 minutes; not at all by default.
        max_concurrency: Batches under way at a time, 2 to 1000; as many as Lambda makes by default.
        max_receive_count: Receives of a message, 1 to 1000, before it moves to the second queue.
    Raises:
        ConfigError: An argument is out of range.
    Source: Lambda developer guide, "Using Lambda with Amazon SQS", "Creating and configuring an
        Amazon SQS event source mapping"; Lambda API reference, CreateEventSourceMapping and
        ScalingConfig (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        consumer: EventConsumer,
        batch_size: int = 10,
        batching_window: Duration | None = None,
        max_concurrency: int | None = None,
        max_receive_count: int = 5,
    ) -> None:
        super().__init__(scope, id_)
        require_between(
            "batch_size", batch_size, 1, 10_000, remedy="10 is what SQS hands out at a time"
        )
        seconds = _window_seconds(batching_window)
        if batch_size > _LARGEST_BATCH_WITHOUT_WINDOW and seconds == 0:
            raise ConfigError(
                f"batching_window must be at least 1 second with a batch_size of {batch_size}, "
                "got none; a batch beyond 10 takes more than one receive"
            )
        if max_concurrency is not None:
            require_between(
                "max_concurrency",
                max_concurrency,
                2,
                1000,
                remedy="Lambda takes no less than 2; reserve concurrency for less",
            )
        self.consumer = consumer
        timeout = consumer.function.timeout
        self.consumer_queue = ConsumerQueue(
            self,
            "Queue",
            max_receive_count=max_receive_count,
            visibility_timeout=None
            if timeout is None
            else Duration.seconds(_VISIBILITY_PER_TIMEOUT * timeout.to_seconds()),
        )
        self.queue = self.consumer_queue.queue
        self.dead_letter_queue = self.consumer_queue.dead_letter_queue
        self.event_source_mapping = lambda_.EventSourceMapping(
            self,
            "Resource",
            target=consumer.function,
            event_source_arn=self.queue.queue_arn,
            batch_size=batch_size,
            max_batching_window=batching_window,
            max_concurrency=max_concurrency,
            report_batch_item_failures=True,
        )
        # Lambda tries the queue when the mapping is made.
        grant = self.queue.grant_consume_messages(consumer.function)
        grant.apply_before(self.event_source_mapping)


def _window_seconds(window: Duration | None) -> float | None:
    """The batching window in seconds; nothing where it is not known yet."""
    if window is None:
        return 0
    if window.is_unresolved():
        return None
    seconds = window.to_seconds()
    require_between(
        "batching_window in seconds",
        seconds,
        0,
        300,
        remedy="pass a Duration of at most 5 minutes",
    )
    return seconds
