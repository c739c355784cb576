"""Templates and definitions inside of what the AWS CLI prints, and what other files are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from constructs_lib.insight.documents import is_readable, parse, require_object
from constructs_lib.insight.errors import InsightError
from constructs_lib.templates.json_value import JsonValue

#: What a state machine resource calls the fields of ``aws stepfunctions describe-state-machine``.
#: Source: API reference of Step Functions, DescribeStateMachine (read 2026-11-27).
_MACHINE_FIELDS = {
    "definition": "DefinitionString",
    "loggingConfiguration": "LoggingConfiguration",
    "roleArn": "RoleArn",
    "tracingConfiguration": "TracingConfiguration",
    "type": "StateMachineType",
}
_SERVERLESS = (
    "a configuration of the Serverless Framework",
    "run serverless package, and name .serverless/cloudformation-template-update-stack.json",
)
#: Names by which other files are known, what such a file is, and what to name in its place.
_OTHERS: tuple[tuple[frozenset[str], str, str], ...] = tuple(
    (frozenset(names.split()), what, remedy)
    for names, what, remedy in (
        ("service provider", *_SERVERLESS),
        ("stepFunctions", *_SERVERLESS),
        ("startAt states", "a definition with names in small letters", "write StartAt and States"),
        ("artifacts version", "the manifest of a cloud assembly", "name the folder it is in"),
        ("version tree", "the construct tree of a cloud assembly", "name the folder it is in"),
        ("dockerImages files version", "an asset manifest of CDK", "name the folder it is in"),
        (
            "stateMachines",
            "the output of aws stepfunctions list-state-machines",
            "save that of aws stepfunctions describe-state-machine",
        ),
        (
            "StackResources",
            "the output of aws cloudformation describe-stack-resources",
            "save that of aws cloudformation get-template",
        ),
        (
            "Stacks",
            "the output of aws cloudformation describe-stacks",
            "save that of aws cloudformation get-template",
        ),
        (
            "StackSummaries",
            "the output of aws cloudformation list-stacks",
            "save that of aws cloudformation get-template",
        ),
        ("StateMachines MockedResponses", "a mock configuration", "name the definition"),
        ("terraform_version", "a plan or state of Terraform", "name the definition's own file"),
        ("asyncapi", "an AsyncAPI document", "name the template that makes the events"),
        ("openapi", "an OpenAPI document", "name the template that makes the API"),
        ("swagger", "an OpenAPI document", "name the template that makes the API"),
        ("$schema", "a JSON Schema", "name a template or a definition"),
    )
)
#: Files of programs, by the ends of their names.
_PROGRAMS: Mapping[str, str] = {
    **dict.fromkeys(
        (".cs", ".go", ".java", ".js", ".mjs", ".py", ".ts"), "run cdk synth, and name cdk.out"
    ),
    **dict.fromkeys((".hcl", ".tf", ".tfvars"), "Terraform is not read; name the definition"),
    ".toml": "name the template, or the definition",
    ".zip": "unpack it, and name what is in it",
}


def require_no_program(path: Path) -> None:
    """Refuse a file whose name says that it is neither JSON nor YAML.

    Raises:
        InsightError: It is one.
    """
    remedy = _PROGRAMS.get(path.suffix.lower())
    if remedy:
        raise InsightError(f"{path} must be JSON or YAML, got a {path.suffix} file; {remedy}")


def unwrapped(value: JsonValue, path: Path, note: Callable[[str], None]) -> Mapping[str, JsonValue]:
    """The template or definition that a file holds, also where something stands around it.

    Args:
        path: The file, for messages.
        note: Takes what was around it.
    Raises:
        InsightError: There is none; the text says what the file is instead, where that is known.
    """
    if isinstance(value, str) and "\n" in value:
        # What --query TemplateBody leaves: a template as one JSON text.
        note("it is a text that holds JSON or YAML; that was read")
        value = parse(value, str(path), note=note)
    if is_readable(value):
        return value
    value = require_object(value, path)
    inner = value.get("TemplateBody")
    if inner is not None:
        note("it is the output of aws cloudformation get-template; its TemplateBody was read")
        return unwrapped(_parsed(inner, f"TemplateBody of {path}", note), path, note)
    if isinstance(value.get("definition"), str | Mapping):
        return _machine(value, path, note)
    for names, what, remedy in _OTHERS:
        if names <= value.keys():
            raise InsightError(f"{path} must be a template or a definition, got {what}; {remedy}")
    readable = {name: one for name, one in value.items() if is_readable(one)}
    if len(readable) == 1:
        ((name, only),) = readable.items()
        note(f"it has neither Resources nor States; what stands under {name!r} was read")
        return only
    raise InsightError(
        f"{path} must have Resources (a template) or StartAt and States (a definition), got "
        f"{', '.join(sorted(map(str, value))[:8]) or 'an empty object'}; name another file"
    )


def _machine(
    value: Mapping[str, JsonValue], path: Path, note: Callable[[str], None]
) -> Mapping[str, JsonValue]:
    """A template with the one state machine that AWS describes."""
    note("it describes a state machine, as the AWS CLI does; its definition was read")
    name = value.get("name")
    properties = {
        ours: value[theirs] for theirs, ours in _MACHINE_FIELDS.items() if theirs in value
    }
    for part in ("LoggingConfiguration", "TracingConfiguration"):
        given = properties.get(part)
        if isinstance(given, Mapping):
            properties[part] = {key[:1].upper() + key[1:]: one for key, one in given.items()}
    if isinstance(properties["DefinitionString"], Mapping):
        properties["Definition"] = properties.pop("DefinitionString")
    return {
        "Resources": {
            name if isinstance(name, str) else path.stem: {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": properties,
            }
        }
    }


def _parsed(value: JsonValue, name: str, note: Callable[[str], None]) -> JsonValue:
    return parse(value, name, note=note) if isinstance(value, str) else value
