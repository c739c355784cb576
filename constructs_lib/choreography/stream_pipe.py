"""From the changes of a table to a workflow or an event bus, without a bus between."""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
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
from constructs_lib.choreography._queues import safe_queue
from constructs_lib.choreography.pipe_target import PipeTarget
from constructs_lib.choreography.stream_reading import StreamReading
from constructs_lib.validation import ConfigError

_FIELDS = ("dynamodb", "eventName")


class StreamPipe(Construct):
    """Deliver the changes of ``table`` to ``target``, in order for each item, and lose none.

    Creates the pipe with a role and a log group of its own and, unless the caller brings one, the
    dead-letter queue for records that the target does not take. Its messages say which records of
    the stream they were and hold none of their data; the stream keeps the records for 24 hours.
    Errors are logged without the records. Table, target and their keys stay the caller's.

    Delivery is at least once: a target that must not act twice keys its effects on the record's
    ``eventID``.

    Args:
        table: A table with a stream. The policy of an imported customer key must let the pipe's
            role decrypt.
        target: Where the records go, and what is passed on of them.
        filters: Patterns over ``eventName`` and ``dynamodb``, for example ``{"eventName":
            ["INSERT"], "dynamodb": {"NewImage": {"status": {"S": ["ACTIVE"]}}}}``. A record must
            match one; up to five. Every record is delivered when none is given.
        reading: Batches, retries, where to begin.
        dead_letter_queue: Standard queue in the same account and region; made when not given.
        description: What the pipe is for, in the console.
    Raises:
        ConfigError: ``table`` has no stream, Pipes takes one of ``filters`` not or not as meant,
            the batches are too large for ``target``, or ``dead_letter_queue`` is a FIFO queue.
    Source: EventBridge user guide, "Amazon DynamoDB stream as a source for EventBridge Pipes",
        "Event source permissions for Amazon EventBridge Pipes" (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        table: dynamodb.ITable,
        target: PipeTarget,
        filters: Sequence[Mapping[str, object]] = (),
        reading: StreamReading | None = None,
        dead_letter_queue: sqs.IQueue | None = None,
        description: str | None = None,
    ) -> None:
        reading = reading or StreamReading()
        stream_arn = table.table_stream_arn
        if stream_arn is None:
            raise ConfigError(
                f"table must have a stream, got {table.node.path} without one; "
                "give it stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES"
            )
        if dead_letter_queue is not None and dead_letter_queue.fifo:
            raise ConfigError(
                f"dead_letter_queue must be a standard queue, got {dead_letter_queue.node.path}, "
                "which is FIFO; pipes send without a message group"
            )
        super().__init__(scope, id_)
        size = records_a_delivery(reading.batch_size, target)
        criteria = filter_criteria(self, filters, fields=_FIELDS)
        self.dead_letter_queue = dead_letter_queue or safe_queue(self, "DeadLetters")
        self.role = pipe_role(self)
        self._let_role_read(table, stream_arn)
        self._let_role_give_up()
        self.pipe = make_pipe(
            self,
            role=self.role,
            source_arn=stream_arn,
            source_parameters=pipes.CfnPipe.PipeSourceParametersProperty(
                filter_criteria=criteria,
                dynamo_db_stream_parameters=(
                    pipes.CfnPipe.PipeSourceDynamoDBStreamParametersProperty(
                        starting_position="LATEST" if reading.skip_existing else "TRIM_HORIZON",
                        batch_size=size,
                        maximum_batching_window_in_seconds=window_seconds(reading.batching_window),
                        parallelization_factor=reading.parallel_batches,
                        maximum_retry_attempts=reading.retry_attempts,
                        maximum_record_age_in_seconds=reading.age.to_seconds(),
                        on_partial_batch_item_failure="AUTOMATIC_BISECT"
                        if reading.halve_failed_batches
                        else None,
                        dead_letter_config=pipes.CfnPipe.DeadLetterConfigProperty(
                            arn=self.dead_letter_queue.queue_arn
                        ),
                    )
                ),
            ),
            target=target,
            description=description,
        )

    def _let_role_read(self, table: dynamodb.ITable, stream_arn: str) -> None:
        # The user guide asks for ListStreams too. CDK grants it on all streams of the account; this
        # one's ARN is known, and no other is to be found.
        iam.Grant.add_to_principal(
            grantee=self.role,
            actions=[
                "dynamodb:DescribeStream",
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
                "dynamodb:ListStreams",
            ],
            resource_arns=[stream_arn],
        )
        if table.encryption_key:
            table.encryption_key.grant_decrypt(self.role)

    def _let_role_give_up(self) -> None:
        self.dead_letter_queue.grant(self.role, "sqs:SendMessage")
        key = self.dead_letter_queue.encryption_master_key
        if key:
            key.grant(self.role, "kms:Decrypt", "kms:GenerateDataKey")
