"""How a pipe reads a table's stream."""

from dataclasses import dataclass

from aws_cdk import Duration

from constructs_lib.validation import require_between

_STREAM_RETENTION_HOURS = 24


@dataclass(frozen=True, kw_only=True)
class StreamReading:
    """How a pipe reads a table's stream: batches, retries, where it begins.

    Attributes:
        batch_size: Records a delivery, at most; the target's default when not given, which is 1 for
            a workflow and 10 for an event bus.
        batching_window: How long to wait for a full batch, up to 5 minutes; not at all by default.
        parallel_batches: Batches of one shard under way at a time, 1 to 10. The changes of one item
            stay in order.
        retry_attempts: How often a failed batch is tried again, 0 to 10000, before it goes to the
            dead-letter queue. Until then nothing behind it in the shard is delivered.
        halve_failed_batches: Try a failed batch again in halves, so that a bad record is given up
            alone. Without it, a target that reports single records as failed has only those tried
            again, and a batch that fails as a whole is given up as a whole.
        max_record_age: Age at which a record goes to the dead-letter queue untried, 1 minute to 24
            hours. The stream forgets records after 24 hours and the dead-letter queue only says
            which they were: what remains is the time to look at them.
        skip_existing: Begin with what is written after the pipe was made, not with the oldest
            record in the stream. What is written meanwhile can be missed.
    Raises:
        ConfigError: A value is out of range.
    Source: Pipes API reference, PipeSourceDynamoDBStreamParameters; EventBridge user guide, "Amazon
        EventBridge Pipes error handling and troubleshooting" (read 2026-11-23).
    """

    batch_size: int | None = None
    batching_window: Duration | None = None
    parallel_batches: int = 1
    retry_attempts: int = 10
    halve_failed_batches: bool = True
    max_record_age: Duration | None = None
    skip_existing: bool = False

    def __post_init__(self) -> None:
        require_between(
            "parallel_batches", self.parallel_batches, 1, 10, remedy="1 keeps the load lowest"
        )
        require_between(
            "retry_attempts",
            self.retry_attempts,
            0,
            10_000,
            remedy="a failing batch holds up its shard while it is tried again",
        )
        if not self.age.is_unresolved():
            require_between(
                "max_record_age in seconds",
                self.age.to_seconds(),
                60,
                _STREAM_RETENTION_HOURS * 3600,
                remedy="a stream keeps its records for 24 hours",
            )

    @property
    def age(self) -> Duration:
        """``max_record_age``, or half of what the stream keeps."""
        return self.max_record_age or Duration.hours(_STREAM_RETENTION_HOURS // 2)
