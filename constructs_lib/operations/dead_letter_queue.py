"""A dead-letter queue, read without losing or showing a message twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from constructs_lib.names import pick
from constructs_lib.operations.clients import Clients, environment_clients
from constructs_lib.operations.dead_letter import DeadLetter, read_dead_letter
from constructs_lib.operations.deployed import dead_letter_queues_of, read_stacks
from constructs_lib.operations.target import Target

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_BATCH = 10
#: How long a message that was read stays hidden should this process die: long enough for a batch.
_HIDDEN_SECONDS = 300


class DeadLetterQueueError(Exception):
    """The queue cannot be found or read; the message says why."""


class DeadLetterQueue:
    """The queue at ``url``. Messages that are read stay hidden until ``release``.

    ``clients`` are those of the queue's account and region, for whoever redrives it.
    """

    def __init__(
        self, client: SQSClient, url: str, *, clients: Clients = environment_clients
    ) -> None:
        self.url = url
        self.clients = clients
        self._client = client
        self._held: dict[str, str] = {}

    @classmethod
    def find(cls, queue: str, *, clients: Clients = environment_clients) -> DeadLetterQueue:
        """The queue of that name, ARN or URL, in the account and region of ``clients``.

        Raises:
            DeadLetterQueueError: There is none, or AWS cannot be reached.
        """
        try:
            client: SQSClient = clients("sqs")
            if queue.startswith("arn:"):
                *_, account, name = queue.split(":")
                url = client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)
            elif "://" in queue:
                client.get_queue_attributes(QueueUrl=queue)
                return cls(client, queue, clients=clients)
            else:
                url = client.get_queue_url(QueueName=queue)
        except (BotoCoreError, ClientError, ValueError) as error:
            raise DeadLetterQueueError(f"the queue {queue!r} cannot be read: {error}") from error
        return cls(client, url["QueueUrl"], clients=clients)

    @classmethod
    def find_deployed(cls, target: Target, queue: str) -> DeadLetterQueue:
        """The queue of that name, ARN or URL; else the dead-letter queue that the stacks call so.

        Args:
            queue: Its construct path or logical id, or a part of one, will do as well.
        Raises:
            DeadLetterQueueError: AWS cannot be reached, or the ARN or URL leads to none.
            UnknownNameError: It is the name of no queue, or of several.
            TargetError: The assembly of a real account cannot be read.
        """
        try:
            return cls.find(queue, clients=target.client)
        except DeadLetterQueueError as error:
            # A path has slashes, which AWS may refuse before it looks.
            if ":" in queue or not isinstance(error.__cause__, ClientError):
                raise
        try:
            found = dead_letter_queues_of(read_stacks(target))
        except (BotoCoreError, ClientError) as error:
            raise DeadLetterQueueError(f"the queue {queue!r} cannot be read: {error}") from error
        named = pick(queue, found, names=lambda each: each.names, what="QUEUE")
        return cls.find(named.physical_id, clients=target.client)

    @property
    def arn(self) -> str:
        """The queue's ARN."""
        answer = self._client.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        return answer["Attributes"]["QueueArn"]

    def size(self) -> int:
        """How many messages wait, as well as SQS knows."""
        answer = self._client.get_queue_attributes(
            QueueUrl=self.url, AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    def read(self, *, limit: int, wait_seconds: int = 1) -> Iterator[DeadLetter]:
        """Each waiting message once, up to ``limit``, hidden from other readers meanwhile.

        Args:
            wait_seconds: How long to wait for a message before the queue counts as empty; with 0,
                SQS asks only some of its servers and may miss messages.
        """
        read = 0
        while read < limit:
            answer = self._client.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=min(_BATCH, limit - read),
                VisibilityTimeout=_HIDDEN_SECONDS,
                WaitTimeSeconds=wait_seconds,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["All"],
            )
            messages = answer.get("Messages", [])
            fresh = [message for message in messages if message["MessageId"] not in self._held]
            for message in messages:
                # A message that comes twice was hidden for too short; its newest handle counts.
                self._held[message["MessageId"]] = message["ReceiptHandle"]
            if not fresh:
                return
            read += len(fresh)
            yield from map(read_dead_letter, fresh)

    def delete(self, letter: DeadLetter) -> None:
        """Take the message from the queue for good."""
        message_id = letter.message["MessageId"]
        self._client.delete_message(QueueUrl=self.url, ReceiptHandle=self._held[message_id])
        del self._held[message_id]

    def release(self) -> None:
        """Show all messages again that were read and not deleted."""
        held, self._held = list(self._held.values()), {}
        for start in range(0, len(held), _BATCH):
            self._client.change_message_visibility_batch(
                QueueUrl=self.url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                    for number, handle in enumerate(held[start : start + _BATCH])
                ],
            )
