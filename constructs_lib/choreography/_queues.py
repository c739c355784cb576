"""The one way Duet makes queues: encrypted, TLS only, kept for SQS's maximum."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct


def safe_queue(
    scope: Construct,
    id_: str,
    *,
    dead_letter_queue: sqs.DeadLetterQueue | None = None,
    visibility_timeout: Duration | None = None,
) -> sqs.Queue:
    """Make a queue with SQS-managed encryption that refuses plain HTTP and keeps 14 days."""
    return sqs.Queue(
        scope,
        id_,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=Duration.days(14),
        dead_letter_queue=dead_letter_queue,
        visibility_timeout=visibility_timeout,
    )
