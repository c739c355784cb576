"""CloudFormation's intrinsic functions, rendered as the text that they stand for.

What a reference becomes and what happens to what cannot be rendered is the caller's to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Protocol

from constructs_lib.templates.json_value import JsonValue

_SUB_VARIABLE = re.compile(r"\$\{(!?)([^}]*)\}")


class Unrenderable(ValueError):  # noqa: N818 - says what it is; callers turn it into their own
    """A function that is not known here, or is not given what it takes."""


class Lookup(Protocol):
    """Values of references."""

    def value(self, function: str, reference: str) -> str:
        """The text for ``Ref`` or ``Fn::GetAtt`` (dotted) and their like."""

    def function(self, name: str, argument: JsonValue) -> str:
        """The text for a function that is not built of others; raises Unrenderable."""


def is_intrinsic(part: object) -> bool:
    """Whether this is one function of CloudFormation and not a plain mapping."""
    if not isinstance(part, Mapping) or len(part) != 1:
        return False
    key = next(iter(part))
    return key in ("Ref", "Condition") or (isinstance(key, str) and key.startswith("Fn::"))


class Renderer:
    """Replaces intrinsic functions by text."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def text(self, part: JsonValue) -> str:
        """What CloudFormation would put in place of ``part``.

        Raises:
            Unrenderable: It is neither text nor one function that can be rendered.
        """
        if isinstance(part, str):
            return part
        if isinstance(part, bool):
            return str(part).lower()
        if isinstance(part, int | float):
            return str(part)
        if not (isinstance(part, Mapping) and len(part) == 1):
            raise Unrenderable(f"must be text or one CloudFormation function, got {part!r}")
        function, argument = next(iter(part.items()))
        match function:
            case "Ref":
                return self._lookup.value(function, _string(argument, function))
            case "Fn::GetAtt":
                return self._lookup.value(function, self._dotted(argument))
            case "Fn::ImportValue":
                return self._lookup.value(function, self.text(argument))
            case "Fn::GetStackOutput":
                return self._lookup.value(function, self._stack_output(argument))
            case "Fn::Join":
                separator, parts = pair(argument, function)
                if isinstance(parts, Mapping):  # a function that stands for the list
                    return self.text(parts)
                return _string(separator, function).join(
                    self.text(item) for item in sequence(parts, function)
                )
            case "Fn::Sub":
                return self._sub(argument)
        return self._lookup.function(function, argument)

    def tree(self, part: JsonValue) -> JsonValue:
        """The same for an object that has functions among its leaves."""
        if is_intrinsic(part):
            return self.text(part)
        if isinstance(part, Mapping):
            return {key: self.tree(value) for key, value in part.items()}
        if isinstance(part, list | tuple):
            return [self.tree(item) for item in part]
        return part

    def _dotted(self, argument: JsonValue) -> str:
        if isinstance(argument, str):
            return argument
        return ".".join(self.text(item) for item in sequence(argument, "Fn::GetAtt"))

    def _stack_output(self, argument: JsonValue) -> str:
        """CDK's weak cross-stack reference: which stack, which output."""
        output = argument if isinstance(argument, Mapping) else {}
        return f"{self.text(output.get('StackName', ''))}.{self.text(output.get('OutputName', ''))}"

    def _sub(self, argument: JsonValue) -> str:
        local: Mapping[str, JsonValue] = {}
        if isinstance(argument, str):
            template = argument
        else:
            first, second = pair(argument, "Fn::Sub")
            template = _string(first, "Fn::Sub")
            local = second if isinstance(second, Mapping) else {}

        def replace(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            name = name.strip()
            if name in local:
                return self.text(local[name])
            return self._lookup.value("Fn::Sub", name)

        return _SUB_VARIABLE.sub(replace, template)


def substituted(text: str, values: Mapping[str, str]) -> str:
    """``DefinitionSubstitutions``: they are put for ``${name}`` in the finished text."""
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", json.dumps(value)[1:-1])
    return text


def sequence(value: JsonValue, function: str) -> Sequence[JsonValue]:
    """``value``, which must be a list.

    Raises:
        Unrenderable: It is not.
    """
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise Unrenderable(f"{function} must be given a list, got {value!r}")
    return value


def _string(value: JsonValue, function: str) -> str:
    if not isinstance(value, str):
        raise Unrenderable(f"{function} must be given text, got {value!r}")
    return value


def pair(value: JsonValue, function: str) -> tuple[JsonValue, JsonValue]:
    """``value``, which must be a list of two.

    Raises:
        Unrenderable: It is not.
    """
    items = sequence(value, function)
    if len(items) != 2:
        raise Unrenderable(f"{function} must be given two items, got {value!r}")
    return items[0], items[1]
