"""Walks over workflows that several rules need."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.insight.findings.ways import Ways
from constructs_lib.insight.model import Assembly, State, StateMachine, Task, Workflow
from constructs_lib.service_models.service_errors import ServiceErrors, errors_of

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


def ways_of(machine: StateMachine, *, over_errors: bool = True) -> Ways:
    """From each state of one level to those that come right after it."""
    names = {state.name for state in machine.states}
    return {
        state.name: [
            way.target
            for way in state.transitions
            if way.target in names and (over_errors or way.kind in _HAPPY)
        ]
        for state in machine.states
    }


def known_errors(task: Task) -> ServiceErrors | None:
    """What the errors of a task mean, whatever function it calls; None where that is not known."""
    return errors_of(
        "arn:aws:states:::lambda:invoke" if task.kind == "lambda" else task.resource_text
    )


def call_name(task: Task) -> str:
    """A call as people write it."""
    if task.action:
        return f"{task.service}:{task.action}"
    return task.resource_text
