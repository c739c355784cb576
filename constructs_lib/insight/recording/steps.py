"""The states of an execution, as its history tells them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from constructs_lib.insight.runs import Attempt, Step
from constructs_lib.operations.trace_history import Group, read_history


def steps_of(history: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    """The states of a history, in the order they were entered."""
    run = read_history(history)
    if run.started is None:
        return ()
    sizes = _sizes(history)
    started = run.started
    steps: list[Step] = []

    def milliseconds(when: datetime) -> float:
        return round((when - started).total_seconds() * 1000, 3)

    def read(group: Group, path: tuple[str, ...], inside: int | None) -> None:
        previous: int | None = None
        for visit in group.visits:
            index = len(steps)
            steps.append(
                Step(
                    state=" / ".join((*path, visit.name)),
                    entered_ms=milliseconds(visit.entered),
                    left_ms=milliseconds(visit.left) if visit.left else None,
                    attempts=tuple(
                        Attempt(
                            began_ms=milliseconds(attempt.began),
                            ended_ms=milliseconds(attempt.ended) if attempt.ended else None,
                            error=attempt.error,
                        )
                        for attempt in visit.attempts
                    ),
                    error=visit.error,
                    input_bytes=sizes.get((visit.name, "entered", visit.entered), 0),
                    output_bytes=sizes.get((visit.name, "exited", visit.left), 0),
                    previous=previous,
                    inside=inside,
                    part=group.title,
                )
            )
            previous = index
            for inner in visit.groups:
                read(inner, (*path, visit.name), index)

    read(run.states, (), None)
    return tuple(steps)


def _sizes(history: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str, datetime | None], int]:
    sizes: dict[tuple[str, str, datetime | None], int] = {}
    for event in history:
        for way, payload in (("entered", "input"), ("exited", "output")):
            details = event.get(f"state{way.capitalize()}EventDetails")
            if details:
                size = len(details.get(payload, "").encode())
                sizes[details["name"], way, event["timestamp"]] = size
    return sizes
