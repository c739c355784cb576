"""What AWS::LanguageExtensions and AWS::Include make of a template, as far as files tell it.

Source: CloudFormation user guide, "Fn::ForEach", "AWS::LanguageExtensions transform" and
"AWS::Include transform" (read 2026-11-27).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from constructs_lib.insight.documents import parse, read_text
from constructs_lib.insight.errors import InsightError
from constructs_lib.templates.json_value import JsonValue

LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"
_LOOP = "Fn::ForEach::"
_INCLUDE = "AWS::Include"
#: Loops within loops multiply; CloudFormation takes 500 resources a template at most.
_MOST_ROUNDS = 5_000


def extended(
    template: Mapping[str, JsonValue], folder: Path, note: Callable[[str], None]
) -> Mapping[str, JsonValue]:
    """The template with its loops written out and its local snippets put in.

    Args:
        folder: Where paths of snippets start.
        note: Takes what is known in AWS only.
    """
    if not _has_any(template):
        return template
    writer = _Writer(template, folder, note)
    written = writer.value(template)
    return written if isinstance(written, Mapping) else template


def _has_any(value: JsonValue) -> bool:
    if isinstance(value, Mapping):
        return any(
            key == "Fn::Transform" or key.startswith(_LOOP) or _has_any(inner)
            for key, inner in value.items()
        )
    return isinstance(value, list) and any(map(_has_any, value))


@dataclass
class _Writer:
    template: Mapping[str, JsonValue]
    folder: Path
    note: Callable[[str], None]
    rounds: int = 0

    def value(self, value: JsonValue) -> JsonValue:
        if isinstance(value, list):
            return [self.value(one) for one in value]
        if not isinstance(value, Mapping):
            return value
        found: dict[str, JsonValue] = {}
        for key, inner in value.items():
            if key.startswith(_LOOP):
                found |= self._loop(key, inner)
            elif key == "Fn::Transform" and (snippet := self._snippet(inner)) is not None:
                if not isinstance(snippet, Mapping):
                    return snippet
                found = {**snippet, **found}
            else:
                found[key] = self.value(inner)
        return found

    def _loop(self, key: str, value: JsonValue) -> dict[str, JsonValue]:
        if not (isinstance(value, list) and len(value) == 3 and isinstance(value[2], Mapping)):
            self.note(f"{key} must be given a name, a list and an object, and was not read")
            return {}
        name, collection, body = str(value[0]), value[1], value[2]
        values = self._collection(collection)
        if values is None:
            self.note(f"what {key} goes over is known in AWS only; it was read once, with its name")
            values = [name]
        found: dict[str, JsonValue] = {}
        for one in values:
            self.rounds += 1
            if self.rounds > _MOST_ROUNDS:
                self.note(f"{key} goes round more than {_MOST_ROUNDS} times; the rest is not read")
                break
            once = self.value(_with(body, name, one))
            found |= once if isinstance(once, Mapping) else {}
        return found

    def _collection(self, value: JsonValue) -> list[str] | None:
        if isinstance(value, list):
            parts = [self._collection(one) for one in value]
            if any(part is None for part in parts):
                return None
            return [text for part in parts for text in part or ()]
        if isinstance(value, str | int | float):
            return [str(value)]
        if not isinstance(value, Mapping) or len(value) != 1:
            return None
        function, argument = next(iter(value.items()))
        if function == "Ref":
            declared = _at(self.template, "Parameters", argument)
            default = declared.get("Default") if isinstance(declared, Mapping) else None
            if not isinstance(default, str):
                return None
            return [text.strip() for text in default.split(",") if text.strip()]
        if function == "Fn::FindInMap" and isinstance(argument, list) and len(argument) >= 3:
            found = _at(self.template, "Mappings", *argument[:3])
            return None if found is None else self._collection(found)
        return None

    def _snippet(self, transform: JsonValue) -> JsonValue:
        """What a local file holds that is to be put in; None where it is none."""
        if not isinstance(transform, Mapping) or transform.get("Name") != _INCLUDE:
            return None
        location = _at(transform, "Parameters", "Location")
        file = self.folder / location if isinstance(location, str) else None
        if file is None or not file.is_file():
            self.note(f"{_INCLUDE} of {location!r} is no local file: what it holds is not known")
            return None
        try:
            return parse(read_text(file), str(file), note=self.note)
        except InsightError as error:
            self.note(f"{error}; it was not included")
            return None


def _with(value: JsonValue, name: str, one: str) -> JsonValue:
    """The body of a loop for one of its values."""
    if isinstance(value, str):
        plain = re.sub(r"[^A-Za-z0-9]", "", one)
        return value.replace(f"${{{name}}}", one).replace(f"&{{{name}}}", plain)
    if isinstance(value, list):
        return [_with(inner, name, one) for inner in value]
    if isinstance(value, Mapping):
        if value.get("Ref") == name and len(value) == 1:
            return one
        return {str(_with(key, name, one)): _with(inner, name, one) for key, inner in value.items()}
    return value


def _at(value: JsonValue, *keys: JsonValue) -> JsonValue:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) and isinstance(key, str) else None
    return value
