"""A delivery of EventBridge, and how it fails; ``event_delivery`` says what is made of both."""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One event on its way to one target of a rule, as MiniStack keeps them."""

    target: Mapping[str, object]
    event: Mapping[str, object]
    rule: Mapping[str, object]


class DeliveryError(Exception):
    """A target did not take an event."""

    def __init__(self, code: str, message: str, *, is_retriable: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.is_retriable = is_retriable


#: The delivery that this thread is at, for what sends to single kinds of targets.
current_delivery: ContextVar[Delivery] = ContextVar("current_delivery")
