"""Which IAM actions tasks need, and whether a role has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from constructs_lib.insight.model import Assembly, Reference, Statement, Task
from constructs_lib.service_models.sdk_model import (
    ModelMismatchError,
    find_action,
    iam_actions,
    uncapitalize,
)

#: Optimized integrations whose IAM action is the API action, and the prefix of it.
_OPTIMIZED = {
    "athena": "athena",
    "batch": "batch",
    "codebuild": "codebuild",
    "dynamodb": "dynamodb",
    "ecs": "ecs",
    "events": "events",
    "glue": "glue",
    "sns": "sns",
    "sqs": "sqs",
    "states": "states",
}
#: Services that check a permission on other things than the call's target: ECS runs a task on a
#: cluster, and checks the task definition. Source: service authorization reference, "Actions
#: defined by Amazon Elastic Container Service" (read 2026-11-27).
_CHECKED_ELSEWHERE = ("ecs",)
#: Services whose jobs Step Functions waits for with a rule of EventBridge, which it makes with the
#: workflow's role when the workflow is created. Source: Step Functions developer guide, "IAM
#: policies for integrated services", the services' pages (read 2026-11-27).
_AWAITED_BY_RULE = ("batch", "codebuild", "ecs", "sagemaker", "states")
_AWAITS = ("events:PutRule", "events:PutTargets")
#: AWS's policies that give nothing a task calls.
_HARMLESS = re.compile(
    r".*policy/(?:service-role/)?(?:AWSXRay\w*|AWSXrayWriteOnlyAccess|CloudWatchLambda\w*"
    r"|AWSLambdaBasicExecutionRole|CloudWatchLogs\w*)"
)


@dataclass(frozen=True, kw_only=True)
class Need:
    """What one call needs.

    Attributes:
        actions: All of them, or one of them where ``any_of`` says so.
        on: What the call works on; None where it is not known.
    """

    actions: tuple[str, ...]
    on: Reference | None
    any_of: bool = False


def need_to_wait(task: Task) -> Need | None:
    """What waiting for a job's end needs beside starting it; None where it needs nothing known."""
    if task.pattern == "sync" and task.service in _AWAITED_BY_RULE:
        return Need(actions=_AWAITS, on=None)
    return None


def need_of(task: Task) -> Need | None:
    """What a task needs; None where that is not known, or nothing."""
    if task.kind == "lambda":
        return Need(actions=("lambda:InvokeFunction",), on=task.target)
    if task.kind == "http":
        return Need(actions=("states:InvokeHTTPEndpoint",), on=None)
    if task.kind in ("optimized", "nested") and task.service in _OPTIMIZED:
        action = task.action[:1].upper() + task.action[1:]
        return Need(actions=(f"{_OPTIMIZED[task.service]}:{action}",), on=_checked(task))
    if task.kind == "sdk":
        actions = _sdk_actions(task.service, task.action)
        # A transaction needs what it does, and what that is stands in its items.
        return (
            Need(actions=actions, on=_checked(task), any_of=len(actions) > 1) if actions else None
        )
    return None


def _checked(task: Task) -> Reference | None:
    """What IAM checks the call's permission on."""
    return None if task.service in _CHECKED_ELSEWHERE else task.target


@cache
def _sdk_actions(service: str, action: str) -> tuple[str, ...]:
    try:
        return iam_actions(service, find_action(service, uncapitalize(action)))
    except ModelMismatchError:
        return ()


class Grants:
    """What each role of an assembly may do."""

    def __init__(self, assembly: Assembly) -> None:
        self._roles = assembly.resources.keys()
        self._of_role: dict[str, list[Statement]] = {}
        for statement in assembly.statements:
            self._of_role.setdefault(statement.role, []).append(statement)
        self._missing: dict[tuple[str | None, Need], tuple[str, ...]] = {}

    def _statements(self, role: Reference | None) -> list[Statement] | None:
        """All statements of a role; None where they are not all known."""
        if role is None or role.key not in self._roles:
            return None
        statements = self._of_role.get(role.key, [])
        for one in statements:
            if one.managed_policy is not None and not _HARMLESS.fullmatch(one.managed_policy):
                return None
        return [one for one in statements if one.managed_policy is None]

    def missing(self, role: Reference | None, need: Need) -> tuple[str, ...]:
        """What of a need a role lacks; empty if it lacks nothing, or if that is not known."""
        known = (role.key if role else None, need)
        if known not in self._missing:
            statements = self._statements(role)
            self._missing[known] = () if statements is None else missing_actions(need, statements)
        return self._missing[known]


def missing_actions(need: Need, statements: Sequence[Statement]) -> tuple[str, ...]:
    """What of a need no statement gives; empty if it is met."""
    missing = tuple(action for action in need.actions if not _is_given(action, need.on, statements))
    if need.any_of and len(missing) < len(need.actions):
        return ()
    return missing


def _is_given(action: str, on: Reference | None, statements: Iterable[Statement]) -> bool:
    return any(
        statement.effect == "Allow" and covers(statement, action) and _may_be_on(statement, on)
        for statement in statements
    )


def covers(statement: Statement, action: str) -> bool:
    """Whether a statement is about an action."""
    named = any(matches_action(pattern, action) for pattern in statement.actions)
    return named != statement.all_but_actions


@cache
def matches_action(pattern: str, action: str) -> bool:
    """Whether an action is the pattern, which may have wildcards; case does not matter."""
    parts = [re.escape(part) for part in re.split(r"([*?])", pattern)]
    expression = "".join({r"\*": ".*", r"\?": "."}.get(part, part) for part in parts)
    return re.fullmatch(expression, action, re.IGNORECASE) is not None


def _may_be_on(statement: Statement, on: Reference | None) -> bool:
    """False only where the statement names other things than the one that is called."""
    if on is None or on.key is None or statement.all_but_resources or not statement.resources:
        return True
    return any(
        resource.key == on.key or resource.key is None or resource.text == "*"
        for resource in statement.resources
    )
