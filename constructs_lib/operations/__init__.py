"""What operators do with a deployed system, against AWS or the embedded AWS alike."""

from constructs_lib.operations.replay import (
    ReplayError,
    ReplayOutcome,
    ReplayRun,
    rules_of_stack,
    workflow_of_stack,
)
from constructs_lib.operations.time_window import TimeWindow, TimeWindowError
from constructs_lib.operations.trace import Trace, TraceError, TraceNode, trace_of

__all__ = [
    "ReplayError",
    "ReplayOutcome",
    "ReplayRun",
    "TimeWindow",
    "TimeWindowError",
    "Trace",
    "TraceError",
    "TraceNode",
    "rules_of_stack",
    "trace_of",
    "workflow_of_stack",
]
