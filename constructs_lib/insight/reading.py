"""What the readers of the model's parts share: the resources, their references, the notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from constructs_lib.insight.model import Note, Reference, Resource
from constructs_lib.insight.references import References
from constructs_lib.templates.json_value import JsonValue


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One assembly while it is read."""

    resources: Mapping[str, Resource]
    references: References
    notes: list[Note] = field(default_factory=list)

    def of_type(self, *types: str) -> Iterator[tuple[str, Resource]]:
        """Keys and resources of some types, in the assembly's order."""
        for key, resource in self.resources.items():
            if resource.type in types:
                yield key, resource

    def structure(self, resource: Resource) -> Mapping[str, JsonValue]:
        """A resource's properties with conditional parts decided; references stay."""
        return mapping(self.references.structure(resource.place.stack, resource.properties))

    def reference(self, resource: Resource, value: JsonValue) -> Reference:
        """What a property of the resource points at."""
        return self.references.reference(resource.place.stack, value)

    def optional(self, resource: Resource, value: JsonValue) -> Reference | None:
        """The same for a property that may be absent."""
        return None if value is None else self.reference(resource, value)

    def text(self, stack: str, value: JsonValue) -> str:
        """A property as text."""
        return self.references.text(stack, value)

    def tree(self, stack: str, value: JsonValue) -> JsonValue:
        """A property as a value without functions."""
        return self.references.tree(stack, value)

    def note(self, resource: Resource, text: str) -> None:
        """Say what could not be read of a resource."""
        self.notes.append(Note(place=resource.place, text=text))

    def flag(self, value: JsonValue) -> bool:
        """A property that is true or false, or says so in words."""
        return value is True or (isinstance(value, str) and value.lower() == "true")

    def number(self, resource: Resource, value: JsonValue) -> int | None:
        """A whole number, also one that came as text or through a parameter."""
        if value is None or isinstance(value, bool):
            return None
        if isinstance(value, int | float):
            return int(value) if abs(value) < 1e15 else None
        text = self.text(resource.place.stack, value)
        return int(text) if text.isascii() and text.isdecimal() else None


def mapping(value: JsonValue) -> Mapping[str, JsonValue]:
    """``value`` if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def items(value: JsonValue) -> list[JsonValue]:
    """``value`` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []
