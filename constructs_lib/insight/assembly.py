"""``load``: a ``cdk.out`` folder, templates or bare definitions as an ``Assembly``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from constructs_lib.insight.definitions import bare_workflow, read_workflow
from constructs_lib.insight.direct_calls import DirectCallReader
from constructs_lib.insight.events import EventReader
from constructs_lib.insight.known_properties import say_unknown_properties
from constructs_lib.insight.model import Assembly, Note, Place, Resource
from constructs_lib.insight.other_resources import (
    read_functions,
    read_queues,
    read_tables,
    read_topics,
)
from constructs_lib.insight.permissions import read_resource_policies, read_statements
from constructs_lib.insight.publications import PublicationReader
from constructs_lib.insight.reading import Reading
from constructs_lib.insight.references import References
from constructs_lib.insight.sources import read_sources
from constructs_lib.insight.template_stack import TemplateStack
from constructs_lib.templates.json_value import JsonValue

#: Services that the model is about, and their types that it knows.
_OURS = (
    *("AWS::Events::", "AWS::EventsV2::", "AWS::Pipes::", "AWS::Serverless::"),
    "AWS::StepFunctions::",
)
_UNDERSTOOD = {
    *("AWS::Events::ApiDestination", "AWS::Events::Archive", "AWS::Events::Connection"),
    *("AWS::Events::EventBus", "AWS::Events::EventBusPolicy", "AWS::Events::Rule"),
    *("AWS::Pipes::Pipe", "AWS::StepFunctions::Activity", "AWS::StepFunctions::StateMachine"),
    *("AWS::StepFunctions::StateMachineAlias", "AWS::StepFunctions::StateMachineVersion"),
}
#: Construct ids that tell nothing of their own.
_SILENT = {"Resource", "Default"}
_COMMON_IDS = {
    *("Bus", "DeadLetters", "DefaultPolicy", "EventBus", "Function", "Handler", "LogGroup", "Logs"),
    *("Pipe", "Policy", "Queue", "Role", "Rule", "ServiceRole", "StateMachine", "Subscription"),
    *("Table", "Topic", "Workflow", "Archive", "Events", "EventsRole"),
}


def load(path: str | Path) -> Assembly:
    """Read an assembly.

    Args:
        path: A ``cdk.out`` folder, a CloudFormation or SAM template, or an Amazon States Language
            definition; the files may be JSON, JSON5 or YAML, or what the AWS CLI prints of one. Or
            a folder with such files: all are read.
    Raises:
        InsightError: It is none of these; the text names the file, the rule and the remedy. What is
            merely malformed or unknown inside is in ``Assembly.notes``.
    """
    path = Path(path)
    notes: list[Note] = []

    def note(text: str) -> None:
        notes.append(Note(place=None, text=text))

    sources = read_sources(path, note)
    assembly = _assembly(path, sources.stacks, notes)
    if not sources.definitions:
        return assembly
    workflows = list(assembly.workflows)
    resources = dict(assembly.resources)
    notes = list(assembly.notes)
    for file, definition in sources.definitions.items():
        workflow, problems = bare_workflow(file, definition, taken=resources)
        workflows.append(workflow)
        resources[workflow.resource.key] = workflow.resource
        notes += problems
    return replace(assembly, resources=resources, workflows=tuple(workflows), notes=tuple(notes))


def _assembly(path: Path, stacks: Mapping[str, TemplateStack], notes: list[Note]) -> Assembly:
    said: set[str] = set()

    def note(stack: str, text: str) -> None:
        if (line := f"stack {stack}: {text}") not in said:
            said.add(line)
            notes.append(Note(place=None, text=line))

    references = References(stacks, note)
    resources = {each.key: each for each in _resources(stacks, note)}
    reading = Reading(resources=resources, references=references, notes=notes)
    _say_limits(reading, stacks)
    say_unknown_properties(reading)
    workflows = tuple(
        read_workflow(reading, resource, stacks[resource.place.stack])
        for _, resource in reading.of_type("AWS::StepFunctions::StateMachine")
    )
    events = EventReader(reading)
    rules, archives, pipes = events.rules(), events.archives(), events.pipes()
    schedules = events.schedules()
    functions = read_functions(reading)
    statements = read_statements(reading)
    publications = PublicationReader(reading, events)
    direct = DirectCallReader(reading, events)
    published = (
        *publications.of_workflows(workflows),
        *publications.of_pipes(pipes),
        *publications.of_schedules(),
        *publications.of_functions(functions, statements, events.buses()),
        *direct.publications(functions),
    )
    return Assembly(
        path=str(path),
        stacks=tuple(stacks),
        resources=resources,
        workflows=workflows,
        buses=events.buses(),
        rules=rules,
        archives=archives,
        pipes=pipes,
        schedules=schedules,
        queues=read_queues(reading),
        functions=functions,
        topics=read_topics(reading),
        tables=read_tables(reading),
        statements=statements,
        resource_policies=read_resource_policies(reading),
        publications=published,
        direct_calls=direct.calls(),
        notes=tuple(notes),
    )


def _resources(
    stacks: Mapping[str, TemplateStack], note: Callable[[str, str], None]
) -> Iterator[Resource]:
    for stack in stacks.values():
        for logical_id, value in stack.section("Resources").items():
            if not isinstance(value, Mapping) or not isinstance(value.get("Type"), str):
                note(stack.name, f"resource {logical_id!r} has no Type and was not read")
                continue
            yield _resource(stack, str(logical_id), value)


def _resource(stack: TemplateStack, logical_id: str, value: Mapping[str, JsonValue]) -> Resource:
    written = value.get("Metadata")
    metadata = written if isinstance(written, Mapping) else {}
    path = metadata.get("aws:cdk:path")
    # The template has its paths only where the CDK CLI asked for them.
    path = path or stack.construct_paths.get(logical_id)
    key = f"{stack.name}/{logical_id}"
    construct_path = path if isinstance(path, str) else key
    return Resource(
        key=key,
        type=str(value["Type"]),
        name=_telling_name(path) if isinstance(path, str) else logical_id,
        place=Place(
            stack=stack.name,
            logical_id=logical_id,
            construct_path=construct_path,
            source=stack.source_lines.of(construct_path),
            file=stack.file,
        ),
        properties=stack.properties(logical_id),
        metadata=metadata,
    )


def _say_limits(reading: Reading, stacks: Mapping[str, TemplateStack]) -> None:
    """Note what may not be made, and what is kept without being understood."""
    for resource in reading.resources.values():
        place = resource.place
        condition = stacks[place.stack].resource(place.logical_id).get("Condition")
        if isinstance(condition, str) and reading.references.holds(place.stack, condition) is False:
            reading.note(
                resource,
                f"condition {condition!r} does not hold by the parameters' defaults, so that this "
                "is not made with them; it was read all the same",
            )
        if resource.type.startswith(_OURS) and resource.type not in _UNDERSTOOD:
            reading.note(resource, f"resources of type {resource.type} are kept, not understood")


def _telling_name(path: str) -> str:
    """``SignUp/Workflow`` for ``App/SignUp/Workflow/Resource``, ``Triage`` for ``App/Triage``."""
    parts = [part for part in path.split("/")[1:] if part not in _SILENT]
    telling = [
        part for number, part in enumerate(parts) if number == 0 or part != parts[number - 1]
    ]
    if len(telling) > 1 and telling[-1] in _COMMON_IDS:
        return "/".join(telling[-2:])
    return telling[-1] if telling else path
