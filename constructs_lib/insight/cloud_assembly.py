"""The stacks of a ``cdk.out`` folder: of all stages, nested ones included."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from constructs_lib.insight.documents import read_mapping
from constructs_lib.insight.errors import InsightError
from constructs_lib.insight.language_extensions import extended
from constructs_lib.insight.template_stack import TemplateStack
from constructs_lib.templates.json_value import JsonValue

_DEEPEST = 20


def read_stacks(folder: Path, note: Callable[[str], None]) -> dict[str, TemplateStack]:
    """All stacks by their names.

    Args:
        note: Takes what could not be read.
    Raises:
        InsightError: The folder has no readable manifest, or no stack.
    """
    found = with_nested(_stacks_of(folder, folder, note, 0), note)
    if not found:
        raise InsightError(
            f"{folder} must hold at least one stack, got a manifest without; synthesize the app"
        )
    return found


def _stacks_of(
    folder: Path, top: Path, note: Callable[[str], None], depth: int
) -> Iterator[TemplateStack]:
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        raise InsightError(
            f"{folder} must be the output of cdk synth, got a folder without manifest.json; "
            "run cdk synth, or name a template or a definition"
        )
    artifacts = read_mapping(manifest).get("artifacts")
    if not isinstance(artifacts, Mapping):
        raise InsightError(f"{manifest} must have artifacts, an object; synthesize the app again")
    for id_, artifact in artifacts.items():
        if not isinstance(artifact, Mapping):
            note(f"artifact {id_!r} of {manifest.relative_to(top)} is no object and was not read")
            continue
        properties = artifact.get("properties")
        properties = properties if isinstance(properties, Mapping) else {}
        if artifact.get("type") == "aws:cloudformation:stack":
            stack = _stack(folder, top, id_, artifact, properties, note)
            if stack:
                yield stack
        elif artifact.get("type") == "cdk:cloud-assembly":
            inner = properties.get("directoryName")
            if not isinstance(inner, str) or not (folder / inner).is_dir() or depth > _DEEPEST:
                note(f"stage {id_!r} names the folder {inner!r}, which is not there")
                continue
            yield from _stacks_of(folder / inner, top, note, depth + 1)


def _stack(
    folder: Path,
    top: Path,
    id_: str,
    artifact: Mapping[str, JsonValue],
    properties: Mapping[str, JsonValue],
    note: Callable[[str], None],
) -> TemplateStack | None:
    name = properties.get("templateFile")
    if not isinstance(name, str) or not (folder / name).is_file():
        note(f"stack {id_!r} names the template {name!r}, which is not there")
        return None
    metadata = artifact.get("metadata")
    separate = artifact.get("additionalMetadataFile")
    if isinstance(separate, str) and (folder / separate).is_file():
        metadata = read_mapping(folder / separate)
    stack_name = properties.get("stackName")
    stack = TemplateStack(
        name=id_,
        stack_name=stack_name if isinstance(stack_name, str) else id_,
        template=read_mapping(folder / name, note),
        folder=folder,
        file=str((folder / name).relative_to(top)),
        metadata=metadata if isinstance(metadata, Mapping) else {},
    )
    return with_transform(stack, note)


def _nested(
    stack: TemplateStack, note: Callable[[str], None], depth: int
) -> Iterator[TemplateStack]:
    for logical_id in stack.section("Resources"):
        resource = stack.resource(logical_id)
        if resource.get("Type") != "AWS::CloudFormation::Stack":
            continue
        described = resource.get("Metadata")
        asset = described.get("aws:asset:path") if isinstance(described, Mapping) else None
        url = stack.properties(logical_id).get("TemplateURL")
        path = asset if isinstance(asset, str) else url
        if not isinstance(path, str) or not (stack.folder / path).is_file() or depth > _DEEPEST:
            note(
                f"nested stack {stack.name}/{logical_id} has its template at {path!r}, which is "
                "not among the files: what it holds is not known"
            )
            continue
        if path == stack.file:
            note(f"nested stack {stack.name}/{logical_id} nests itself")
            continue
        child = TemplateStack(
            name=f"{stack.name}.{logical_id}",
            stack_name=f"{stack.name}.{logical_id}",
            template=read_mapping(stack.folder / path, note),
            folder=stack.folder,
            file=path,
            metadata=stack.metadata,
            parent=(stack.name, logical_id),
        )
        child = with_transform(child, note)
        yield child
        yield from _nested(child, note, depth + 1)


def with_nested(
    stacks: Iterable[TemplateStack], note: Callable[[str], None]
) -> dict[str, TemplateStack]:
    """Stacks by unique names, each followed by those that it nests at any depth, whose templates
    are local files."""
    found: dict[str, TemplateStack] = {}
    for stack in stacks:
        named = replace(stack, name=unique_name(stack.name, found))
        found[named.name] = named
        for nested in _nested(named, note, 0):
            found[nested.name] = nested
    return found


def unique_name(name: str, taken: Container[str]) -> str:
    """The name, or with a number where it is taken."""
    unique, number = name, 2
    while unique in taken:
        unique, number = f"{name}#{number}", number + 1
    return unique


def with_transform(stack: TemplateStack, note: Callable[[str], None]) -> TemplateStack:
    """The stack after its transforms, if it has any; SAM's translator is loaded only then."""
    stack = replace(stack, template=extended(stack.template, stack.folder, note))
    if "Transform" not in stack.template:
        return stack
    from constructs_lib.insight.sam import transformed

    return transformed(stack, note)
