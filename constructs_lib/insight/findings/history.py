"""How long loops can run before an execution's history is full."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from constructs_lib.insight.findings.states import ways_of
from constructs_lib.insight.findings.ways import rounds
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
    states = {state.name: state for state in machine.states}
    places = {name: place for place, name in enumerate(states)}
    for together in rounds(ways_of(machine, over_errors=False)):
        loop = [states[name] for name in sorted(together, key=places.__getitem__)]
        waiting = [state for state in loop if _waits(state)]
        if not waiting or any(_COUNTS.search(json.dumps(state.fields)) for state in loop):
            continue
        seconds = sum(float(str(state.fields["Seconds"])) for state in waiting)
        yield Polling(waiting[0].full_name, seconds, sum(map(_events, loop)))


def _waits(state: State) -> bool:
    return state.type == "Wait" and isinstance(state.fields.get("Seconds"), int | float)


def _events(state: State) -> int:
    inner = sum(_events(one) for branch in state.branches for one in branch.states)
    return inner + (_TASK_EVENTS if state.type == "Task" else _STATE_EVENTS)
