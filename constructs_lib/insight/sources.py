"""The templates and definitions that a path leads to."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from constructs_lib.insight.cloud_assembly import read_stacks, with_nested, with_transform
from constructs_lib.insight.documents import parse, read_text
from constructs_lib.insight.errors import InsightError
from constructs_lib.insight.template_stack import TemplateStack
from constructs_lib.insight.unwrapping import require_no_program, unwrapped
from constructs_lib.templates.json_value import JsonValue

#: Ends of the names of files that a folder without a manifest is searched for.
_SUFFIXES = (".asl", ".json", ".json5", ".template", ".yaml", ".yml")
#: Where templates name local files with definitions and templates.
_FILE_PROPERTIES = ("DefinitionUri", "Key", "Location", "TemplateURL", "aws:asset:path")


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What was found, not understood yet.

    Attributes:
        stacks: By unique names.
        definitions: State machines without a template, by their files.
    """

    stacks: Mapping[str, TemplateStack]
    definitions: Mapping[Path, Mapping[str, JsonValue]] = field(default_factory=dict)


def read_sources(path: Path, note: Callable[[str], None]) -> Sources:
    """All that a path leads to: a ``cdk.out`` folder, another folder, or one file.

    Args:
        note: Takes what could not be read.
    Raises:
        InsightError: There is nothing to read.
    """
    if not path.exists():
        raise InsightError(
            f"{path} must be a cdk.out folder, a template or a definition, got nothing there; "
            "run cdk synth, or name another path"
        )
    if not path.is_dir():
        require_no_program(path)
        content = unwrapped(_content(path, note), path, note)
        return _sources({path: content}, {path: note}, note)
    if (path / "manifest.json").is_file():
        return Sources(stacks=read_stacks(path, note))
    return _of_folder(path, note)


def _of_folder(folder: Path, note: Callable[[str], None]) -> Sources:
    """The templates and definitions that lie in a folder, not those in folders inside of it."""
    contents: dict[Path, Mapping[str, JsonValue]] = {}
    notes: dict[Path, Callable[[str], None]] = {}
    others: list[str] = []
    for file in sorted(folder.iterdir()):
        if not file.name.endswith(_SUFFIXES) or not file.is_file():
            continue
        notes[file] = partial(_note_of, file.name, note)
        said: list[str] = []
        try:
            content = _content(file, said.append)
        except InsightError as error:
            note(f"{error}; it was not read")
            continue
        try:
            contents[file] = unwrapped(content, file, said.append)
        except InsightError:
            others.append(file.name)
            continue
        for text in said:
            notes[file](text)
    if not contents:
        built = folder / "cdk.out"
        remedy = f"name {built}" if built.is_dir() else "run cdk synth, or name a file"
        raise InsightError(
            f"{folder} must be the output of cdk synth, or hold templates or definitions, got a "
            f"folder without manifest.json and with none of them; {remedy}"
        )
    if others:
        note(f"no templates or definitions, and not read: {', '.join(others)}")
    return _sources(contents, notes, note)


def _note_of(file: str, note: Callable[[str], None], text: str) -> None:
    note(f"{file}: {text}")


def _content(path: Path, note: Callable[[str], None]) -> JsonValue:
    return parse(read_text(path), str(path), note=note)


def _sources(
    contents: Mapping[Path, Mapping[str, JsonValue]],
    notes: Mapping[Path, Callable[[str], None]],
    note: Callable[[str], None],
) -> Sources:
    templates = {path: one for path, one in contents.items() if "Resources" in one}
    named: set[Path] = set()
    for path, content in templates.items():
        if not isinstance(content["Resources"], Mapping):
            raise InsightError(f"Resources of {path} must be an object by logical id")
        texts = _files_named_in(content["Resources"])
        named |= {path.parent / os.path.normpath(text) for text in texts} - {path}
    # What a template names is read with it; of a circle all are read.
    outermost = {path: one for path, one in templates.items() if path not in named} or templates
    return Sources(
        stacks=with_nested(
            (with_transform(_stack(path, one), notes[path]) for path, one in outermost.items()),
            note,
        ),
        definitions={
            path: one
            for path, one in contents.items()
            if path not in templates and path not in named
        },
    )


def _stack(path: Path, content: Mapping[str, JsonValue]) -> TemplateStack:
    name = path.stem.removesuffix(".template")
    return TemplateStack(
        name=name, stack_name=name, template=content, folder=path.parent, file=path.name
    )


def _files_named_in(value: JsonValue) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if isinstance(inner, str) and key in _FILE_PROPERTIES:
                yield inner
            else:
                yield from _files_named_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _files_named_in(inner)
