"""JSON, JSON5 and YAML files as plain values; the latter two load only for what is no JSON."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeGuard

from constructs_lib.insight.errors import InsightError
from constructs_lib.templates.json_value import JsonValue

_LARGEST_BYTES = 64 * 1024 * 1024
_DEEPEST = 300
_MOST_VALUES = 2_000_000
#: JSON5's reader takes some 5 seconds for so many; longer texts are given to YAML alone.
_LONGEST_JSON5 = 1_000_000
#: An object or a list comes first, after comments perhaps.
_LIKE_JSON = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*[\[{]", re.DOTALL)
#: ``${name}`` where JSON wants a value: SAM's definitions have numbers substituted like that; other
#: tools write ``{{ name }}``, which YAML would take for an object.
_BARE_SUBSTITUTION = re.compile(r"(?<=[:,\[])(\s*)(\$\{[^}\"]+\}|\{\{[^{}\"]+\}\})(?=\s*[,\]}])")


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        InsightError: It cannot be read, is empty, huge, or neither UTF-8 nor UTF-16.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise InsightError(f"{path} must be smaller than 64 MiB; is it a template at all?")
        raw = path.read_bytes()
        # A byte order mark, or the zero bytes of UTF-16, which PowerShell writes, tell.
        text = raw.decode(json.detect_encoding(raw))
    except OSError as error:
        raise InsightError(f"{path} must be readable, got {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InsightError(
            f"{path} must be UTF-8 text, got byte {error.object[error.start]:#04x} at "
            f"{error.start}, which is not {error.encoding}; save it as UTF-8"
        ) from error
    if not text.strip():
        raise InsightError(f"{path} must hold a template or a definition, got an empty file")
    return text


def require_shallow(value: JsonValue, name: str) -> None:
    """Refuse what is nested so deeply that walking over it would exhaust Python's stack.

    Raises:
        InsightError: It is.
    """
    level = [value]
    count = 0
    for _ in range(_DEEPEST):
        level = [
            inner
            for one in level
            if isinstance(one, Mapping | list)
            for inner in (one.values() if isinstance(one, Mapping) else one)
        ]
        if not level:
            return
        count += len(level)
        if count > _MOST_VALUES:  # aliases of YAML can multiply a small file
            raise InsightError(f"{name} must hold at most {_MOST_VALUES:,} values; split it")
    raise InsightError(f"{name} must be nested at most {_DEEPEST} levels deep; split it")


def parse(text: str, name: str, *, note: Callable[[str], None]) -> JsonValue:
    """JSON, or else JSON5, or YAML with CloudFormation's short forms, nested 300 levels at most.

    Args:
        name: The file, for messages.
        note: Takes what had to be changed to read it.
    Raises:
        InsightError: It is none of these.
    """
    value = _Parser(name, note).value(text)
    require_shallow(value, name)
    return value


class _Parser:
    def __init__(self, name: str, note: Callable[[str], None]) -> None:
        self._name = name
        self._note = note
        #: Names that stand twice in one object.
        self._twice: list[str] = []

    def value(self, text: str) -> JsonValue:
        try:
            value = self._read(text)
        except RecursionError:
            raise InsightError(
                f"{self._name} must be nested at most {_DEEPEST} levels deep"
            ) from None
        for key in dict.fromkeys(self._twice):
            self._note(f"name {key!r} stands twice in one object; only the last one counts")
        return value

    def _read(self, text: str) -> JsonValue:
        try:
            return self._json(text)
        except ValueError as error:
            if not _LIKE_JSON.match(text):
                return self._yaml(text)
            reason = error
        quoted = _BARE_SUBSTITUTION.sub(r'\1"\2"', text)
        if quoted != text:
            self._note("substitutions stand where JSON wants a value; they were read as text")
            try:
                return self._json(quoted)
            except ValueError as error:
                reason = error
        value, kind = self._nearly_json(quoted, reason)
        self._note(f"it is not JSON ({reason}); it was read as {kind}")
        return value

    def _json(self, text: str) -> JsonValue:
        self._twice.clear()
        value: JsonValue = json.loads(text, object_pairs_hook=self._object)
        return value

    def _nearly_json(self, text: str, reason: ValueError) -> tuple[JsonValue, str]:
        """The value of a text that begins as JSON does, and what it is."""
        if len(text) <= _LONGEST_JSON5:
            from constructs_lib.insight.json5_text import load_json5

            self._twice.clear()
            with suppress(ValueError, RecursionError):
                return load_json5(text, self._object), "JSON5, which AWS does not take"
        value = self._yaml(text, instead=reason)
        return value, "YAML, as CloudFormation does and Step Functions does not"

    def _object(self, pairs: Iterable[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
        pairs = list(pairs)
        found = dict(pairs)
        if len(found) < len(pairs):
            counts = Counter(key for key, _ in pairs)
            self._twice += [key for key, count in counts.items() if count > 1]
        return found

    def _yaml(self, text: str, *, instead: ValueError | None = None) -> JsonValue:
        from constructs_lib.insight.short_forms import YamlError, load_yaml

        self._twice.clear()
        try:
            documents = load_yaml(text, twice=self._twice.append)
        except YamlError as error:
            reason = instead or error
            kind = "JSON" if instead else "JSON or YAML"
            raise InsightError(
                f"{self._name} must be {kind}, got: {' '.join(str(reason).split())}"
            ) from error
        if len(documents) == 1:
            return documents[0]
        readable = [one for one in documents if is_readable(one)]
        if len(readable) != 1:
            raise InsightError(
                f"{self._name} must hold one template or definition, got {len(documents)} YAML "
                f"documents of which {len(readable) or 'none'} are; put each in a file of its own"
            )
        self._note(
            f"it holds {len(documents)} YAML documents; the only template or definition was read"
        )
        return readable[0]


def is_readable(value: JsonValue) -> TypeGuard[Mapping[str, JsonValue]]:
    """Whether it looks like a template or a definition."""
    return isinstance(value, Mapping) and not value.keys().isdisjoint(
        ("Resources", "StartAt", "States")
    )


def read_mapping(
    path: Path, note: Callable[[str], None] = lambda _: None
) -> Mapping[str, JsonValue]:
    """A file whose outermost value is an object.

    Raises:
        InsightError: It cannot be read or is something else.
    """
    return require_object(parse(read_text(path), str(path), note=note), path)


def require_object(value: JsonValue, path: Path) -> Mapping[str, JsonValue]:
    """The outermost value of a file, if it is an object.

    Raises:
        InsightError: It is something else.
    """
    if not isinstance(value, Mapping):
        raise InsightError(
            f"{path} must hold an object (a template or a definition), got "
            f"{'a list' if isinstance(value, list) else repr(value)[:60]}"
        )
    return value
