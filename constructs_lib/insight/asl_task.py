"""What a Task state calls, from its ``Resource`` and its parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Protocol

from constructs_lib.insight.model import Reference, Task, TaskKind, TaskPattern
from constructs_lib.templates.intrinsics import Renderer, Unrenderable, is_intrinsic
from constructs_lib.templates.json_value import JsonValue

_STATES_ARN = re.compile(
    r"arn:(?:[\w-]+|\$\{[^}]*\}):states:(?:\$\{[^}]*\}|[^:]*):(?:\$\{[^}]*\}|[^:]*):(.+)"
)
_LAMBDA_ARN = re.compile(r"arn:(?:[\w-]+|\$\{[^}]*\}):lambda:.*:function:.+")
_PATTERNS: tuple[tuple[str, TaskPattern], ...] = (
    (".waitForTaskToken", "wait_for_task_token"),
    (".sync:2", "sync"),
    (".sync", "sync"),
)
_KINDS: Mapping[str, TaskKind] = {
    "lambda:invoke": "lambda",
    "http:invoke": "http",
    "states:startExecution": "nested",
}
_KINDS_BY_TYPE: Mapping[str, tuple[TaskKind, str]] = {
    "AWS::Lambda::Function": ("lambda", "lambda"),
    "AWS::Serverless::Function": ("lambda", "lambda"),
    "AWS::StepFunctions::Activity": ("activity", "states"),
}

#: Parameters that name what a call works on, in the order in which they are looked for.
_TARGET_PARAMETERS = (
    "FunctionName",
    "StateMachineArn",
    "TableName",
    "QueueUrl",
    "TopicArn",
    "TargetArn",
    "EventBusName",
    "ActivityArn",
    "Bucket",
    "Cluster",
    "JobQueue",
    "UserPoolId",
    "ProjectName",
    "StreamName",
    "ApiEndpoint",
)


class Referrer(Protocol):
    """Knows what texts of a definition point at."""

    def of_text(self, text: str) -> Reference:
        """What ``text`` points at."""

    def type_of(self, reference: Reference) -> str | None:
        """The resource type of what a reference points at, if it is in the assembly."""


def read_task(
    fields: Mapping[str, JsonValue],
    refer: Referrer,
    problem: Callable[[str], None],
) -> Task:
    """The call of a Task state."""
    resource = fields.get("Resource")
    if is_intrinsic(resource):
        # The Serverless Framework's definitions have functions of CloudFormation here.
        resource = _Markers().rendered(resource)
    if not isinstance(resource, str):
        problem(
            f"must have an ARN in Resource, got {'nothing' if resource is None else resource!r:.60}"
        )
        resource = ""
    parameters = fields.get("Arguments", fields.get("Parameters", {}))
    if not isinstance(parameters, Mapping):
        if not isinstance(parameters, str):
            problem("must have an object or an expression as its parameters")
        parameters = {}
    kind, service, action, pattern = _call(resource)
    if action:
        target = named_target(parameters, refer.of_text)
    else:
        target = refer.of_text(resource) if resource else None
        if kind == "unknown" and target:
            kind, service = _KINDS_BY_TYPE.get(refer.type_of(target) or "", (kind, service))
    return Task(
        kind=kind,
        service=service,
        action=action,
        pattern=pattern,
        resource_text=resource,
        target=target,
        parameters=parameters,
    )


class _Markers:
    """References of a definition that has no template, as the texts that a template's become."""

    def rendered(self, resource: JsonValue) -> JsonValue:
        """The text, or what it was where it cannot be one."""
        try:
            return Renderer(self).text(resource)
        except Unrenderable:
            return resource

    def value(self, function: str, reference: str) -> str:  # noqa: ARG002 - all look alike
        known = {"AWS::Partition": "aws"}
        return known.get(reference, f"${{{reference}}}")

    def function(self, name: str, argument: JsonValue) -> str:
        raise Unrenderable(f"{name} of {argument!r} is known in a template only")


def _call(resource: str) -> tuple[TaskKind, str, str, TaskPattern]:
    if _LAMBDA_ARN.fullmatch(resource):
        return "lambda", "lambda", "", "request_response"
    found = _STATES_ARN.fullmatch(resource)
    if not found:
        return "unknown", "", "", "request_response"
    call = found[1]
    if call.startswith("activity:"):
        return "activity", "states", "", "request_response"
    pattern: TaskPattern = "request_response"
    for suffix, name in _PATTERNS:
        if call.endswith(suffix):
            call, pattern = call.removesuffix(suffix), name
            break
    parts = call.split(":")
    if parts[0] == "aws-sdk" and len(parts) == 3:
        return "sdk", parts[1], parts[2], pattern
    if len(parts) != 2:
        return "unknown", "", "", pattern
    service, action = parts
    return _KINDS.get(call, "optimized"), service, action, pattern


def parameter(parameters: Mapping[str, JsonValue], name: str) -> JsonValue:
    """A parameter, given as a literal or as a path."""
    return parameters.get(name, parameters.get(f"{name}.$"))


def named_target(
    parameters: Mapping[str, JsonValue], of_text: Callable[[str], Reference]
) -> Reference | None:
    """What a call's parameters say that it works on: a function, a table, a queue and so on."""
    holders = [parameters]
    entries = parameters.get("Entries")
    if isinstance(entries, list):
        holders += [entry for entry in entries if isinstance(entry, Mapping)]
    for holder in holders:
        for name in _TARGET_PARAMETERS:
            value = parameter(holder, name)
            if isinstance(value, str):
                return of_text(value)
    return None
