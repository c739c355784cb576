"""How long loops can run before an execution's history is full."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from constructs_lib.insight.findings.states import reachable
from constructs_lib.insight.model import State, StateMachine

# A task: entered, scheduled, started, succeeded, exited; others: entered, exited. Source: Step
# Functions API reference, HistoryEvent; seen in histories of the example (read 2026-11-27).
_TASK_EVENTS = 5
_STATE_EVENTS = 2
#: Something in the loop counts, so that its author has thought of an end.
_COUNTS = re.compile(r"States\.MathAdd|\+\s*1\b|-\s*1\b|\$(?:count|append)\(")


class Polling(NamedTuple):
    """A loop with a wait of a fixed time in it."""

    state: str
    seconds: float
    events: int


def rounds_of_polling(machine: StateMachine) -> Iterator[Polling]:
    """Loops of the outermost level that wait and do not count."""
    waiting = [
        state
        for state in machine.states
        if state.type == "Wait" and isinstance(state.fields.get("Seconds"), int | float)
    ]
    seen: set[str] = set()
    for wait in waiting:
        if wait.name in seen:
            continue
        after = {
            name
            for way in wait.transitions
            for name in reachable(machine, way.target, over_errors=False)
        }
        loop = [
            state
            for state in machine.states
            if state.name in after
            and wait.name in reachable(machine, state.name, over_errors=False)
        ]
        if wait not in loop or any(_COUNTS.search(json.dumps(state.fields)) for state in loop):
            continue
        seen |= {state.name for state in loop}
        seconds = sum(float(str(state.fields["Seconds"])) for state in loop if state in waiting)
        yield Polling(wait.full_name, seconds, sum(map(_events, loop)))


def _events(state: State) -> int:
    inner = sum(_events(one) for branch in state.branches for one in branch.states)
    return inner + (_TASK_EVENTS if state.type == "Task" else _STATE_EVENTS)
