"""Say which messages must come to a deployed queue."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from constructs_lib.testing.deployed.context import Context, in_time
from constructs_lib.testing.deployed.matching import Matching, described, matches, parsed
from constructs_lib.testing.deployed.resources import Resource
from constructs_lib.testing.deployed.waiting import Within

QUEUE = "AWS::SQS::Queue"
_WITHIN_SECONDS = 10.0
_BATCH = 10
_HIDDEN_SECONDS = 600
_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message of a queue.

    Attributes:
        body: Read as JSON where it is JSON.
        attributes: The values of its message attributes, as text.
    """

    id: str
    body: Any
    attributes: Mapping[str, str]
    _receipt: str = field(repr=False)


class DeployedQueue:
    """A queue of the deployment, read by the test: nothing else should consume it.

    Messages that an expectation has passed over stay for the next ones.

    Attributes:
        url: Its URL.
    """

    def __init__(self, context: Context, resource: Resource) -> None:
        self.url = resource.physical_id
        self._context = context
        self._name = resource.path
        self._region = resource.region
        self._held: list[Message] = []
        context.at_the_end(self._release)

    def expect(self, wanted: Matching = None, *, within: Within = _WITHIN_SECONDS) -> Message:
        """Wait for a message, take it from the queue and return it.

        Args:
            wanted: An event that was published, an ``EventContract``, a part of the body, or a
                condition on the body; any message when not given.
            within: How long to wait, in real time.
        Raises:
            ExpectationError: It did not come; the message shows what came instead.
        """
        __tracebackhide__ = True
        found = self._context.wait_for(lambda: self._receive(wanted), within)
        if found is None:
            self._context.fail(
                f"expected {described(wanted)} in {self._name} {in_time(within)}, {self._got()}"
            )
        self._held.remove(found)
        self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=found._receipt)
        return found

    def expect_nothing(self, wanted: Matching = None, *, within: Within = _WITHIN_SECONDS) -> None:
        """Fail the test if a message comes from what the test has set off.

        On the embedded AWS this waits until everything under way has settled, and not longer; in a
        real account, which does not tell, it watches for ``within``.

        Args:
            wanted: As for ``expect``.
            within: When what is under way must have settled, in real time.
        """
        __tracebackhide__ = True
        if self._context.embedded:
            self._context.settle(within)
            found = self._receive(wanted)
        else:
            found = self._context.wait_for(lambda: self._receive(wanted), within)
        if found is not None:
            self._context.fail(f"expected not {described(wanted)} in {self._name}, {self._got()}")

    def _receive(self, wanted: Matching) -> Message | None:
        """What is meant among all messages there are; they stay hidden from others."""
        while received := self._sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=_BATCH,
            VisibilityTimeout=_HIDDEN_SECONDS,
            WaitTimeSeconds=0 if self._context.embedded else 1,
            MessageAttributeNames=["All"],
        ).get("Messages"):
            self._held += [_message(each) for each in received]
        return next((each for each in self._held if matches(wanted, each.body)), None)

    def _got(self) -> str:
        if not self._held:
            return "it is empty"
        bodies = [json.dumps(each.body, default=str) for each in self._held[:_SHOWN]]
        more = len(self._held) - len(bodies)
        return "\n  ".join(["it has", *bodies, *([f"and {more} more"] if more else [])])

    def _release(self) -> None:
        """Show others again what a real queue holds; an embedded one ends with the test."""
        if self._context.embedded is None:
            for each in self._held:
                self._sqs.change_message_visibility(
                    QueueUrl=self.url, ReceiptHandle=each._receipt, VisibilityTimeout=0
                )

    @property
    def _sqs(self) -> Any:
        return self._context.client("sqs", self._region)


def _message(received: Mapping[str, Any]) -> Message:
    return Message(
        id=received["MessageId"],
        body=parsed(received["Body"]),
        attributes={
            name: value.get("StringValue", "")
            for name, value in received.get("MessageAttributes", {}).items()
        },
        _receipt=received["ReceiptHandle"],
    )
