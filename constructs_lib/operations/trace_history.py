"""The states that an execution went through, read from its history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_ENDS = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}
_UNTOLD = ("error of a Fail state", "")
# What a container's attempt begins with; a task's begins as it is scheduled.
_CONTAINER_ATTEMPTS = ("ParallelStateStarted", "MapStateStarted", "MapRunStarted")


@dataclass
class Attempt:
    """One attempt at a state; ``ended`` is None while it runs, or when its end was not noted."""

    began: datetime
    ended: datetime | None = None
    error: str = ""
    cause: str = ""


@dataclass
class Visit:
    """One stay in a state.

    Args:
        name: The state's name.
        kind: Its type: ``Task``, ``Choice``, ``Parallel``.
        entered: When it was entered.
        left: When it was left; None if it never was.
        task: What a task calls: ``dynamodb putItem``, ``lambda invoke``, a function's ARN.
        attempts: Each attempt at a task or container; more than one are retries.
        groups: The branches of a Parallel, the iterations of a Map, in the order they began.
    """

    name: str
    kind: str
    entered: datetime
    left: datetime | None = None
    task: str = ""
    attempts: list[Attempt] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    group: Group | None = field(default=None, repr=False)

    @property
    def error(self) -> str:
        """The error of the last attempt, caught or not; empty if it succeeded."""
        return self.attempts[-1].error if self.attempts else ""


@dataclass
class Group:
    """States that follow each other: a whole execution, a branch, or an iteration."""

    title: str
    visits: list[Visit] = field(default_factory=list)


@dataclass
class RunHistory:
    """What a history tells.

    Args:
        states: The states, in order; those of branches and iterations stand in their container.
        started: When the execution began.
        status: As DescribeExecution has it; ``RUNNING`` without a last event.
        ended: When it ended; None while it runs.
        error: The error's name, if it did not succeed.
        cause: The error's cause.
    """

    states: Group
    started: datetime | None = None
    status: str = "RUNNING"
    ended: datetime | None = None
    error: str = ""
    cause: str = ""


def read_history(events: Sequence[Mapping[str, Any]]) -> RunHistory:
    """Read the events of GetExecutionHistory, oldest first."""
    reader = _Reader()
    for event in events:
        reader.read(event)
    return reader.run


class _Reader:
    """Follows the events; each one belongs to the visit of the one that it follows."""

    def __init__(self) -> None:
        self.run = RunHistory(Group(""))
        self._visits: list[Visit] = []
        self._failure = _UNTOLD
        # The kind of each event, the visit it belongs to, and the group that the next state is in.
        self._seen: dict[int, tuple[str, Visit | None, Group]] = {}

    def read(self, event: Mapping[str, Any]) -> None:
        kind, when = str(event["type"]), event["timestamp"]
        found = (event[key] for key in event if key.endswith("EventDetails"))
        details: Mapping[str, Any] = next(found, {})
        before = int(event.get("previousEventId", event["id"] - 1))
        previous, visit, group = self._seen.get(before, ("", None, self.run.states))
        if kind == "ExecutionStarted":
            self.run.started = when
        elif kind in _ENDS:
            self.run.status, self.run.ended = _ENDS[kind], when
            self.run.error, self.run.cause = details.get("error", ""), details.get("cause", "")
        elif kind == "ExecutionRedriven":
            self.run.status, self.run.ended = "RUNNING", None
            self.run.error = self.run.cause = ""
        elif kind.endswith("StateEntered"):
            if previous == "ParallelStateStarted" and visit:
                group = Group(f"branch {_branches(visit) + 1}")
                visit.groups.append(group)
            visit = Visit(details["name"], kind.removesuffix("StateEntered"), when, group=group)
            if visit.kind == "Fail":
                self._failure = _UNTOLD
            group.visits.append(visit)
            self._visits.append(visit)
        elif kind.endswith("StateExited"):
            visit = self._open(visit, lambda each: each.name == details["name"])
            if visit:
                visit.left = when
                group = visit.group or group
        elif kind == "MapIterationStarted" and visit:
            group = Group(f"iteration {details.get('index', len(visit.groups))}")
            visit.groups.append(group)
        elif visit:
            visit = self._attempt(visit, kind, when, details)
        self._seen[int(event["id"])] = (kind, visit, group)

    def _attempt(
        self, visit: Visit, kind: str, when: datetime, details: Mapping[str, Any]
    ) -> Visit:
        container = next((c for c in ("Parallel", "Map") if kind.startswith(f"{c}State")), "")
        if container:
            visit = self._open(visit, lambda each: each.kind == container) or visit
        if kind.endswith("Scheduled") or kind in _CONTAINER_ATTEMPTS:
            visit.attempts.append(Attempt(when))
            parts = (details.get("resourceType", ""), details.get("resource", ""))
            visit.task = " ".join(part for part in parts if part)
        elif "error" in details or kind in ("ParallelStateFailed", "MapStateFailed"):
            if not visit.attempts:
                visit.attempts.append(Attempt(visit.entered))
            last = visit.attempts[-1]
            last.ended = when
            if "error" in details:
                self._failure = (details["error"], details.get("cause", ""))
            # A container fails by what failed inside; of a Fail state the history has no error.
            last.error, last.cause = self._failure
        elif kind.endswith("Succeeded") and visit.attempts and not kind.startswith("MapIteration"):
            visit.attempts[-1].ended = when
        return visit

    def _open(self, visit: Visit | None, fits: Callable[[Visit], bool]) -> Visit | None:
        """The visit if it is the one, or the newest one that is and was not left."""
        if visit and visit.left is None and fits(visit):
            return visit
        return next((v for v in reversed(self._visits) if v.left is None and fits(v)), None)


def _branches(parallel: Visit) -> int:
    """How many branches of the attempt at hand have begun."""
    began = parallel.attempts[-1].began if parallel.attempts else parallel.entered
    return sum(1 for group in parallel.groups if group.visits and group.visits[0].entered >= began)
