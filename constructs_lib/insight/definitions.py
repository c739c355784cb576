"""The definition of a state machine resource, wherever the template keeps it."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping
from pathlib import Path

from constructs_lib.insight.asl import read_machine
from constructs_lib.insight.cloud_assembly import unique_name
from constructs_lib.insight.documents import parse, read_text
from constructs_lib.insight.errors import InsightError
from constructs_lib.insight.model import Note, Place, Reference, Resource, Workflow
from constructs_lib.insight.reading import Reading, mapping
from constructs_lib.insight.template_stack import TemplateStack
from constructs_lib.templates.intrinsics import substituted
from constructs_lib.templates.json_value import JsonValue

#: A definition that is nothing but a reference: to a parameter, or to a store of them.
_ELSEWHERE = re.compile(r"\s*(?:\$\{[^}]*\}|\{\{resolve:[^}]*\}\})\s*")


def read_workflow(reading: Reading, resource: Resource, stack: TemplateStack) -> Workflow:
    """One state machine resource."""
    properties = reading.structure(resource)
    definition = _definition(reading, resource, properties, stack)
    machine = read_machine(definition, _Referrer(reading, resource.place.stack))
    for problem in machine.problems if definition is not None else ():
        reading.note(resource, problem)
    logging = mapping(properties.get("LoggingConfiguration"))
    kind = reading.text(resource.place.stack, properties.get("StateMachineType", "STANDARD"))
    return Workflow(
        resource=resource,
        kind="EXPRESS" if kind == "EXPRESS" else "STANDARD",
        machine=machine,
        role=reading.optional(resource, properties.get("RoleArn")),
        logging_level=reading.text(resource.place.stack, logging.get("Level", "OFF")),
        logs_execution_data=reading.flag(logging.get("IncludeExecutionData")),
        traced=reading.flag(mapping(properties.get("TracingConfiguration")).get("Enabled")),
    )


def bare_workflow(
    path: Path, definition: Mapping[str, JsonValue], *, taken: Container[str]
) -> tuple[Workflow, tuple[Note, ...]]:
    """A definition without a template; with it what is malformed in it.

    Args:
        taken: Keys that it cannot have.
    """
    name = unique_name(re.sub(r"(\.asl|\.stepfunctions)$", "", path.stem), taken)
    place = Place(stack="", logical_id=name, construct_path=name, file=path.name)
    resource = Resource(key=name, type="ASL", name=name, place=place, properties={})
    machine = read_machine(definition, _NoReferrer())
    notes = tuple(Note(place=place, text=problem) for problem in machine.problems)
    return Workflow(resource=resource, kind="STANDARD", machine=machine), notes


class _Referrer:
    def __init__(self, reading: Reading, stack: str) -> None:
        self._reading = reading
        self._stack = stack

    def of_text(self, text: str) -> Reference:
        return self._reading.references.of_text(self._stack, text)

    def type_of(self, reference: Reference) -> str | None:
        found = self._reading.resources.get(reference.key or "")
        return found.type if found else None


class _NoReferrer:
    def of_text(self, text: str) -> Reference:
        return Reference(text=text)

    def type_of(self, reference: Reference) -> str | None:  # noqa: ARG002 - nothing is known
        return None


def _definition(
    reading: Reading,
    resource: Resource,
    properties: Mapping[str, JsonValue],
    stack: TemplateStack,
) -> JsonValue:
    values = {
        str(name): reading.text(stack.name, value)
        for name, value in mapping(properties.get("DefinitionSubstitutions")).items()
    }
    if "Definition" in properties:
        tree = reading.tree(stack.name, properties["Definition"])
        if not values:
            return tree
        text = json.dumps(tree)
    elif "DefinitionString" in properties:
        text = reading.text(stack.name, properties["DefinitionString"])
    elif "DefinitionS3Location" in properties:
        found = _asset(reading, resource, properties["DefinitionS3Location"], stack)
        if found is None:
            return None
        text = found
    else:
        reading.note(resource, "it has no definition, neither in the template nor in a file")
        return None
    return _parsed(reading, resource, substituted(text, values))


def _parsed(reading: Reading, resource: Resource, text: str) -> JsonValue:
    if _ELSEWHERE.fullmatch(text):
        reading.note(
            resource,
            f"its definition {text.strip()!r} is known at deployment only: its states are not",
        )
        return None
    try:
        return parse(
            text,
            f"the definition of {resource.key}",
            note=lambda reason: reading.note(resource, reason),
        )
    except InsightError as error:
        reading.note(resource, f"{error}; its states are not known")
        return None


def _asset(
    reading: Reading, resource: Resource, location: JsonValue, stack: TemplateStack
) -> str | None:
    """The text of the local file that a definition's location in S3 stands for."""
    described = mapping(mapping(stack.resource(resource.place.logical_id)).get("Metadata"))
    candidates = [described.get("aws:asset:path")]
    key = mapping(location).get("Key")
    if key is not None:
        text = reading.text(stack.name, key)
        candidates += [text, f"asset.{text}", text.rsplit("/", 1)[-1]]
    for candidate in candidates:
        if isinstance(candidate, str) and candidate and (stack.folder / candidate).is_file():
            try:
                return read_text(stack.folder / candidate)
            except InsightError as error:
                reading.note(resource, f"{error}; its states are not known")
                return None
    where = candidates[1] if len(candidates) > 1 else reading.text(stack.name, location)
    reading.note(
        resource,
        f"its definition {where!r} is not among the local files: its states are not known",
    )
    return None
