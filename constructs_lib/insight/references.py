"""What references of templates point at, over all stacks, nested ones included.

A reference is rendered as ``${LogicalId}`` or ``${LogicalId.Attribute}``, with ``Stack/`` before
the id where it points into another stack: readable, and it can be found again in any text that it
became part of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cached_property

from constructs_lib.insight.arns import short_name
from constructs_lib.insight.model import Reference
from constructs_lib.insight.stack_view import StackView
from constructs_lib.insight.template_stack import TemplateStack
from constructs_lib.templates.intrinsics import Unrenderable
from constructs_lib.templates.json_value import JsonValue

_MARKER = re.compile(r"\$\{(?:([^{}]+)/)?([A-Za-z0-9]+)(?:\.([A-Za-z0-9.]+))?\}")
#: Property that holds the physical name, and how an ARN of the type ends.
_NAMES: Mapping[str, tuple[str, str]] = {
    "AWS::DynamoDB::Table": ("TableName", "dynamodb::table/{}"),
    "AWS::Events::EventBus": ("Name", "events::event-bus/{}"),
    "AWS::Events::ApiDestination": ("Name", "events::api-destination/{}"),
    "AWS::IAM::Role": ("RoleName", "iam::role/{}"),
    "AWS::Lambda::Function": ("FunctionName", "lambda::function:{}"),
    "AWS::S3::Bucket": ("BucketName", "s3::{}"),
    "AWS::SNS::Topic": ("TopicName", "sns::{}"),
    "AWS::SQS::Queue": ("QueueName", "sqs::{}"),
    "AWS::StepFunctions::Activity": ("Name", "states::activity:{}"),
    "AWS::StepFunctions::StateMachine": ("StateMachineName", "states::stateMachine:{}"),
}
#: Resources that stand for another: the property that names it.
_STANDS_FOR: Mapping[str, tuple[str, ...]] = {
    "AWS::Lambda::Alias": ("FunctionName",),
    "AWS::Lambda::Version": ("FunctionName",),
    "AWS::Lambda::Url": ("TargetFunctionArn",),
    "AWS::StepFunctions::StateMachineVersion": ("StateMachineArn",),
}


class References:
    """Resolves references of any stack of the assembly.

    Args:
        note: Takes the stack's name and what could not be resolved.
    """

    def __init__(
        self, stacks: Mapping[str, TemplateStack], note: Callable[[str, str], None]
    ) -> None:
        self._stacks = stacks
        self._note = note
        self._views = {name: StackView(self, stack) for name, stack in stacks.items()}

    def text(self, stack: str, value: JsonValue) -> str:
        """``value`` as CloudFormation would render it, with references as markers."""
        try:
            return self._local(stack, self._views[stack].renderer.text(value))
        except Unrenderable as reason:
            self._note(stack, f"a value {reason}")
            return json.dumps(value, default=str)

    def tree(self, stack: str, value: JsonValue) -> JsonValue:
        """The same for an object; conditional parts are chosen and missing ones left out."""
        value = self.structure(stack, value)
        try:
            rendered = self._views[stack].renderer.tree(value)
        except Unrenderable as reason:
            self._note(stack, f"a value {reason}")
            return value
        return _map_texts(rendered, lambda text: self._local(stack, text))

    def structure(self, stack: str, value: JsonValue) -> JsonValue:
        """``value`` with its ``Fn::If`` decided, ``AWS::NoValue`` left out and parameters that are
        lists written out; other references stay."""
        view = self._views[stack]
        return view.lists.written_out(view.conditions.structure(value))

    def holds(self, stack: str, condition: str) -> bool | None:
        """Whether a condition of a stack holds by the defaults; None where they do not decide."""
        return self._views[stack].conditions.holds(condition)

    def reference(self, stack: str, value: JsonValue) -> Reference:
        """What ``value`` points at."""
        return self.of_text(stack, self.text(stack, value))

    def of_text(self, stack: str, text: str) -> Reference:
        """What a text that references were rendered into points at."""
        found: list[tuple[str, str | None]] = []
        for other, logical_id, attribute in _MARKER.findall(text):
            key = f"{other or stack}/{logical_id}"
            if self._exists(key):
                found.append((key, attribute or None))
        if found:
            key, attribute = found[-1]
            return Reference(text=text, key=self._behind(key), attribute=attribute)
        return Reference(text=text, key=self._by_name.get(short_name(text)))

    def type_of(self, key: str) -> str | None:
        """The resource type behind a key."""
        stack, _, logical_id = key.rpartition("/")
        type_ = self._stacks[stack].resource(logical_id).get("Type") if stack else None
        return type_ if isinstance(type_, str) else None

    def _exists(self, key: str) -> bool:
        stack, _, logical_id = key.rpartition("/")
        return stack in self._stacks and bool(self._stacks[stack].resource(logical_id))

    def _behind(self, key: str) -> str:
        """The function of an alias or version; the workflow of a version."""
        for _ in range(3):
            stack, _, logical_id = key.rpartition("/")
            properties = self._stacks[stack].properties(logical_id)
            type_ = self.type_of(key) or ""
            value: JsonValue = None
            for name in _STANDS_FOR.get(type_, ()):
                value = properties.get(name)
            if type_ == "AWS::StepFunctions::StateMachineAlias":
                value = _version_of_alias(properties)
            if value is None:
                return key
            target = self.of_text(stack, self.text(stack, value)).key
            if target is None or target == key:
                return key
            key = target
        return key

    @cached_property
    def _by_name(self) -> Mapping[str, str]:
        """Keys by physical name and by the ends of their ARNs, where the template gives names."""
        names: dict[str, str] = {}
        for stack in self._stacks.values():
            for logical_id in stack.section("Resources"):
                resource = stack.resource(logical_id)
                known = _NAMES.get(str(resource.get("Type")))
                given = stack.properties(logical_id).get(known[0]) if known else None
                name = self._name(stack.name, given)
                if known and name:
                    key = f"{stack.name}/{logical_id}"
                    names.setdefault(known[1].format(name), key)
                    names.setdefault(name, key)
        return names

    def _name(self, stack: str, given: JsonValue) -> str | None:
        """A physical name, as other texts of the stack say it: ``${AWS::Region}`` in it stays."""
        try:
            return (
                None
                if given is None
                else self._local(stack, self._views[stack].renderer.text(given))
            )
        except Unrenderable:
            return None

    @cached_property
    def _exports(self) -> Mapping[str, tuple[str, JsonValue]]:
        exports: dict[str, tuple[str, JsonValue]] = {}
        for stack in self._stacks.values():
            for output in stack.section("Outputs").values():
                export = output.get("Export") if isinstance(output, Mapping) else None
                if isinstance(output, Mapping) and isinstance(export, Mapping):
                    try:
                        name = self._views[stack.name].renderer.text(export.get("Name"))
                    except Unrenderable:
                        continue
                    exports[name] = (stack.name, output.get("Value"))
        return exports

    def imported(self, name: str) -> str | None:
        """The value of an export of the assembly, with qualified markers."""
        if name not in self._exports:
            return None
        stack, value = self._exports[name]
        return self._views[stack].renderer.text(value)

    def output(self, stack_name: str, output: str) -> str | None:
        """The value of an output of the assembly, with qualified markers."""
        for stack in self._stacks.values():
            found = stack.section("Outputs").get(output)
            if stack_name in (stack.stack_name, stack.name) and isinstance(found, Mapping):
                return self._views[stack.name].renderer.text(found.get("Value"))
        return None

    def nested_output(self, stack: str, logical_id: str, output: str) -> str | None:
        """The value of an output of a nested stack, with qualified markers."""
        for child in self._stacks.values():
            if child.parent == (stack, logical_id):
                return self.output(child.name, output)
        return None

    def parent_value(self, stack: TemplateStack, parameter: str) -> str | None:
        """What the parent gives a nested stack for a parameter, with qualified markers."""
        if stack.parent is None:
            return None
        parent, logical_id = stack.parent
        given = self._stacks[parent].properties(logical_id).get("Parameters")
        if not isinstance(given, Mapping) or parameter not in given:
            return None
        return self._views[parent].renderer.text(given[parameter])

    def note(self, stack: str, text: str) -> None:
        """Say what could not be resolved."""
        self._note(stack, text)

    @staticmethod
    def _local(stack: str, text: str) -> str:
        return text.replace(f"${{{stack}/", "${")


def _version_of_alias(properties: Mapping[str, JsonValue]) -> JsonValue:
    routes = properties.get("RoutingConfiguration")
    preference = properties.get("DeploymentPreference")
    if isinstance(routes, list) and routes and isinstance(routes[0], Mapping):
        return routes[0].get("StateMachineVersionArn")
    if isinstance(preference, Mapping):
        return preference.get("StateMachineVersionArn")
    return None


def _map_texts(value: JsonValue, change: Callable[[str], str]) -> JsonValue:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _map_texts(inner, change) for key, inner in value.items()}
    if isinstance(value, list):
        return [_map_texts(inner, change) for inner in value]
    return value
