"""Error names that the integration of a task never raises."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from constructs_lib.insight.findings.finding import FindingRule, Hit
from constructs_lib.insight.findings.states import call_name, known_errors, tasks_of
from constructs_lib.insight.model import Assembly, State, Task
from constructs_lib.service_models.error_names import declared_errors, error_prefix

_LINK = "https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html"
#: What optimized integrations put before their errors. Source: Step Functions developer guide, the
#: integrations' pages, and AWS's published state machines (read 2026-11-27).
_OPTIMIZED_PREFIXES = {
    "dynamodb": "DynamoDB",
    "events": "EventBridge",
    "lambda": "Lambda",
    "sns": "SNS",
    "sqs": "SQS",
}
#: Source: states-language.net/spec.html, appendix A; developer guide, "Handling errors" (read
#: 2026-11-27).
_RESERVED = frozenset(
    {
        "States.ALL",
        "States.BranchFailed",
        "States.DataLimitExceeded",
        "States.ExceedToleratedFailureThreshold",
        "States.HeartbeatTimeout",
        "States.IntrinsicFailure",
        "States.ItemReaderFailed",
        "States.NoChoiceMatched",
        "States.ParameterPathFailure",
        "States.Permissions",
        "States.QueryEvaluationError",
        "States.ResultPathMatchFailure",
        "States.ResultWriterFailed",
        "States.Runtime",
        "States.TaskFailed",
        "States.Timeout",
    }
)
_HTTP = re.compile(r"States\.Http\.(?:Socket|StatusCode\.\d{3})")


def _wrong_names(assembly: Assembly) -> Iterator[Hit]:
    for workflow in assembly.workflows:
        for state in workflow.machine.all_states():
            for name, right in _misnamed(state):
                who = "nothing within"
                if state.task:
                    who = f"the integration of {call_name(state.task)} never"
                yield Hit(
                    place=workflow.resource.place,
                    state=state.full_name,
                    subject=name,
                    what=f"{state.name!r} waits for the error {name!r}, which {who} raises",
                    remedy=f"write {right!r}" if right else "take the name from the list",
                )


def _misnamed(state: State) -> Iterator[tuple[str, str]]:
    """Wrong names that a state waits for, each with the right one; empty if none is like it."""
    raised = set(_raised_within(state))
    for name in _names(state):
        right = None if name in raised else _reserved_like(name)
        if right is None and state.task is not None:
            right = _right_name(name, state.task)
        if right is not None:
            yield name, right


def _raised_within(state: State) -> Iterator[str]:
    """The errors that the Fail states in the branches say: any name at all, ``States.…`` too."""
    for branch in state.branches:
        for inner in branch.all_states():
            error = inner.fields.get("Error")
            if inner.type == "Fail" and isinstance(error, str):
                yield error


def _names(state: State) -> list[str]:
    retried = [name for rule in state.retries for name in rule.errors]
    found = [*retried, *(name for rule in state.catches for name in rule.errors)]
    return list(dict.fromkeys(found))


def _reserved_like(name: str) -> str | None:
    """The reserved name that a wrong one means; empty if none is like it."""
    if not name.startswith("States.") or name in _RESERVED or _HTTP.fullmatch(name):
        return None
    near = difflib.get_close_matches(name, _RESERVED, n=1, cutoff=0.7)
    return near[0] if near else ""


def _right_name(name: str, task: Task) -> str | None:
    """How the integration writes an error, if ``name`` is another spelling of it."""
    prefix, dot, error = name.partition(".")
    expected = (
        error_prefix(task.service) if task.kind == "sdk" else _OPTIMIZED_PREFIXES.get(task.service)
    )
    if not dot or expected is None or prefix.lower() != expected.lower():
        return None
    if task.kind != "sdk":
        meant = _misspelt(error, task) or error
        return None if name == f"{expected}.{meant}" else f"{expected}.{meant}"
    known = declared_errors(task.service) | {f"{expected}Exception", "SdkClientException"}
    if error in known:
        return None if prefix == expected else f"{expected}.{error}"
    folded = {one.lower(): one for one in known}
    for spelling in (error.lower(), f"{error.lower()}exception"):
        if spelling in folded:
            return f"{expected}.{folded[spelling]}"
    if not error.endswith("Exception"):
        return f"{expected}.{error}Exception"
    near = difflib.get_close_matches(error, known, n=1, cutoff=0.93)
    if near:
        return f"{expected}.{near[0]}"
    return None if prefix == expected else f"{expected}.{error}"


def _misspelt(error: str, task: Task) -> str | None:
    """The error of an optimized integration that a name means which is almost that of one."""
    table = known_errors(task)
    listed = table.transient_errors + table.permanent_errors if table else ()
    known = {name.partition(".")[2] for name in listed}
    if task.service == "lambda":
        known |= declared_errors(task.service)
    folded = {one.lower(): one for one in known}
    if error.lower() in folded:
        return None  # models write EC2 as Ec2
    near = difflib.get_close_matches(error.lower(), folded, n=1, cutoff=0.93)
    return folded[near[0]] if near else None


def _uncatchable(assembly: Assembly) -> Iterator[Hit]:
    for workflow in assembly.workflows:
        for state in workflow.machine.all_states():
            if "States.Runtime" in _names(state):
                yield Hit(
                    place=workflow.resource.place,
                    state=state.full_name,
                    what=f"{state.name!r} means to handle States.Runtime, which always ends the "
                    "execution",
                )


def _timeouts_uncaught(assembly: Assembly) -> Iterator[Hit]:
    for workflow, state, _ in tasks_of(assembly):
        caught = {name for rule in state.catches for name in rule.errors}
        has_limit = state.timeout_seconds is not None or state.heartbeat_seconds is not None
        if (
            has_limit
            and "States.TaskFailed" in caught
            and not caught & {"States.ALL", "States.Timeout", "States.HeartbeatTimeout"}
        ):
            yield Hit(
                place=workflow.resource.place,
                state=state.full_name,
                what=f"{state.name!r} has a time limit and catches States.TaskFailed, which a "
                "timeout is not",
            )


RULES = (
    FindingRule(
        id="wrong-error-name",
        severity="error",
        title="An error name that the integration never raises",
        why="The retry or the catch never happens. Optimized integrations and SDK integrations "
        "name one error differently: DynamoDB.… and DynamoDb.…; SDK names end in Exception.",
        remedy="write the error as the integration raises it",
        link=_LINK,
        find=_wrong_names,
    ),
    FindingRule(
        id="uncatchable-error",
        severity="warning",
        title="Handling of an error that cannot be handled",
        why="States.Runtime is neither retried nor caught, by States.ALL no more than by its name; "
        "the execution fails in any case.",
        remedy="prevent the cause: a Default for each Choice, paths that exist, JSON that parses",
        link=_LINK,
        find=_uncatchable,
    ),
    FindingRule(
        id="timeout-not-caught",
        severity="warning",
        title="A timeout passes the catch",
        why="States.TaskFailed stands for every error but States.Timeout, so that the execution "
        "fails without its error path.",
        remedy="catch States.Timeout too, or States.ALL",
        link=_LINK,
        find=_timeouts_uncaught,
    ),
)
