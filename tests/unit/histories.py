"""Histories as GetExecutionHistory gives them, written short."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 11, 27, 12, tzinfo=UTC)
_DETAILS = {
    "StateEntered": "stateEnteredEventDetails",
    "StateExited": "stateExitedEventDetails",
}


def event(id_: int, previous: int, kind: str, **details: object) -> dict[str, Any]:
    """An event ``id_`` tenths of a second after the start."""
    key = next((name for end, name in _DETAILS.items() if kind.endswith(end)), "")
    key = key or f"{kind[0].lower()}{kind[1:]}EventDetails"
    return {
        "id": id_,
        "previousEventId": previous,
        "type": kind,
        "timestamp": START + timedelta(milliseconds=100 * id_),
        **({key: details} if details else {}),
    }


#: A Parallel as AWS links it: its end follows the last event inside.
PARALLEL: Sequence[dict[str, Any]] = (
    event(1, 0, "ExecutionStarted"),
    event(2, 0, "ParallelStateEntered", name="Both"),
    event(3, 2, "ParallelStateStarted"),
    event(4, 3, "PassStateEntered", name="Left"),
    event(5, 3, "TaskStateEntered", name="Right"),
    event(6, 5, "TaskScheduled", resourceType="dynamodb", resource="putItem"),
    event(7, 4, "PassStateExited", name="Left"),
    event(8, 7, "PassStateEntered", name="Left again"),
    event(9, 8, "PassStateExited", name="Left again"),
    event(
        10, 6, "TaskFailed", resourceType="dynamodb", resource="putItem", error="Busy", cause="c"
    ),
    event(11, 10, "TaskScheduled", resourceType="dynamodb", resource="putItem"),
    event(12, 11, "TaskSucceeded", resourceType="dynamodb", resource="putItem"),
    event(13, 12, "TaskStateExited", name="Right"),
    event(14, 13, "ParallelStateSucceeded"),
    event(15, 14, "ParallelStateExited", name="Both"),
    event(16, 15, "SucceedStateEntered", name="Done"),
    event(17, 16, "SucceedStateExited", name="Done"),
    event(18, 17, "ExecutionSucceeded"),
)

#: A Map over two items; the second fails, the Map catches that, and a Fail state ends it all.
MAP: Sequence[dict[str, Any]] = (
    event(1, 0, "ExecutionStarted"),
    event(2, 0, "MapStateEntered", name="Each"),
    event(3, 2, "MapStateStarted", length=2),
    event(4, 3, "MapIterationStarted", name="Each", index=0),
    event(5, 4, "TaskStateEntered", name="Item"),
    event(6, 3, "MapIterationStarted", name="Each", index=1),
    event(7, 6, "TaskStateEntered", name="Item"),
    event(8, 5, "LambdaFunctionScheduled", resource="arn:aws:lambda:eu-west-1:1:function:f"),
    event(9, 7, "LambdaFunctionScheduled", resource="arn:aws:lambda:eu-west-1:1:function:f"),
    event(10, 9, "LambdaFunctionFailed", error="Bad", cause="item"),
    event(11, 10, "MapIterationFailed", name="Each", index=1),
    event(12, 11, "MapStateFailed"),
    event(13, 12, "MapStateExited", name="Each"),
    event(14, 13, "FailStateEntered", name="Sorry"),
    event(15, 14, "ExecutionFailed", error="Shop.Closed", cause="come again"),
)
