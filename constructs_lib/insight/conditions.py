"""Conditions of a template, decided by the defaults of its parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from constructs_lib.templates.intrinsics import Unrenderable, pair, sequence
from constructs_lib.templates.json_value import JsonValue

_NO_VALUE = "AWS::NoValue"
_DEEPEST = 40


class Conditions:
    """Decides what of a template stands.

    Args:
        conditions: The template's section of that name.
        text: Renders a value.
        note: Takes what could not be decided.
    """

    def __init__(
        self,
        conditions: Mapping[str, JsonValue],
        text: Callable[[JsonValue], str],
        note: Callable[[str], None],
    ) -> None:
        self._conditions = conditions
        self._text = text
        self._note = note

    def structure(self, value: JsonValue) -> JsonValue:
        """``value`` with every ``Fn::If`` decided and ``AWS::NoValue`` left out."""
        if isinstance(value, Mapping):
            if len(value) == 1 and "Fn::If" in value:
                try:
                    return self.structure(self.chosen(value["Fn::If"]))
                except Unrenderable as reason:
                    self._note(f"a condition {reason}")
                    return value
            kept = {}
            for key, inner in value.items():
                inner = self.structure(inner)
                if not _is_no_value(inner):
                    kept[key] = inner
            return kept
        if isinstance(value, list | tuple):
            return [one for one in map(self.structure, value) if not _is_no_value(one)]
        return value

    def chosen(self, argument: JsonValue) -> JsonValue:
        """The branch of an ``Fn::If``; the first where it is not known which.

        Raises:
            Unrenderable: It has not three items.
        """
        items = sequence(argument, "Fn::If")
        if len(items) != 3:
            raise Unrenderable(f"Fn::If must be given three items, got {argument!r}")
        condition, when_true, when_false = items
        holds = self._holds({"Condition": condition}, 0)
        if holds is None:
            self._note(
                f"condition {condition!r} depends on values that are not known here; "
                "what stands there if it is true was read",
            )
            return when_false if _is_no_value(when_true) else when_true
        return when_true if holds else when_false

    def holds(self, name: str) -> bool | None:
        """Whether the condition of a name holds; None where the defaults do not decide it."""
        return self._holds({"Condition": name}, 0)

    def _holds(self, condition: JsonValue, depth: int) -> bool | None:
        """Whether a condition holds; None if parameters without default decide it."""
        if depth > _DEEPEST or not isinstance(condition, Mapping) or len(condition) != 1:
            return None
        name, argument = next(iter(condition.items()))
        if name == "Condition":
            return self._holds(self._conditions.get(str(argument)), depth + 1)
        if not isinstance(argument, list):
            return None
        if name == "Fn::Equals":
            left, right = map(self._text, pair(argument, name))
            return None if left != right and "${" in left + right else left == right
        inner = [self._holds(one, depth + 1) for one in argument]
        if name == "Fn::Not" and len(inner) == 1:
            return None if inner[0] is None else not inner[0]
        if name in ("Fn::And", "Fn::Or"):
            decisive = name == "Fn::Or"
            return decisive if decisive in inner else (None if None in inner else not decisive)
        return None


def _is_no_value(value: JsonValue) -> bool:
    return isinstance(value, Mapping) and value.get("Ref") == _NO_VALUE and len(value) == 1
