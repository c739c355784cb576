"""What runs, and how it is: stacks, workflows, queues, faults."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from constructs_lib.operations.deployed import (
    QUEUE_TYPE,
    DeployedResource,
    DeployedStack,
    dead_letter_queues_of,
    read_stacks,
)
from constructs_lib.operations.target import Target
from constructs_lib.operations.workflows import WORKFLOW_TYPE

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.literals import ExecutionStatusType

#: Executions of one status that are counted at most: AWS keeps them for 90 days.
_COUNTED_MAX = 1_000
_FAILED: tuple[ExecutionStatusType, ...] = ("FAILED", "TIMED_OUT", "ABORTED")


@dataclass(frozen=True, kw_only=True)
class WorkflowStatus:
    """A workflow and its executions, 1,000 of a status at most; None for Express."""

    path: str
    arn: str
    type: str
    running: int | None
    failed: int | None


@dataclass(frozen=True, kw_only=True)
class QueueStatus:
    """A queue and how many messages wait in it, as well as SQS knows."""

    path: str
    url: str
    depth: int
    takes_dead_letters: bool


@dataclass(frozen=True, kw_only=True)
class FaultStatus:
    """A fault that is injected, and how many calls it has struck."""

    number: int
    service: str
    action: str
    error: str
    struck: int


@dataclass(frozen=True, kw_only=True)
class Status:
    """All of it; what only an embedded AWS has is None for a real account.

    Attributes:
        uptime_seconds: Since ``duet up`` was started.
        time_scale: Factor of the clock.
        deployment: How the last deployment of ``duet up`` went.
    """

    account_id: str
    region: str
    stacks: tuple[DeployedStack, ...]
    workflows: tuple[WorkflowStatus, ...]
    queues: tuple[QueueStatus, ...]
    faults: tuple[FaultStatus, ...] = ()
    endpoint_url: str | None = None
    pid: int | None = None
    uptime_seconds: float | None = None
    time_scale: float | None = None
    deployment: str | None = None
    assembly: str | None = None
    log: str | None = None

    def to_json(self) -> dict[str, object]:
        """The whole of it, without the resources of the stacks."""
        stacks = [
            {"name": each.name, "status": each.status, "outputs": dict(each.outputs)}
            for each in self.stacks
        ]
        parts = {
            name: [asdict(each) for each in things]
            for name, things in (
                ("workflows", self.workflows),
                ("queues", self.queues),
                ("faults", self.faults),
            )
        }
        kept = {
            name: value for name, value in self.__dict__.items() if name not in ("stacks", *parts)
        }
        return {**kept, "stacks": stacks, **parts}


def read_status(target: Target) -> Status:
    """Look at everything once.

    Raises:
        TargetError: The assembly of a real account cannot be read.
        ClientError: AWS refused.
    """
    stacks = read_stacks(target)
    status = Status(
        account_id=target.account_id,
        region=target.region,
        stacks=tuple(stacks),
        workflows=tuple(_workflows(target, _of_type(stacks, WORKFLOW_TYPE))),
        queues=tuple(_queues(target, stacks)),
    )
    return _with_embedded(status, target) if target.is_embedded else status


def _with_embedded(status: Status, target: Target) -> Status:
    instance = target.instance
    faults = tuple(
        FaultStatus(
            number=each.number,
            service=each.fault.service,
            action=each.fault.action,
            error=each.fault.error,
            struck=each.struck,
        )
        for each in target.embedded.active_faults()
    )
    known = {**status.__dict__, "faults": faults, "endpoint_url": target.embedded.endpoint_url}
    if instance:
        known |= {
            "pid": instance.pid,
            "uptime_seconds": round(time.time() - instance.started_at, 1),
            "time_scale": instance.time_scale,
            "deployment": instance.deployment,
            "assembly": str(instance.assembly),
            "log": str(instance.log),
        }
    return Status(**known)


def _of_type(stacks: Iterable[DeployedStack], type_: str) -> list[DeployedResource]:
    return [each for stack in stacks for each in stack.resources if each.type == type_]


def _workflows(target: Target, found: Sequence[DeployedResource]) -> Iterable[WorkflowStatus]:
    client: SFNClient = target.client("stepfunctions")
    for each in found:
        type_ = client.describe_state_machine(stateMachineArn=each.physical_id)["type"]
        counted = type_ == "STANDARD"
        yield WorkflowStatus(
            path=each.path,
            arn=each.physical_id,
            type=type_,
            running=_count(client, each.physical_id, ("RUNNING",)) if counted else None,
            failed=_count(client, each.physical_id, _FAILED) if counted else None,
        )


def _count(client: SFNClient, arn: str, statuses: Sequence[ExecutionStatusType]) -> int:
    pages = client.get_paginator("list_executions")
    return sum(
        len(page["executions"])
        for status in statuses
        for page in pages.paginate(
            stateMachineArn=arn, statusFilter=status, PaginationConfig={"MaxItems": _COUNTED_MAX}
        )
    )


def _queues(target: Target, stacks: Sequence[DeployedStack]) -> Iterable[QueueStatus]:
    client: SQSClient = target.client("sqs")
    undelivered = dead_letter_queues_of(stacks)
    for each in _of_type(stacks, QUEUE_TYPE):
        attributes = client.get_queue_attributes(
            QueueUrl=each.physical_id, AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]
        yield QueueStatus(
            path=each.path,
            url=each.physical_id,
            depth=int(attributes["ApproximateNumberOfMessages"]),
            takes_dead_letters=each in undelivered,
        )
