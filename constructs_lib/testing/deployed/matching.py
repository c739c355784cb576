"""Which message or item is meant."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable


@runtime_checkable
class Contract(Protocol):
    """What the test kit uses of an ``EventContract``; importing that costs more than a test."""

    @property
    def source(self) -> str:
        """Who publishes it."""

    @property
    def detail_type(self) -> str:
        """What happened."""

    def entry(self, detail: object, *, event_bus_name: str | None = None) -> Mapping[str, Any]:
        """The checked entry of PutEvents."""


@dataclass(frozen=True, kw_only=True)
class PublishedEvent:
    """An event that a test has published; ``id`` is what EventBridge gave it."""

    id: str
    source: str
    detail_type: str
    detail: Any


#: An event that was published, a contract, a part of the body, a condition on it, or None for any.
Matching: TypeAlias = PublishedEvent | Contract | Mapping[str, Any] | Callable[[Any], bool] | None


def matches(wanted: Matching, body: Any) -> bool:
    """Whether a message's body, read as JSON where it is JSON, is the one that is meant."""
    if wanted is None:
        return True
    if isinstance(wanted, PublishedEvent):
        return isinstance(body, Mapping) and body.get("id") == wanted.id
    if isinstance(wanted, Mapping):
        return holds(wanted, body)
    if isinstance(wanted, Contract):
        return holds({"source": wanted.source, "detail-type": wanted.detail_type}, body)
    return bool(wanted(body))


def holds(part: Any, whole: Any) -> bool:
    """Whether ``whole`` has all of ``part``: objects may have more members, the rest is equal."""
    if isinstance(part, Mapping):
        return isinstance(whole, Mapping) and all(
            key in whole and holds(value, whole[key]) for key, value in part.items()
        )
    return bool(part == whole)


def described(wanted: Matching) -> str:
    """How a message calls what was wanted."""
    if wanted is None:
        return "a message"
    if isinstance(wanted, PublishedEvent):
        return f"the event {wanted.detail_type} of {wanted.source} ({wanted.id})"
    if isinstance(wanted, Mapping):
        return f"a message with {json.dumps(wanted, default=str)}"
    if isinstance(wanted, Contract):
        return f"an event {wanted.detail_type} of {wanted.source}"
    return f"a message that {getattr(wanted, '__name__', 'the condition')} accepts"


def parsed(text: str) -> Any:
    """The JSON value of a text, or the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text
