"""What is watched of a subscription."""

from collections.abc import Sequence
from typing import Protocol

from aws_cdk import aws_events as events
from aws_cdk import aws_sqs as sqs


class EventFlow(Protocol):
    """The way of events to one consumer; a ``Subscription`` is one.

    The rules are made in this app: an imported rule does not say which bus it is on, which its
    metrics must know.
    """

    @property
    def rules(self) -> Sequence[events.Rule]:
        """The rules that lead to the consumer."""

    @property
    def dead_letter_queue(self) -> sqs.IQueue:
        """Where events end that EventBridge could not deliver."""
