"""Tasks that nobody stops."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.insight.findings.finding import FindingRule, Hit
from constructs_lib.insight.findings.states import call_name, tasks_of
from constructs_lib.insight.model import Assembly, State, Task, Workflow

_LINK = "https://docs.aws.amazon.com/step-functions/latest/dg/sfn-stuck-execution.html"
#: Services that end a job by themselves if nobody says when: Athena a query after 30 minutes,
#: CodeBuild a build after an hour, SageMaker a training after a day, Glue a run after two days.
#: Source: "Service Quotas" of Athena; API references: CreateProject (CodeBuild), StoppingCondition
#: (SageMaker), StartJobRun (Glue) (read 2026-11-27).
_ENDS_ITS_JOBS = ("athena", "codebuild", "glue", "sagemaker")


def _waiting_for_ever(assembly: Assembly) -> Iterator[Hit]:
    for workflow, state, task in _unbounded(assembly):
        if _somebody_else_answers(task) and state.heartbeat_seconds is None:
            yield Hit(
                place=workflow.resource.place,
                state=state.full_name,
                what=f"{state.name!r} waits for {call_name(task) or 'a worker'} to answer, with "
                "neither TimeoutSeconds nor HeartbeatSeconds",
            )


def _without_timeout(assembly: Assembly) -> Iterator[Hit]:
    ending = {one.resource.key for one in assembly.workflows if _ends(one)}
    for workflow, state, task in _unbounded(assembly):
        called = task.target.key if task.target else None
        if not _somebody_else_answers(task) and called not in ending:
            is_job = task.pattern == "sync"
            does = "waits for the end of" if is_job else "calls"
            yield Hit(
                place=workflow.resource.place,
                state=state.full_name,
                what=f"{state.name!r} {does} {call_name(task)} without TimeoutSeconds",
                severity=None if is_job and task.service not in _ENDS_ITS_JOBS else "note",
            )


def _unbounded(assembly: Assembly) -> Iterator[tuple[Workflow, State, Task]]:
    for workflow, state, task in tasks_of(assembly):
        if not _ends(workflow) and state.timeout_seconds is None:
            yield workflow, state, task


def _ends(workflow: Workflow) -> bool:
    """Whether it ends at some time; an Express one does so after five minutes, whatever it does."""
    return workflow.kind == "EXPRESS" or workflow.machine.timeout_seconds is not None


def _somebody_else_answers(task: Task) -> bool:
    return task.pattern == "wait_for_task_token" or task.kind == "activity"


RULES = (
    FindingRule(
        id="callback-without-timeout",
        severity="warning",
        title="A callback that is waited for without limit",
        why="If the answer is lost the execution hangs until its year is over, and nothing tells.",
        remedy="set TimeoutSeconds, or HeartbeatSeconds where the worker reports, and catch "
        "States.Timeout",
        link=_LINK,
        find=_waiting_for_ever,
        together="resource",
    ),
    FindingRule(
        id="task-without-timeout",
        severity="warning",
        title="A task without time limit",
        why="The default is 99,999,999 seconds, three years: a job that hangs keeps its "
        "execution hanging, and nothing tells.",
        remedy="set TimeoutSeconds on the task, or on the whole state machine",
        link=_LINK,
        find=_without_timeout,
        milder="note for a call that is not waited for, and for a job that its service ends",
        together="resource",
    ),
)
