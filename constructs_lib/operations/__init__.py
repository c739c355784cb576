"""What operators do with a deployed system, against AWS or the embedded AWS alike."""

from constructs_lib.operations.replay import (
    ReplayError,
    ReplayOutcome,
    ReplayRun,
    workflow_of_stack,
)
from constructs_lib.operations.time_window import TimeWindow, TimeWindowError

__all__ = [
    "ReplayError",
    "ReplayOutcome",
    "ReplayRun",
    "TimeWindow",
    "TimeWindowError",
    "workflow_of_stack",
]
