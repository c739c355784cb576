"""What a deployment has made."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from constructs_lib.local.account import EmbeddedAccount
from constructs_lib.local.deployment.assembly import AssembledStack
from constructs_lib.local.deployment.events import OnProgress
from constructs_lib.local.deployment.operation import delete_stack
from constructs_lib.local.deployment.order import run_in_order
from constructs_lib.local.deployment.places import Places

if TYPE_CHECKING:
    import boto3

# What CDK calls the resource inside a construct that has one main resource.
_MAIN_CHILDREN = ("", "/Resource", "/Default")


@dataclass(frozen=True, kw_only=True)
class StackResult:
    """One deployed stack.

    Attributes:
        changed: False if AWS had nothing to do.
        seconds: How long it took, from the change set to the last resource.
        physical_ids: By the construct's path, resources of nested stacks among them.
    """

    name: str
    stack_id: str
    account_id: str
    region: str
    changed: bool
    seconds: float
    outputs: Mapping[str, str]
    physical_ids: Mapping[str, str]


class Deployment:
    """The deployed stacks of an assembly.

    Attributes:
        stacks: By the stack's name, in the order of the assembly.
    """

    def __init__(
        self,
        aws: EmbeddedAccount | boto3.Session,
        assembled: Sequence[AssembledStack],
        results: Sequence[StackResult],
    ) -> None:
        self._aws = aws
        self._assembled = tuple(assembled)
        self.stacks = {result.name: result for result in results}

    @property
    def outputs(self) -> dict[str, Mapping[str, str]]:
        """The outputs, by the stack's name and the output's."""
        return {name: result.outputs for name, result in self.stacks.items()}

    def physical_id(self, path: str) -> str:
        """The physical id of a resource, by its construct's path such as ``Stack/Queue``.

        The path of a construct with one main resource names that one.

        Raises:
            KeyError: No resource of the deployment has that path; the message names the nearest.
        """
        physical_ids = {
            path: id_ for each in self.stacks.values() for path, id_ in each.physical_ids.items()
        }
        for ending in _MAIN_CHILDREN:
            if (found := physical_ids.get(f"{path}{ending}")) is not None:
                return found
        near = ", ".join(difflib.get_close_matches(path, physical_ids, n=3, cutoff=0.4))
        raise KeyError(f"no resource has the path {path!r}; near it: {near or 'nothing'}")

    def destroy(self, *, on_progress: OnProgress | None = None) -> None:
        """Delete the stacks, those that need others first.

        Raises:
            DeployError: A stack is protected, or AWS could not delete a resource.
        """
        needed_by: dict[str, set[str]] = {stack.id: set() for stack in self._assembled}
        for stack in self._assembled:
            for other in stack.depends_on & needed_by.keys():
                needed_by[other].add(stack.id)
        by_id = {stack.id: stack for stack in self._assembled}
        with Places(self._aws) as places:
            for stack in self._assembled:
                places.of(stack)

            def delete(id_: str) -> None:
                stack = by_id[id_]
                stack_id = self.stacks[stack.name].stack_id
                delete_stack(stack, places.of(stack), stack_id, on_progress)

            run_in_order(needed_by, delete)
