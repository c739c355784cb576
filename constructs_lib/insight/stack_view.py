"""One stack's values as text, with the stack's name in the marker of every reference."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Protocol

from constructs_lib.insight.arns import split
from constructs_lib.insight.conditions import Conditions
from constructs_lib.insight.list_values import ListValues
from constructs_lib.insight.template_stack import TemplateStack
from constructs_lib.templates.intrinsics import Renderer, Unrenderable, pair, sequence
from constructs_lib.templates.json_value import JsonValue

_KNOWN_PSEUDO = {"AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}
_DEEPEST = 40


class OtherStacks(Protocol):
    """What a stack's values take from other stacks of the assembly, with qualified markers."""

    def imported(self, name: str) -> str | None:
        """The value of an export."""

    def output(self, stack_name: str, output: str) -> str | None:
        """The value of an output."""

    def nested_output(self, stack: str, logical_id: str, output: str) -> str | None:
        """The value of an output of a nested stack."""

    def parent_value(self, stack: TemplateStack, parameter: str) -> str | None:
        """What the parent gives a nested stack for a parameter."""

    def note(self, stack: str, text: str) -> None:
        """Say what could not be resolved."""


class StackView:
    """Renders what one stack says; its ``Renderer`` asks it for references and functions."""

    def __init__(self, elsewhere: OtherStacks, stack: TemplateStack) -> None:
        self._elsewhere = elsewhere
        self._stack = stack
        self._depth = 0
        self.renderer = Renderer(self)
        self.lists = ListValues(stack.section("Parameters"), self._parameter, self.renderer.text)
        self.conditions = Conditions(
            stack.section("Conditions"),
            self.renderer.text,
            lambda text: elsewhere.note(stack.name, text),
        )

    def value(self, function: str, reference: str) -> str:
        """What a reference stands for: its marker, or a value that the templates tell.

        Raises:
            Unrenderable: It leads round to itself.
        """
        if self._depth > _DEEPEST:
            raise Unrenderable(f"refers to itself through {function} {reference!r}")
        self._depth += 1
        try:
            return self._value(function, reference)
        finally:
            self._depth -= 1

    def _value(self, function: str, reference: str) -> str:
        if function == "Fn::ImportValue":
            value = self._elsewhere.imported(reference)
            return f"${{import {reference}}}" if value is None else value
        if function == "Fn::GetStackOutput":
            stack_name, _, output = reference.rpartition(".")
            value = self._elsewhere.output(stack_name, output)
            return f"${{output {reference}}}" if value is None else value
        if reference.startswith("AWS::"):
            if reference == "AWS::StackName":
                return self._stack.stack_name
            return _KNOWN_PSEUDO.get(reference, f"${{{reference}}}")
        logical_id, _, attribute = reference.partition(".")
        if attribute.startswith("Outputs."):
            value = self._elsewhere.nested_output(
                self._stack.name, logical_id, attribute.removeprefix("Outputs.")
            )
            if value is not None:
                return value
        if self._stack.resource(logical_id):
            return f"${{{self._stack.name}/{reference}}}"
        if logical_id in self._stack.section("Parameters"):
            return self._parameter(logical_id)
        self._elsewhere.note(
            self._stack.name, f"{function} {reference!r} names nothing that the template declares"
        )
        return f"${{{reference}}}"

    def _parameter(self, name: str) -> str:
        value = self._elsewhere.parent_value(self._stack, name)
        if value is not None:
            return value
        declared = self._stack.section("Parameters")[name]
        default = declared.get("Default") if isinstance(declared, Mapping) else None
        by_lookup = isinstance(declared, Mapping) and "SSM" in str(declared.get("Type"))
        if isinstance(default, str | int | float) and default != "" and not by_lookup:
            return str(default)
        return f"${{{name}}}"

    def function(self, name: str, argument: JsonValue) -> str:
        """What a function gives; a marker where that is known in AWS only.

        Raises:
            Unrenderable: Its argument has not the shape that it must have.
        """
        text = self.renderer.text
        match name:
            case "Fn::If":
                return text(self.conditions.chosen(argument))
            case "Fn::Base64":
                return text(argument)
            case "Fn::ToJsonString":
                return json.dumps(self.renderer.tree(argument))
            case "Fn::FindInMap":
                found = self._in_map(argument)
                return text(found) if found is not None else self._placeholder(name, argument)
            case "Fn::Select":
                return self._selected(argument)
            case "Fn::Split":
                return text(pair(argument, name)[1])
            case "Fn::Length" if isinstance(argument, list):
                return str(len(argument))
            case "Fn::GetAZs" | "Fn::Cidr" | "Fn::Transform" | "Fn::Length":
                return self._placeholder(name, argument)
        self._elsewhere.note(self._stack.name, f"function {name} is not known and was not resolved")
        return self._placeholder(name, argument)

    @staticmethod
    def _placeholder(name: str, argument: JsonValue) -> str:
        shown = re.sub(r"[{}$\"]", "", json.dumps(argument, default=str))
        return f"${{{name} {shown}}}"

    def _selected(self, argument: JsonValue) -> str:
        first, source = pair(argument, "Fn::Select")
        place = self.renderer.text(first)
        parts: list[str]
        if isinstance(source, Mapping) and "Fn::Split" in source:
            separator, value = pair(source["Fn::Split"], "Fn::Split")
            rendered = self.renderer.text(value)
            parts = split(rendered, str(separator))
            if len(parts) == 1:  # a reference: its parts are known at deployment
                return rendered
        elif isinstance(source, list):
            parts = [self.renderer.text(item) for item in source]
        else:
            return self._placeholder("Fn::Select", argument)
        if place.isdecimal() and int(place) < len(parts):
            return parts[int(place)]
        return self._placeholder("Fn::Select", argument)

    def _in_map(self, argument: JsonValue) -> JsonValue:
        found: JsonValue = self._stack.section("Mappings")
        keys = sequence(argument, "Fn::FindInMap")
        for key in keys[:3]:
            found = found.get(self.renderer.text(key)) if isinstance(found, Mapping) else None
        if found is None and len(keys) > 3 and isinstance(keys[3], Mapping):
            return keys[3].get("DefaultValue")
        return found
