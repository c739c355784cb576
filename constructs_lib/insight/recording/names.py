"""What AWS calls the resources that stacks made, as ``Stack/LogicalId``."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from constructs_lib.local.account import EmbeddedAccount


#: CloudFormation's names of services, where ARNs have others.
_SERVICES = {"StepFunctions": "states"}


class DeployedNames:
    """``Stack/LogicalId`` by what AWS calls a resource."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], str] = {}

    def add(self, resource_type: str, physical_id: str, key: str) -> None:
        """Take a resource that a stack made."""
        self._keys[_service(resource_type), last_part(physical_id)] = key

    def of(self, arn: str) -> str:
        """The key of what an ARN names; the ARN itself where no stack made it."""
        parts = arn.split(":")
        if len(parts) < 6:
            return arn
        return self._keys.get((parts[2], last_part(arn)), arn)


def _service(resource_type: str) -> str:
    service = resource_type.split("::")[1] if "::" in resource_type else resource_type
    return _SERVICES.get(service, service.casefold())


def last_part(physical_id: str) -> str:
    """The name: of an ARN, of a queue's URL, of ``bus|rule``, of an API destination's ARN."""
    if ":api-destination/" in physical_id:
        return physical_id.split("/")[1]
    for separator in ("|", "/", ":"):
        physical_id = physical_id.rsplit(separator, 1)[-1]
    return physical_id


def deployed_names(account: EmbeddedAccount) -> DeployedNames:
    """The resources of all stacks of an account."""
    names = DeployedNames()
    with closing(account.client("cloudformation")) as stacks:
        for stack in stacks.describe_stacks()["Stacks"]:
            for page in stacks.get_paginator("list_stack_resources").paginate(
                StackName=stack["StackName"]
            ):
                for each in page["StackResourceSummaries"]:
                    names.add(
                        each["ResourceType"],
                        each.get("PhysicalResourceId", ""),
                        f"{stack['StackName']}/{each['LogicalResourceId']}",
                    )
    return names


def workflow_of(arn: str) -> str:
    """The workflow, if this is an execution's ARN; else as it is."""
    if ":execution:" not in arn:
        return arn
    # arn:aws:states:REGION:ACCOUNT:execution:MACHINE:NAME
    return arn.replace(":execution:", ":stateMachine:").rsplit(":", 1)[0]
