"""Transient errors that are not retried, and permanent ones that are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from constructs_lib.insight.findings.finding import FindingRule, Hit
from constructs_lib.insight.findings.states import call_name, known_errors
from constructs_lib.insight.model import Assembly, State, StateMachine, Task, Workflow

_LINK = "https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html"
_ANYTHING = frozenset({"States.ALL", "States.TaskFailed"})
#: Errors of the definition or its data: the next attempt meets the same.
_PERMANENT = frozenset(
    {
        "States.IntrinsicFailure",
        "States.NoChoiceMatched",
        "States.ParameterPathFailure",
        "States.Permissions",
        "States.QueryEvaluationError",
        "States.ResultPathMatchFailure",
    }
)
#: HTTP: what the client did wrong, but for timeout, conflict in time and throttling.
_HTTP_PERMANENT = re.compile(r"States\.Http\.StatusCode\.4(?!08|09|23|25|29)\d\d")


def _not_retried(assembly: Assembly) -> Iterator[Hit]:
    for workflow, state, task, named in _with_retried(assembly):
        if not _is_one_call(task):
            continue
        known = known_errors(task)
        if known is None:
            missing = not named
        else:
            missing = not named & (_ANYTHING | set(known.transient_errors))
        if missing:
            examples = known.transient_errors[:2] if known else ("States.TaskFailed",)
            yield Hit(
                place=workflow.resource.place,
                state=state.full_name,
                what=f"{state.name!r} calls {call_name(task)} and retries no transient error of it",
                remedy=f"retry {' and '.join(examples)} and their like with back-off, jitter and a "
                "maximum; where the call must not run twice, say so with MaxAttempts 0",
            )


def _with_retried(assembly: Assembly) -> Iterator[tuple[Workflow, State, Task, frozenset[str]]]:
    """Tasks with the errors that they retry, or a Parallel or Map that they lie in."""
    for workflow in assembly.workflows:
        pending: list[tuple[StateMachine, frozenset[str]]] = [(workflow.machine, frozenset())]
        while pending:
            machine, around = pending.pop()
            for state in machine.states:
                named = around.union(*(rule.errors for rule in state.retries))
                if state.task is not None:
                    yield workflow, state, state.task, named
                pending += [(branch, named) for branch in state.branches]


def _is_one_call(task: Task) -> bool:
    """What Step Functions calls itself; workers and people that answer later retry themselves."""
    return task.pattern == "request_response" and task.kind in (
        "lambda",
        "sdk",
        "optimized",
        "http",
    )


def _permanent_retried(assembly: Assembly) -> Iterator[Hit]:
    for workflow in assembly.workflows:
        for state in workflow.machine.all_states():
            for name in _permanent_ones(state):
                yield Hit(
                    place=workflow.resource.place,
                    state=state.full_name,
                    subject=name,
                    what=f"{state.name!r} retries {name}, which comes again until somebody changes "
                    "something",
                )


def _permanent_ones(state: State) -> list[str]:
    known = known_errors(state.task) if state.task else None
    permanent = _PERMANENT | set(known.permanent_errors if known else ())
    retried = [name for rule in state.retries if rule.max_attempts > 0 for name in rule.errors]
    return [name for name in retried if name in permanent or _HTTP_PERMANENT.fullmatch(name)]


RULES = (
    FindingRule(
        id="transient-error-not-retried",
        severity="warning",
        title="A call whose transient errors are not retried",
        why="Throttling and short outages of a service are normal; without a retry each one fails "
        "the execution.",
        remedy="retry the service's transient errors with back-off, jitter and a maximum",
        link="https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html",
        find=_not_retried,
        together="resource",
    ),
    FindingRule(
        id="permanent-error-retried",
        severity="warning",
        title="A permanent error that is retried",
        why="Each attempt meets the same condition: it costs transitions and time and hides the "
        "cause.",
        remedy="catch it instead, or let it fail",
        link=_LINK,
        find=_permanent_retried,
    ),
)
