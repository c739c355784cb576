"""An execution under way on moto's interpreter, and what it came to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from constructs_lib.templates.json_value import JsonValue
from constructs_lib.testing._moto_patches.executions import execution_of, history_of
from constructs_lib.testing._moto_patches.observer import Observer

_LOOK_AGAIN_SECONDS = 0.1
_START_SECONDS = 10
_STOP_SECONDS = 1


class WorkflowDeadlineError(TimeoutError):
    """The workflow did not get as far as asked within the time given."""


@dataclass(frozen=True)
class WorkflowRun:
    """What an execution came to.

    ``path`` has the states entered, in order (branches of a Parallel or Map interleave);
    ``retries`` counts the retries, and ``retry_delays_seconds`` has the unscaled delay of each.
    """

    status: str
    output: JsonValue
    error: str | None
    cause: str | None
    path: tuple[str, ...]
    retries: int
    retry_delays_seconds: tuple[float, ...]
    history: Sequence[Mapping[str, object]]


class StartedWorkflow:
    """An execution under way."""

    def __init__(self, observer: Observer, execution_arn: str) -> None:
        self._observer = observer
        self.execution_arn = execution_arn
        self._execution = execution_of(execution_arn)
        # Moto starts an execution in a thread, and can neither describe nor stop it before that.
        if not self._until(lambda: len(self.history()) > 1, _START_SECONDS):
            raise WorkflowDeadlineError(
                f"workflow must start within {_START_SECONDS} seconds, got no event; look for "
                "an exception in moto's thread"
            )

    @property
    def has_ended(self) -> bool:
        return self._observer.has_ended(self.execution_arn)

    def result(self, *, within_seconds: float = 10) -> WorkflowRun:
        """Wait for the end; an execution that does not end in time is stopped."""
        if not self._until(lambda: self.has_ended, within_seconds):
            raise self._too_late(f"end within_seconds={within_seconds}")
        delays = self._observer.retry_delays(self.execution_arn)
        history = self.history()
        return WorkflowRun(
            status=str(self._execution.status),
            output=self._execution.output,
            error=self._execution.error,
            cause=self._execution.cause,
            path=_path(history),
            retries=len(delays),
            retry_delays_seconds=delays,
            history=history,
        )

    def until_waiting(self, *, state: str, within_seconds: float = 10) -> None:
        """Wait until ``state`` has handed out its task token and waits for the answer.

        Raises:
            WorkflowDeadlineError: It does not come to that before the time is up or the execution
                ends; it is stopped then.
        """

        def waits() -> bool:
            return state in _waiting_states(self.history())

        if not self.until(waits, within_seconds=within_seconds):
            raise self._too_late(
                f"wait for a task token in state {state!r} within_seconds={within_seconds}"
            )

    def until(self, holds: Callable[[], bool], *, within_seconds: float = 10) -> bool:
        """Wait until ``holds()``, looking again whenever the execution goes on.

        Returns: Whether it holds; not if the time is up or the execution ends before.
        """
        self._until(lambda: self.has_ended or holds(), within_seconds)
        return holds()

    def stop(self, *, within_seconds: float = _STOP_SECONDS) -> None:
        """End the execution if it still runs, and wait for that."""
        if not self.has_ended:
            self._execution.stop(stop_date=datetime.now(UTC), error=None, cause=None)
            self._until(lambda: self.has_ended, within_seconds)

    def history(self) -> Sequence[Mapping[str, object]]:
        """The raw events so far."""
        return history_of(self._execution)

    def _until(self, reached: Callable[[], bool], within_seconds: float) -> bool:
        """Look again whenever something has happened."""
        deadline = time.monotonic() + within_seconds
        while True:
            seen = self._observer.changes
            if reached():
                return True
            rest = deadline - time.monotonic()
            if rest <= 0:
                return False
            self._observer.wait_for_change(
                since=seen, within_seconds=min(rest, _LOOK_AGAIN_SECONDS)
            )

    def _too_late(self, aim: str) -> WorkflowDeadlineError:
        status = self._execution.status
        path = _path(self.history())
        self.stop()
        return WorkflowDeadlineError(
            f"workflow must {aim}, got status {status} in state {path[-1] if path else 'none'!r} "
            f"after {' -> '.join(path) or 'no state'}; answer its task token, let it time out with "
            "engine.time_out, or allow more seconds"
        )


def _path(history: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(
        event["stateEnteredEventDetails"]["name"]
        for event in history
        if "stateEnteredEventDetails" in event
    )


def _waiting_states(history: Sequence[Mapping[str, Any]]) -> set[str]:
    """The states with a submitted task that has not ended; branches are told apart by the chain
    of previous events."""
    by_id = {event["id"]: event for event in history}

    def chain(event: Mapping[str, Any] | None) -> Iterator[Mapping[str, Any]]:
        while event is not None:
            yield event
            event = by_id.get(event["previousEventId"])

    waiting: set[str] = set()
    for event in history:
        if event["type"] not in ("TaskSubmitted", "TaskSucceeded", "TaskFailed", "TaskTimedOut"):
            continue
        state = next((name for name in map(_entered, chain(event)) if name), "")
        if event["type"] == "TaskSubmitted":
            waiting.add(state)
        else:
            waiting.discard(state)
    return waiting


def _entered(event: Mapping[str, Any]) -> str | None:
    details = event.get("stateEnteredEventDetails")
    return str(details["name"]) if details else None
