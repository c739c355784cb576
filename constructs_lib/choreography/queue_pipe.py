"""From the messages of a queue to a workflow or an event bus, without code between."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration
from aws_cdk import aws_pipes as pipes
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from constructs_lib.choreography._pipes import (
    filter_criteria,
    make_pipe,
    pipe_role,
    records_a_delivery,
    window_seconds,
)
from constructs_lib.choreography.pipe_target import PipeTarget
from constructs_lib.validation import ConfigError

_FIELDS = ("messageId", "body", "attributes", "messageAttributes")


class QueuePipe(Construct):
    """Deliver the messages of ``queue`` to ``target``.

    Creates the pipe with a role and a log group of its own. A message that the target does not take
    comes back after the queue's visibility timeout and moves to the queue's dead-letter queue after
    its last receive; a delivery may last five minutes, so give the queue as much. Errors are logged
    without the messages. Queue, target and their keys stay the caller's.

    Delivery is at least once: a target that must not act twice keys its effects on the
    ``messageId``.

    Args:
        queue: A queue with a dead-letter queue, such as ``ConsumerQueue.queue``. The policy of an
            imported customer key must let the pipe's role decrypt.
        target: Where the messages go, and what is passed on of them.
        filters: Patterns over ``body``, ``attributes``, ``messageAttributes`` and ``messageId``,
            for example ``{"body": {"type": ["order"]}}``. A message must match one, or it is
            deleted; a pattern for a JSON body deletes messages that are no JSON. Up to five. Every
            message is delivered when none is given.
        batch_size: Messages a delivery, at most; when not given 1 for a workflow and 10 for a bus.
        batching_window: How long to wait for a full batch, up to 5 minutes; not at all by default.
        dead_letter_queue: Where the redrive policy of an imported ``queue`` moves messages, which
            cannot be seen from here.
        description: What the pipe is for, in the console.
    Raises:
        ConfigError: ``queue`` has no dead-letter queue, Pipes takes one of ``filters`` not or not
            as meant, or the batches are too large for ``target``.
    Source: EventBridge user guide, "Amazon Simple Queue Service as a source for EventBridge Pipes",
        "Event source permissions for Amazon EventBridge Pipes" (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        queue: sqs.IQueue,
        target: PipeTarget,
        filters: Sequence[Mapping[str, object]] = (),
        batch_size: int | None = None,
        batching_window: Duration | None = None,
        dead_letter_queue: sqs.IQueue | None = None,
        description: str | None = None,
    ) -> None:
        self.dead_letter_queue = _dead_letter_queue(queue, dead_letter_queue)
        super().__init__(scope, id_)
        size = records_a_delivery(batch_size, target)
        criteria = filter_criteria(self, filters, fields=_FIELDS)
        self.role = pipe_role(self)
        queue.grant(self.role, "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
        if queue.encryption_master_key:
            queue.encryption_master_key.grant_decrypt(self.role)
        self.pipe = make_pipe(
            self,
            role=self.role,
            source_arn=queue.queue_arn,
            source_parameters=pipes.CfnPipe.PipeSourceParametersProperty(
                filter_criteria=criteria,
                sqs_queue_parameters=pipes.CfnPipe.PipeSourceSqsQueueParametersProperty(
                    batch_size=size,
                    maximum_batching_window_in_seconds=window_seconds(batching_window),
                ),
            ),
            target=target,
            description=description,
        )


def _dead_letter_queue(queue: sqs.IQueue, named: sqs.IQueue | None) -> sqs.IQueue:
    """The queue's dead-letter queue: seen, or named by the caller."""
    seen = queue.dead_letter_queue if isinstance(queue, sqs.Queue) else None
    found = seen.queue if seen else named
    if found is None:
        raise ConfigError(
            f"queue must have a dead-letter queue, got {queue.node.path} without one; "
            "make it as a ConsumerQueue, or name the dead_letter_queue of an imported queue"
        )
    return found
