"""The deployed stacks with their resources, each by the path of its construct."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from constructs_lib.local.deployment.assembly import (
    AssembledStack,
    construct_of,
    path_in_template,
    read_assembly,
)
from constructs_lib.local.deployment.errors import DeployError
from constructs_lib.operations.target import Target, TargetError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

#: The type of a queue in CloudFormation.
QUEUE_TYPE = "AWS::SQS::Queue"
#: Parts of names by which people tell a dead-letter queue where no template does.
_DEAD_LETTER_NAMES = ("deadletter", "dead-letter", "dlq")
_BOOTSTRAP_STACK = "CDKToolkit"
#: What Duet's constructs call the one workflow inside them.
_WORKFLOW = "/Workflow"


@dataclass(frozen=True, kw_only=True)
class DeployedResource:
    """A resource of a stack.

    Attributes:
        path: Of its construct; the logical id where nobody knows the path.
        physical_id: AWS's own name of it: a URL for a queue, an ARN for a workflow.
    """

    stack: str
    path: str
    logical_id: str
    type: str
    physical_id: str

    @property
    def names(self) -> tuple[str, ...]:
        """All that it may be called."""
        name = self.physical_id.replace(":", "/").rsplit("/", 1)[-1]
        construct = self.path.removesuffix(_WORKFLOW)
        return (self.path, construct, self.logical_id, name, self.physical_id)


@dataclass(frozen=True, kw_only=True)
class DeployedStack:
    """A stack as CloudFormation knows it."""

    name: str
    status: str
    outputs: Mapping[str, str]
    resources: tuple[DeployedResource, ...]
    dead_letter_queues: frozenset[str]


def read_stacks(target: Target) -> list[DeployedStack]:
    """The stacks of the target, by their names.

    All of an embedded AWS's are; of a real account only those of the assembly.

    Raises:
        TargetError: The assembly of a real account cannot be read.
        ClientError: AWS refused.
    """
    assembled = _assembled(target)
    cloudformation: CloudFormationClient = target.client("cloudformation")
    return [
        _stack(cloudformation, found, assembled.get(found["StackName"]))
        for found in sorted(
            _found(cloudformation, target, assembled), key=lambda each: each["StackName"]
        )
    ]


def resources_of(target: Target, type_: str) -> list[DeployedResource]:
    """The resources of one CloudFormation type in all stacks of the target.

    Raises:
        TargetError, ClientError: As ``read_stacks``.
    """
    return [
        resource
        for stack in read_stacks(target)
        for resource in stack.resources
        if resource.type == type_
    ]


def dead_letter_queues_of(stacks: Iterable[DeployedStack]) -> list[DeployedResource]:
    """The queues that take dead letters: so says a template, or their name."""
    return [
        queue
        for stack in stacks
        for queue in stack.resources
        if queue.type == QUEUE_TYPE
        and (
            queue.logical_id in stack.dead_letter_queues
            or any(part in name.lower() for name in queue.names for part in _DEAD_LETTER_NAMES)
        )
    ]


def _assembled(target: Target) -> dict[str, AssembledStack]:
    try:
        return {stack.name: stack for stack in read_assembly(target.assembly)}
    except DeployError as error:
        if target.is_embedded:
            return {}
        raise TargetError(f"the assembly says which stacks are meant: {error}") from error


def _found(
    cloudformation: CloudFormationClient, target: Target, assembled: Mapping[str, AssembledStack]
) -> Iterator[StackTypeDef]:
    if target.is_embedded:
        for page in cloudformation.get_paginator("describe_stacks").paginate():
            for stack in page["Stacks"]:
                if stack["StackName"] != _BOOTSTRAP_STACK and "ParentId" not in stack:
                    yield stack
        return
    for name in assembled:
        try:
            yield cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise


def _stack(
    cloudformation: CloudFormationClient, found: StackTypeDef, assembled: AssembledStack | None
) -> DeployedStack:
    template = assembled.template if assembled else {}
    resources = _resources(cloudformation, found["StackName"], assembled, template)
    return DeployedStack(
        name=found["StackName"],
        status=found["StackStatus"],
        outputs={each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])},
        resources=tuple(resources),
        dead_letter_queues=frozenset(_dead_letter_queues(template)),
    )


def _resources(
    cloudformation: CloudFormationClient,
    stack: str,
    assembled: AssembledStack | None,
    template: Mapping[str, Any],
    stack_id: str | None = None,
) -> Iterator[DeployedResource]:
    pages = cloudformation.get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=stack_id or stack):
        for each in page["StackResourceSummaries"]:
            logical_id = each["LogicalResourceId"]
            physical_id = each.get("PhysicalResourceId", "")
            written = template.get("Resources", {}).get(logical_id, {})
            path = path_in_template(written)
            if path is None:
                path = assembled.path_of(logical_id) if assembled and not stack_id else logical_id
            yield DeployedResource(
                stack=stack,
                path=construct_of(path),
                logical_id=logical_id,
                type=each["ResourceType"],
                physical_id=physical_id,
            )
            if assembled and (nested := assembled.nested_template(written)):
                yield from _resources(cloudformation, stack, assembled, nested, physical_id)


def _dead_letter_queues(written: object) -> Iterator[str]:
    """Logical ids of the queues to which anything of a template sends what was not taken."""
    if isinstance(written, Mapping):
        for key, value in written.items():
            if key in ("DeadLetterConfig", "deadLetterTargetArn", "OnFailure"):
                yield from _attributes(value)
            yield from _dead_letter_queues(value)
    elif isinstance(written, list):
        for value in written:
            yield from _dead_letter_queues(value)


def _attributes(written: object) -> Iterator[str]:
    if isinstance(written, Mapping):
        for key, value in written.items():
            if key == "Fn::GetAtt":
                yield value[0] if isinstance(value, list) else str(value).split(".")[0]
            else:
                yield from _attributes(value)
