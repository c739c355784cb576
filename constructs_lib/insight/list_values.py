"""Lists of a template that a function stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from constructs_lib.templates.intrinsics import Unrenderable
from constructs_lib.templates.json_value import JsonValue


class ListValues:
    """Writes out what is known of them: parameters that are lists, and texts that are split.

    Args:
        parameters: The template's section of that name.
        value_of: The value of a parameter as text.
        text: Renders a value.
    """

    def __init__(
        self,
        parameters: Mapping[str, JsonValue],
        value_of: Callable[[str], str],
        text: Callable[[JsonValue], str],
    ) -> None:
        self._parameters = parameters
        self._value_of = value_of
        self._text = text

    def written_out(self, value: JsonValue) -> JsonValue:
        """``value`` with lists in place of what stands for one; what is not known stays."""
        if isinstance(value, list):
            return [self.written_out(one) for one in value]
        if not isinstance(value, Mapping):
            return value
        found = self._list(*next(iter(value.items()))) if len(value) == 1 else None
        if found is not None:
            return found
        return {key: self.written_out(inner) for key, inner in value.items()}

    def _list(self, function: str, argument: JsonValue) -> list[JsonValue] | None:
        text, separator = "", ","
        if function == "Ref" and self._is_list(argument):
            text = self._value_of(str(argument))
        elif function == "Fn::Split" and isinstance(argument, list) and len(argument) == 2:
            try:
                separator, text = map(self._text, argument)
            except Unrenderable:
                return None
        if not text or not separator or "${" in text:
            return None
        return [part.strip() if function == "Ref" else part for part in text.split(separator)]

    def _is_list(self, parameter: JsonValue) -> bool:
        declared = self._parameters.get(parameter) if isinstance(parameter, str) else None
        kind = str(declared.get("Type")) if isinstance(declared, Mapping) else ""
        return kind == "CommaDelimitedList" or kind.startswith("List<")
