"""Permissions that tasks and targets need, and those that nobody needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from constructs_lib.insight.findings.finding import FindingRule, Hit
from constructs_lib.insight.findings.grants import (
    Grants,
    Need,
    matches_action,
    need_of,
    need_to_wait,
)
from constructs_lib.insight.findings.states import call_name, tasks_of
from constructs_lib.insight.model import (
    Assembly,
    Pipe,
    Rule,
    State,
    Statement,
    Target,
    Task,
    Workflow,
)

_LINK = (
    "https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html"
)
#: What workflows need beside their calls: logs, traces, keys; and what SAM's connectors give.
_BESIDE = re.compile(r"(?:logs|xray|kms):.*|lambda:InvokeAsync", re.IGNORECASE)
#: Services that do nothing to other ones in the caller's name. Rekognition reads a bucket with the
#: caller's permission, Athena a catalog, CloudFormation makes anything: such needs are unknown.
_PLAIN = frozenset(
    {
        "cognitoidentityprovider",
        "dynamodb",
        "eventbridge",
        "events",
        "http",
        "lambda",
        "sesv2",
        "sfn",
        "sns",
        "sqs",
        "states",
    }
)
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
#: Whether an action is allowed for more than a call.
_Beside = Callable[[str], bool]
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
    grants = Grants(assembly)
    refused: set[str] = set()
    for workflow, state, task in tasks_of(assembly):
        if "Credentials" in state.fields:
            continue
        wait = need_to_wait(task) if workflow.resource.key not in refused else None
        if wait and (missing := grants.missing(workflow.role, wait)):
            refused.add(workflow.resource.key)  # said once
            yield Hit(
                place=workflow.resource.place,
                state=state.full_name,
                subject=" ".join(missing),
                what=f"{state.name!r} waits for the end of {call_name(task)}, and the workflow's "
                f"role does not have {' and '.join(missing)}, so that it cannot be created",
                remedy=f"allow {' and '.join(missing)} on the rule StepFunctionsGetEventsFor…",
            )
        need = need_of(task)
        if need and (missing := grants.missing(workflow.role, need)):
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
    grants = Grants(assembly)
    for rule in assembly.rules:
        for target in rule.targets:
            yield from _target_lacks(rule, target, grants, assembly)
    for pipe in assembly.pipes:
        yield from _pipe_lacks(pipe, grants, assembly)


def _target_lacks(rule: Rule, target: Target, grants: Grants, assembly: Assembly) -> Iterator[Hit]:
    resource = assembly.resources.get(target.destination.key or "")
    action = _THROUGH_ROLE.get(resource.type) if resource else None
    if resource is None or action is None:
        return
    if target.role is None and "RoleArn" in rule.resource.properties:
        return  # the rule's own role serves all targets
    if target.role is None and resource.type != "AWS::Events::EventBus":
        yield Hit(
            place=rule.resource.place,
            subject=target.id,
            what=f"rule {rule.resource.name!r} has no role to reach {resource.name!r} with",
            remedy=f"give the target a RoleArn with {action}",
        )
    elif grants.missing(target.role, Need(actions=(action,), on=target.destination)):
        yield Hit(
            place=rule.resource.place,
            subject=target.id,
            what=f"the role of rule {rule.resource.name!r} does not have {action} on "
            f"{resource.name!r}",
            remedy=f"allow {action} on {target.destination.text}",
        )


def _pipe_lacks(pipe: Pipe, grants: Grants, assembly: Assembly) -> Iterator[Hit]:
    resource = assembly.resources.get(pipe.target.key or "")
    action = _PIPE_TARGETS.get(resource.type) if resource else None
    if resource is None or action is None:
        return
    if grants.missing(pipe.role, Need(actions=(action,), on=pipe.target)):
        yield Hit(
            place=pipe.resource.place,
            what=f"the role of pipe {pipe.resource.name!r} does not have {action} on "
            f"{resource.name!r}",
            remedy=f"allow {action} on {pipe.target.text}",
        )


def _not_needed(assembly: Assembly) -> Iterator[Hit]:
    tasks: dict[str, list[tuple[State, Task]]] = {}
    for workflow, state, task in tasks_of(assembly):
        tasks.setdefault(workflow.resource.key, []).append((state, task))
    statements: dict[str, list[Statement]] = {}
    for statement in assembly.statements:
        if statement.effect == "Allow" and not statement.all_but_actions:
            statements.setdefault(statement.role, []).append(statement)
    for role, workflows in _roles(assembly).items():
        calls = [call for one in workflows for call in tasks.get(one.resource.key, ())]
        if any(need_of(task) is None and task.kind != "activity" for _, task in calls):
            continue  # what such a task needs is not known
        needed = {action for _, task in calls if (need := need_of(task)) for action in need.actions}
        beside = _beside(workflows, calls, needed)
        for statement in statements.get(role, ()):
            yield from _too_much(statement, needed, beside, _named(workflows))


def _too_much(
    statement: Statement, needed: set[str], beside: _Beside, workflows: str
) -> Iterator[Hit]:
    actions = [action for action in statement.actions if not beside(action)]
    unused = [
        action for action in actions if not any(matches_action(action, one) for one in needed)
    ]
    if unused:
        yield Hit(
            place=statement.place,
            subject=" ".join(sorted(unused)),
            what=f"the role of {workflows} has {', '.join(unused)}, which no task needs",
        )
    for action in actions:
        met = sorted(one for one in needed if matches_action(action, one))
        if "*" in action and met:
            yield Hit(
                place=statement.place,
                subject=action,
                what=f"the role of {workflows} has {action}, of which its tasks need only "
                f"{', '.join(met)}",
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
    targets = [target for rule in assembly.rules for target in rule.targets]
    targets += [schedule.target for schedule in assembly.schedules]
    others |= {target.role.key for target in targets if target.role}
    return {role: users for role, users in roles.items() if role not in others}


def _beside(
    workflows: list[Workflow], calls: list[tuple[State, Task]], needed: set[str]
) -> _Beside:
    """Tells what workflows need beside their calls."""
    synced = {task.service for _, task in calls if task.pattern == "sync"}
    allowed = [_BESIDE]
    if synced:
        allowed.append(_SYNC)
    if any(task.kind == "http" for _, task in calls):
        allowed.append(_HTTP)
    if any(_is_distributed(state) for one in workflows for state in one.machine.all_states()):
        allowed.append(_DISTRIBUTED)
    if _passes_role(calls):
        allowed.append(_PASSED)
    is_plain = all(task.service in _PLAIN for _, task in calls)
    own = {action.partition(":")[0] for action in needed}

    def beside(action: str) -> bool:
        service = action.partition(":")[0].lower()
        in_its_name = not is_plain and service not in own
        return in_its_name or service in synced or any(one.fullmatch(action) for one in allowed)

    return beside


def _is_distributed(state: State) -> bool:
    return any(
        name in state.fields for name in ("ItemReader", "ResultWriter", "ItemBatcher")
    ) or "DISTRIBUTED" in str(state.fields.get("ItemProcessor"))


def _passes_role(calls: list[tuple[State, Task]]) -> bool:
    return any(
        task.service in ("ecs", "batch", "glue", "sagemaker")
        or "Role" in str(task.parameters)
        or "Credentials" in state.fields
        for state, task in calls
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
        together="resource",
    ),
)
