"""Find a workflow, start it, and follow it to its end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from constructs_lib.names import pick
from constructs_lib.operations.deployed import resources_of
from constructs_lib.operations.target import Target

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import StartSyncExecutionInputTypeDef

#: The type of a workflow in CloudFormation.
WORKFLOW_TYPE = "AWS::StepFunctions::StateMachine"
_FIRST_POLL_SECONDS, _LAST_POLL_SECONDS = 0.02, 2.0


@dataclass(frozen=True, kw_only=True)
class WorkflowName:
    """A workflow, and what it is called.

    Attributes:
        path: Of its construct, or its name where no stack has it.
        is_express: Whether it is an Express workflow.
    """

    arn: str
    path: str
    is_express: bool


@dataclass(frozen=True, kw_only=True)
class ExecutionResult:
    """How an execution ended.

    Attributes:
        path: The states that it entered, in order; AWS does not tell those of Express workflows.
    """

    execution_arn: str
    status: str
    output: object = None
    error: str | None = None
    cause: str | None = None
    path: tuple[str, ...] = ()
    seconds: float | None = None

    @property
    def succeeded(self) -> bool:
        """Whether it came to a good end."""
        return self.status == "SUCCEEDED"

    def to_json(self) -> dict[str, object]:
        """The whole of it."""
        return {
            "executionArn": self.execution_arn,
            "status": self.status,
            "output": self.output,
            "error": self.error,
            "cause": self.cause,
            "path": list(self.path),
            "seconds": self.seconds,
        }


def find_workflow(target: Target, wanted: str) -> WorkflowName:
    """The workflow of that construct path, logical id, name or ARN, or of a part of one.

    Raises:
        UnknownNameError: There is none, or more than one.
        ClientError: AWS refused.
    """
    workflows: SFNClient = target.client("stepfunctions")
    arn, path = wanted, wanted.rsplit(":", 1)[-1]
    if not wanted.startswith("arn:"):
        resource = pick(
            wanted,
            resources_of(target, WORKFLOW_TYPE),
            names=lambda each: each.names,
            what="WORKFLOW",
        )
        arn, path = resource.physical_id, resource.path
    found = workflows.describe_state_machine(stateMachineArn=arn)
    return WorkflowName(
        arn=found["stateMachineArn"], path=path, is_express=found["type"] == "EXPRESS"
    )


def start_execution(target: Target, workflow: WorkflowName, input_: str, name: str | None) -> str:
    """Start an execution and leave it; its ARN.

    Raises:
        ClientError: AWS refused.
    """
    workflows: SFNClient = target.client("stepfunctions")
    named = {"name": name} if name else {}
    started = workflows.start_execution(stateMachineArn=workflow.arn, input=input_, **named)
    return started["executionArn"]


def run_synchronously(
    target: Target, workflow: WorkflowName, input_: str, name: str | None
) -> ExecutionResult:
    """Run an Express workflow and wait for its answer, which AWS gives within five minutes.

    Raises:
        ClientError: AWS refused.
    """
    workflows: SFNClient = target.client("stepfunctions")
    request: StartSyncExecutionInputTypeDef = {"stateMachineArn": workflow.arn, "input": input_}
    if name:
        request["name"] = name
    return _result(workflows.start_sync_execution(**request))


def follow_execution(
    target: Target, execution_arn: str, on_state: Callable[[str], None]
) -> ExecutionResult:
    """Wait for the end of a Standard execution; ``on_state`` hears each state that it enters.

    Raises:
        ClientError: AWS refused; the execution goes on.
    """
    workflows: SFNClient = target.client("stepfunctions")
    path: list[str] = []
    pause = _FIRST_POLL_SECONDS
    while True:
        # Seen before the history is read: the last look then has it all.
        found = workflows.describe_execution(executionArn=execution_arn)
        entered = _path(workflows, execution_arn)
        for state in entered[len(path) :]:
            on_state(state)
        path = entered
        if found["status"] != "RUNNING":
            return _result(found, path)
        time.sleep(pause)
        pause = min(pause * 1.5, _LAST_POLL_SECONDS)


def _path(workflows: SFNClient, execution_arn: str) -> list[str]:
    history = workflows.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
    return [
        event["stateEnteredEventDetails"]["name"]
        for page in history
        for event in page["events"]
        if "stateEnteredEventDetails" in event
    ]


def _result(found: Mapping[str, Any], path: Sequence[str] = ()) -> ExecutionResult:
    output = found.get("output")
    stopped = found.get("stopDate")
    return ExecutionResult(
        execution_arn=found["executionArn"],
        status=found["status"],
        output=json.loads(output) if output else None,
        error=found.get("error"),
        cause=found.get("cause"),
        path=tuple(path),
        seconds=(stopped - found["startDate"]).total_seconds() if stopped else None,
    )
