"""Find the resources of a deployment by the names that people give them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from constructs_lib.local.deployment import Deployment, StackResult
from constructs_lib.local.deployment.assembly import (
    AssembledStack,
    construct_of,
    path_in_template,
)


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One deployed resource.

    Attributes:
        stack: The name of its stack, or of the one that nests its stack.
        region: Where it is.
        path: The construct's path, without each ``/Resource`` at its end.
        type: For example ``AWS::SQS::Queue``.
        properties: As the template has them, references unresolved.
    """

    stack: str
    region: str
    path: str
    logical_id: str
    physical_id: str
    type: str
    properties: Mapping[str, Any]


class Resources:
    """The resources of all stacks of a deployment."""

    def __init__(self, assembled: Sequence[AssembledStack], deployment: Deployment) -> None:
        self._all = [
            resource
            for stack in assembled
            if stack.name in deployment.stacks
            for resource in _of_stack(stack, deployment.stacks[stack.name])
        ]

    def of_type(self, type_: str) -> list[Resource]:
        """All of a type, in the order of the templates."""
        return [each for each in self._all if each.type == type_]

    def find(self, name: str, *, type_: str | None = None) -> Resource:
        """The one resource of that name.

        Args:
            name: The construct's path (``Shop/Orders``), the logical id, the physical id, the last
                parts of the path (``Orders``), any whole part of it, or a piece of it that no other
                has; upper and lower case are the same in the last. The first of these that fits
                decides.
            type_: Look among the resources of this type only.
        Raises:
            LookupError: None has that name, or several; the message lists what there is.
        """
        name = construct_of(name)
        among = [each for each in self._all if type_ in (None, each.type)]
        kind = f"resource of type {type_}" if type_ else "resource"
        for fits in _FITS:
            found = [each for each in among if fits(each, name)]
            if len(found) == 1:
                return found[0]
            if found:
                raise LookupError(
                    f"name must mean one {kind}, got {name!r}, which may be "
                    f"{_listed(found)}; pass the whole path"
                )
        raise LookupError(
            f"name must mean a {kind} of the deployment, got {name!r}; it has {_listed(among)}"
        )


def _listed(resources: Sequence[Resource]) -> str:
    return ", ".join(sorted(each.path for each in resources)) or "none"


def _parts(path: str) -> list[str]:
    return path.split("/")


_FITS: tuple[Callable[[Resource, str], bool], ...] = (
    lambda each, name: name in (each.path, each.logical_id, each.physical_id),
    lambda each, name: _parts(each.path)[-len(_parts(name)) :] == _parts(name),
    lambda each, name: f"/{name}/" in f"/{each.path}/",
    lambda each, name: name.casefold() in each.path.casefold(),
)


def _of_stack(stack: AssembledStack, result: StackResult) -> Iterator[Resource]:
    for template in stack.templates():
        for logical_id, resource in template.get("Resources", {}).items():
            path = path_in_template(resource) or stack.path_of(logical_id)
            # A resource whose condition does not hold was not made.
            if (physical_id := result.physical_ids.get(path)) is not None:
                yield Resource(
                    stack=stack.name,
                    region=result.region,
                    path=construct_of(path),
                    logical_id=logical_id,
                    physical_id=physical_id,
                    type=resource["Type"],
                    properties=resource.get("Properties", {}),
                )
