"""Walks over workflows that several rules need."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.insight.model import Assembly, State, StateMachine, Task, Workflow

_HAPPY = ("next", "choice", "default")


def tasks_of(assembly: Assembly) -> Iterator[tuple[Workflow, State, Task]]:
    """Every Task state of every workflow."""
    for workflow in assembly.workflows:
        for state in workflow.machine.all_states():
            if state.task is not None:
                yield workflow, state, state.task


def machines_of(workflow: Workflow) -> Iterator[StateMachine]:
    """The state machine of a workflow and its branches at any depth."""
    pending = [workflow.machine]
    while pending:
        machine = pending.pop()
        yield machine
        pending += [branch for state in machine.states for branch in state.branches]


def reachable(machine: StateMachine, start: str, *, over_errors: bool = True) -> set[str]:
    """Names of the states of one level that an execution can come to from ``start``."""
    states = {state.name: state for state in machine.states}
    found: set[str] = set()
    pending = [start]
    while pending:
        name = pending.pop()
        if name in found or name not in states:
            continue
        found.add(name)
        pending += [
            way.target for way in states[name].transitions if over_errors or way.kind in _HAPPY
        ]
    return found


def call_name(task: Task) -> str:
    """A call as people write it."""
    if task.action:
        return f"{task.service}:{task.action}"
    return task.resource_text
