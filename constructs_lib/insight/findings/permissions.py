"""Permissions that tasks and targets need, and those that nobody needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from constructs_lib.insight.findings.finding import FindingRule, Hit
from constructs_lib.insight.findings.grants import (
    Need,
    matches_action,
    missing_actions,
    need_of,
    statements_of,
)
from constructs_lib.insight.findings.states import call_name, tasks_of
from constructs_lib.insight.model import Assembly, State, Task, Workflow

_LINK = (
    "https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html"
)
#: What workflows need beside their calls: logs, traces, keys.
_BESIDE = re.compile(r"(?:logs|xray|kms):.*", re.IGNORECASE)
#: What waits for another service's end: the rule that EventBridge keeps for it.
_SYNC = re.compile(
    r"events:(?:PutTargets|PutRule|DescribeRule)|states:(?:DescribeExecution|StopExecution)",
    re.IGNORECASE,
)
_HTTP = re.compile(r"events:RetrieveConnectionCredentials|secretsmanager:.*", re.IGNORECASE)
_DISTRIBUTED = re.compile(
    r"s3:.*|states:(?:StartExecution|DescribeExecution|StopExecution|RedriveExecution)",
    re.IGNORECASE,
)
_PASSED = re.compile(r"iam:(?:PassRole|GetRole)|sts:AssumeRole", re.IGNORECASE)
#: Target types that EventBridge and Pipes reach through a role, and the action that it needs.
_THROUGH_ROLE = {
    "AWS::StepFunctions::StateMachine": "states:StartExecution",
    "AWS::Events::ApiDestination": "events:InvokeApiDestination",
    "AWS::Events::EventBus": "events:PutEvents",
}
_PIPE_TARGETS = {
    **_THROUGH_ROLE,
    "AWS::Lambda::Function": "lambda:InvokeFunction",
    "AWS::SQS::Queue": "sqs:SendMessage",
    "AWS::SNS::Topic": "sns:Publish",
}


def _tasks_lack(assembly: Assembly) -> Iterator[Hit]:
    for workflow, state, task in tasks_of(assembly):
        statements = statements_of(assembly, workflow.role)
        need = need_of(task)
        if statements is None or need is None or "Credentials" in state.fields:
            continue
        if missing := missing_actions(need, statements):
            on = f" on {need.on.text}" if need.on and need.on.key else ""
            joint = " or " if need.any_of else " and "
            yield Hit(
                place=workflow.resource.place,
                state=state.full_name,
                subject=" ".join(missing),
                what=f"{state.name!r} calls {call_name(task)}, and the workflow's role does not "
                f"have {joint.join(missing)}{on}",
                remedy=f"allow {joint.join(missing)}{on} in the role's policy",
            )


def _targets_lack(assembly: Assembly) -> Iterator[Hit]:
    for rule in assembly.rules:
        for target in rule.targets:
            resource = assembly.resources.get(target.destination.key or "")
            action = _THROUGH_ROLE.get(resource.type) if resource else None
            if resource is None or action is None:
                continue
            if target.role is None and resource.type != "AWS::Events::EventBus":
                yield Hit(
                    place=rule.resource.place,
                    subject=target.id,
                    what=f"rule {rule.resource.name!r} has no role to reach {resource.name!r} with",
                    remedy=f"give the target a RoleArn with {action}",
                )
                continue
            statements = statements_of(assembly, target.role)
            need = Need(actions=(action,), on=target.destination)
            if statements is not None and missing_actions(need, statements):
                yield Hit(
                    place=rule.resource.place,
                    subject=target.id,
                    what=f"the role of rule {rule.resource.name!r} does not have {action} on "
                    f"{resource.name!r}",
                    remedy=f"allow {action} on {target.destination.text}",
                )
    for pipe in assembly.pipes:
        resource = assembly.resources.get(pipe.target.key or "")
        action = _PIPE_TARGETS.get(resource.type) if resource else None
        statements = statements_of(assembly, pipe.role)
        if resource is None or action is None or statements is None:
            continue
        if missing_actions(Need(actions=(action,), on=pipe.target), statements):
            yield Hit(
                place=pipe.resource.place,
                what=f"the role of pipe {pipe.resource.name!r} does not have {action} on "
                f"{resource.name!r}",
                remedy=f"allow {action} on {pipe.target.text}",
            )


def _not_needed(assembly: Assembly) -> Iterator[Hit]:
    for role, workflows in _roles(assembly).items():
        tasks = [one for one in tasks_of(assembly) if one[0] in workflows]
        if any(need_of(task) is None and task.kind != "activity" for _, _, task in tasks):
            continue  # what such a task needs is not known
        needs = [need_of(task) for _, _, task in tasks]
        needed = {action for need in needs if need for action in need.actions}
        for statement in assembly.statements:
            if statement.role != role or statement.effect != "Allow" or statement.all_but_actions:
                continue
            unused = [
                action
                for action in statement.actions
                if not _is_beside(action, tasks, workflows)
                and not any(matches_action(action, one) for one in needed)
            ]
            if unused:
                yield Hit(
                    place=statement.place,
                    subject=" ".join(sorted(unused)),
                    what=f"the role of {_named(workflows)} has {', '.join(unused)}, which no task "
                    "needs",
                )
            for action in statement.actions:
                met = sorted(one for one in needed if matches_action(action, one))
                if "*" in action and met and not _is_beside(action, tasks, workflows):
                    yield Hit(
                        place=statement.place,
                        subject=action,
                        what=f"the role of {_named(workflows)} has {action}, of which its tasks "
                        f"need only {', '.join(met)}",
                        remedy=f"allow {', '.join(met)} instead",
                    )


def _roles(assembly: Assembly) -> dict[str, list[Workflow]]:
    """Roles of workflows that nobody else uses."""
    roles: dict[str, list[Workflow]] = {}
    for workflow in assembly.workflows:
        key = workflow.role.key if workflow.role else None
        if key in assembly.resources:
            roles.setdefault(str(key), []).append(workflow)
    others = {function.role.key for function in assembly.functions if function.role}
    others |= {pipe.role.key for pipe in assembly.pipes if pipe.role}
    others |= {t.role.key for rule in assembly.rules for t in rule.targets if t.role}
    return {role: users for role, users in roles.items() if role not in others}


def _is_beside(
    action: str, tasks: list[tuple[Workflow, State, Task]], workflows: list[Workflow]
) -> bool:
    states = [state for one in workflows for state in one.machine.all_states()]
    synced = {task.service for _, _, task in tasks if task.pattern == "sync"}
    return bool(
        _BESIDE.fullmatch(action)
        or (synced and _SYNC.fullmatch(action))
        or action.partition(":")[0].lower() in synced
        or (any(task.kind == "http" for _, _, task in tasks) and _HTTP.fullmatch(action))
        or (any(_is_distributed(state) for state in states) and _DISTRIBUTED.fullmatch(action))
        or (_passes_role(tasks) and _PASSED.fullmatch(action))
    )


def _is_distributed(state: State) -> bool:
    return any(
        name in state.fields for name in ("ItemReader", "ResultWriter", "ItemBatcher")
    ) or "DISTRIBUTED" in str(state.fields.get("ItemProcessor"))


def _passes_role(tasks: list[tuple[Workflow, State, Task]]) -> bool:
    return any(
        task.service in ("ecs", "batch", "glue", "sagemaker")
        or "Role" in str(task.parameters)
        or "Credentials" in state.fields
        for _, state, task in tasks
    )


def _named(workflows: list[Workflow]) -> str:
    return ", ".join(repr(one.resource.name) for one in workflows)


RULES = (
    FindingRule(
        id="task-lacks-permission",
        severity="error",
        title="A task lacks a permission",
        why="The call is refused at run time, in the branch where it first happens.",
        remedy="allow the action in the role's policy",
        link=_LINK,
        find=_tasks_lack,
    ),
    FindingRule(
        id="target-lacks-permission",
        severity="error",
        title="A target that may not be reached",
        why="Every event fails at once and is lost, or fills the dead-letter queue.",
        remedy="give the rule or pipe a role with the action",
        link="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html",
        find=_targets_lack,
    ),
    FindingRule(
        id="permission-not-needed",
        severity="note",
        title="A permission that no task needs",
        why="Whoever can change the workflow, or its input, can use it.",
        remedy="take it out of the policy",
        link="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",
        find=_not_needed,
    ),
)
