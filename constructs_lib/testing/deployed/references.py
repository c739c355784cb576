"""What a template refers to, in its own stack and in others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from constructs_lib.local.deployment.assembly import AssembledStack

#: A stack's name and a logical id in it.
StackAndId = tuple[str, str]


def referenced(value: Any) -> set[str]:
    """The logical ids of the same stack that a value of a template refers to."""
    return {name for function, name in _references(value) if function in ("Ref", "Fn::GetAtt")}


class References:
    """References of the stacks of an assembly, those by exports and outputs among them."""

    def __init__(self, assembled: Sequence[AssembledStack]) -> None:
        self._outputs: dict[str, set[StackAndId]] = {}
        for stack in assembled:
            for id_, output in stack.template.get("Outputs", {}).items():
                meant = {(stack.name, name) for name in referenced(output.get("Value"))}
                self._outputs[f"{stack.name}.{id_}"] = meant
                if isinstance(export := output.get("Export", {}).get("Name"), str):
                    self._outputs[export] = meant

    def of(self, stack: AssembledStack, value: Any) -> set[StackAndId]:
        """All that a value refers to."""
        found: set[StackAndId] = {(stack.name, name) for name in referenced(value)}
        for function, name in _references(value):
            if function in ("Fn::ImportValue", "Fn::GetStackOutput"):
                found |= self._outputs.get(name, set())
        return found


def _references(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in ("Ref", "Fn::ImportValue") and isinstance(inner, str):
                yield key, inner
            elif key == "Fn::GetAtt":
                yield key, inner.split(".")[0] if isinstance(inner, str) else inner[0]
            elif key == "Fn::GetStackOutput":
                yield key, f"{inner.get('StackName')}.{inner.get('OutputName')}"
            else:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
