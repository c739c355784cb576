"""Read an execution's history as AWS gives it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

_History = Sequence[Mapping[str, Any]]

# What each try of a state begins with.
_TRIES = frozenset(
    {
        "ActivityScheduled",
        "LambdaFunctionScheduled",
        "MapStateStarted",
        "MapRunStarted",
        "ParallelStateStarted",
        "TaskScheduled",
    }
)


def path_taken(history: _History) -> tuple[str, ...]:
    """The states entered, in order."""
    return tuple(name for event in history if (name := _entered(event)))


def retries_by_state(history: _History) -> dict[str, int]:
    """How often states were tried again: tries beyond the first of each time they were entered."""
    by_id = {event["id"]: event for event in history}
    tries: Counter[int] = Counter()
    for event in history:
        if event["type"] in _TRIES:
            entry: Mapping[str, Any] | None = event
            while entry is not None and not _entered(entry):
                entry = by_id.get(entry.get("previousEventId", 0))
            if entry is not None:
                tries[entry["id"]] += 1
    retries: Counter[str] = Counter()
    for entry_id, count in tries.items():
        if count > 1:
            retries[_entered(by_id[entry_id])] += count - 1
    return dict(retries)


def _entered(event: Mapping[str, Any]) -> str:
    return str(event.get("stateEnteredEventDetails", {}).get("name", ""))
