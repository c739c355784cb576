"""What happens to a stack while AWS works on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from constructs_lib.local.deployment.assembly import AssembledStack
from constructs_lib.local.deployment.errors import Failure

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef

STACK_TYPE = "AWS::CloudFormation::Stack"


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One step of a deployment.

    Attributes:
        stack: The stack's name.
        path: The construct's path; the stack's name for the stack itself.
        type: For example ``AWS::SQS::Queue``.
        status: For example ``CREATE_COMPLETE``; ``UNCHANGED`` of a stack with nothing to do.
        reason: AWS's words, if any.
    """

    stack: str
    path: str
    type: str
    status: str
    reason: str = ""


OnProgress = Callable[[Progress], None]


class OperationEvents:
    """The events of one operation on one stack, told apart by the operation's token."""

    def __init__(
        self,
        cloudformation: CloudFormationClient,
        stack: AssembledStack,
        stack_id: str,
        token: str,
    ) -> None:
        self._cloudformation = cloudformation
        self._stack = stack
        self._stack_id = stack_id
        self._token = token
        self._seen: set[str] = set()

    def tell(self, on_progress: OnProgress) -> None:
        """Report what has happened since the last time, oldest first."""
        for event in self._all():
            if event["EventId"] not in self._seen:
                self._seen.add(event["EventId"])
                on_progress(
                    Progress(
                        stack=self._stack.name,
                        path=self._path(event),
                        type=event.get("ResourceType", ""),
                        status=event.get("ResourceStatus", ""),
                        reason=event.get("ResourceStatusReason", ""),
                    )
                )

    def failures(self) -> list[Failure]:
        """The resources that failed by themselves, not because another did."""
        return [
            Failure(
                stack=self._stack.name,
                resource=event.get("LogicalResourceId", ""),
                path=self._path(event),
                type=event.get("ResourceType", ""),
                reason=event.get("ResourceStatusReason", ""),
            )
            for event in self._all()
            if event.get("ResourceStatus", "").endswith("_FAILED")
            and not event.get("ResourceStatusReason", "").endswith("cancelled")
            and not self._is_the_stack(event)
        ]

    def reason(self) -> str:
        """Why the stack failed as a whole, where no resource did."""
        reasons = [
            reason
            for event in self._all()
            if self._is_the_stack(event) and (reason := event.get("ResourceStatusReason"))
        ]
        return reasons[0] if reasons else ""

    def _all(self) -> list[StackEventTypeDef]:
        found: list[StackEventTypeDef] = []
        pages = self._cloudformation.get_paginator("describe_stack_events")
        for page in pages.paginate(StackName=self._stack_id):
            # Newest first: what comes after the operation's events is of earlier operations.
            own = [e for e in page["StackEvents"] if e.get("ClientRequestToken") == self._token]
            found += own
            if len(own) < len(page["StackEvents"]):
                break
        return found[::-1]

    def _path(self, event: StackEventTypeDef) -> str:
        logical_id = event.get("LogicalResourceId", "")
        return self._stack.name if self._is_the_stack(event) else self._stack.path_of(logical_id)

    def _is_the_stack(self, event: StackEventTypeDef) -> bool:
        return (
            event.get("ResourceType") == STACK_TYPE
            and event.get("PhysicalResourceId", self._stack_id) == self._stack_id
        )
