"""The journey of an event or of an execution: what came of it, step by step, with times.

On the embedded AWS, its journal tells who published, delivered, started and called what; on a real
account there is no such record, and a trace is an execution's own history.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

NodeKind = Literal[
    "event",
    "rule",
    "target",
    "workflow",
    "state",
    "group",
    "attempt",
    "function",
    "pipe",
    "fault",
    "mail",
    "queue",
    "note",
]
#: ``failed`` is an end, ``retried`` an error that something was done about (another attempt, a
#: Catch), ``running`` what had not ended when the trace was made.
NodeStatus = Literal["ok", "retried", "failed", "running"]


class TraceError(Exception):
    """There is no trace of what was asked for; the message holds the remedy."""


@dataclass(frozen=True, kw_only=True)
class TraceNode:
    """One step of a journey, and what came of it.

    Args:
        kind: What it is. ``target`` is a delivery to a rule's target, ``group`` a branch of a
            Parallel or an iteration of a Map, ``queue`` a dead-letter queue, ``note`` a remark.
        title: Its name, as a person calls it.
        status: How it went.
        id: ARN, event id, request id or message id; empty for what has none.
        detail: What else is to say: the error, what a task calls, how many rules matched.
        at: When it began, if that is known.
        duration_ms: How long it took; None if that is not known or it took no time.
        children: What came of it, in order.
    """

    kind: NodeKind
    title: str
    status: NodeStatus = "ok"
    id: str = ""
    detail: str = ""
    at: datetime | None = None
    duration_ms: float | None = None
    children: tuple[TraceNode, ...] = ()

    def walk(self) -> Iterator[TraceNode]:
        """This step and all that came of it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, kw_only=True)
class Trace:
    """A journey.

    Args:
        subject: The event's id, or the execution's ARN.
        root: The event or the execution.
    """

    subject: str
    root: TraceNode

    @property
    def started(self) -> datetime | None:
        """The time that all others are told from: that of the root, or the first one known."""
        return next((node.at for node in self.root.walk() if node.at), None)

    @property
    def has_failures(self) -> bool:
        """Whether any step failed for good; what was retried or caught did not."""
        return any(node.status == "failed" for node in self.root.walk())

    @property
    def is_running(self) -> bool:
        """Whether anything had not ended when the trace was made."""
        return any(node.status == "running" for node in self.root.walk())

    def find(self, kind: NodeKind) -> list[TraceNode]:
        """All steps of a kind, in the order of the tree."""
        return [node for node in self.root.walk() if node.kind == kind]

    def as_json(self) -> dict[str, object]:
        """The whole tree as JSON: times in ISO 8601, and in milliseconds from the start."""
        return {
            "subject": self.subject,
            "started": self.started.isoformat() if self.started else None,
            "hasFailures": self.has_failures,
            "isRunning": self.is_running,
            "root": _as_json(self.root, self.started),
        }


def offset_ms(node: TraceNode, started: datetime | None) -> float | None:
    """How long after the start of the journey a step began.

    Histories have whole milliseconds: what began in the first one did not begin before the start.
    """
    if node.at is None or started is None:
        return None
    return max(0.0, (node.at - started).total_seconds() * 1000)


def _as_json(node: TraceNode, started: datetime | None) -> Mapping[str, object]:
    offset = offset_ms(node, started)
    return {
        "kind": node.kind,
        "title": node.title,
        "status": node.status,
        "id": node.id,
        "detail": node.detail,
        "at": node.at.isoformat() if node.at else None,
        "offsetMs": None if offset is None else round(offset, 3),
        "durationMs": None if node.duration_ms is None else round(node.duration_ms, 3),
        "children": [_as_json(child, started) for child in node.children],
    }
