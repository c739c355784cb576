"""Fields of a definition by their types: what is malformed becomes a problem in words."""

from __future__ import annotations

from collections.abc import Mapping, Set

from constructs_lib.templates.json_value import JsonValue


class FieldReader:
    """Reads fields of states and of their parts; ``where`` says in problems which part it is."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def problem(self, where: str, text: str) -> None:
        """Keep what is malformed, once."""
        said = f"{where} {text}"
        if said not in self.problems:
            self.problems.append(said)

    def unknown(
        self, holder: Mapping[str, JsonValue], known: Set[str] | None, where: str
    ) -> tuple[str, ...]:
        """The names that a part does not have; without ``known`` all may be there."""
        # Without a type that the language has, no field is unknown.
        unknown = tuple(str(name) for name in holder if known and name not in known)
        if unknown:
            self.problem(where, f"has fields that are not known here: {', '.join(unknown)}")
        return unknown

    def text(self, holder: Mapping[str, JsonValue], name: str, where: str) -> str | None:
        """A text; None where there is none."""
        value = holder.get(name)
        if value is None or isinstance(value, str):
            return value
        self.problem(where, f"must have a text in {name}, got {kind_of(value)}")
        return None

    def items(self, holder: Mapping[str, JsonValue], name: str, where: str) -> list[JsonValue]:
        """A list; empty where there is none."""
        value = holder.get(name)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        self.problem(where, f"must have a list in {name}, got {kind_of(value)}")
        return []

    def number(self, holder: Mapping[str, JsonValue], name: str, where: str) -> float | None:
        """A number; None where there is none, or where it is computed or absurdly large."""
        value = holder.get(name)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return value if value is None or abs(value) < 1e15 else None
        if not (isinstance(value, str) and ("{%" in value or "${" in value)):
            self.problem(where, f"must have a number in {name}, got {kind_of(value)}")
        return None

    def seconds(self, holder: Mapping[str, JsonValue], name: str, where: str) -> float | str | None:
        """A duration in seconds, or the path or expression that tells it."""
        path = holder.get(f"{name}Path")
        if isinstance(path, str):
            return path
        value = holder.get(name)
        if isinstance(value, str) and ("{%" in value or "${" in value):
            return value
        return self.number(holder, name, where)


def kind_of(value: object) -> str:
    """A value in few words for a message."""
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    return "nothing" if value is None else f"{value!r:.60}"
