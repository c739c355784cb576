"""JSON and YAML files as plain values; YAML is loaded only where a file is not JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from constructs_lib.insight.errors import InsightError
from constructs_lib.templates.json_value import JsonValue

_LARGEST_BYTES = 64 * 1024 * 1024
_DEEPEST = 300
_MOST_VALUES = 2_000_000
#: ``${name}`` where JSON wants a value: SAM's definitions have numbers substituted like that; other
#: tools write ``{{ name }}``, which YAML would take for an object.
_BARE_SUBSTITUTION = re.compile(r"(?<=[:,\[])(\s*)(\$\{[^}\"]+\}|\{\{[^{}\"]+\}\})(?=\s*[,\]}])")


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        InsightError: It cannot be read, is empty, huge, or no UTF-8.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise InsightError(f"{path} must be smaller than 64 MiB; is it a template at all?")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InsightError(f"{path} must be readable, got {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InsightError(
            f"{path} must be UTF-8 text, got byte {error.object[error.start]:#04x} at "
            f"{error.start}; save it as UTF-8"
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
    """JSON, or else YAML with CloudFormation's short forms, nested 300 levels at most.

    Args:
        name: The file, for messages.
        note: Takes what had to be changed to read it.
    Raises:
        InsightError: It is neither.
    """
    value: JsonValue

    def twice(key: str) -> None:
        note(f"name {key!r} stands twice in one object; only the last one counts")

    def unique(pairs: list[tuple[str, JsonValue]]) -> JsonValue:
        found = dict(pairs)
        if len(found) < len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    twice(key)
                seen.add(key)
        return found

    try:
        value = json.loads(text, object_pairs_hook=unique)
    except RecursionError:
        raise InsightError(f"{name} must be nested at most {_DEEPEST} levels deep") from None
    except ValueError as error:
        quoted = _BARE_SUBSTITUTION.sub(r'\1"\2"', text)
        is_json = text.lstrip()[:1] in ("{", "[")
        if is_json and quoted != text:
            note("substitutions stand where JSON wants a value; they were read as text")
        value = _yaml(quoted if is_json else text, name, twice, instead=error if is_json else None)
        if is_json and not _is_json(quoted):
            note(
                f"it is not JSON ({error}); it was read as YAML, as CloudFormation does and Step "
                "Functions does not"
            )
    require_shallow(value, name)
    return value


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def read_mapping(
    path: Path, note: Callable[[str], None] = lambda _: None
) -> Mapping[str, JsonValue]:
    """A file whose outermost value is an object.

    Raises:
        InsightError: It cannot be read or is something else.
    """
    value = parse(read_text(path), str(path), note=note)
    if not isinstance(value, Mapping):
        raise InsightError(
            f"{path} must hold an object (a template or a definition), got "
            f"{'a list' if isinstance(value, list) else repr(value)[:60]}"
        )
    return value


def _yaml(
    text: str, name: str, twice: Callable[[str], None], *, instead: ValueError | None
) -> JsonValue:
    from constructs_lib.insight.short_forms import YamlError, load_yaml

    try:
        return load_yaml(text, twice=twice)
    except YamlError as error:
        reason = instead or error
        kind = "JSON" if instead else "JSON or YAML"
        raise InsightError(
            f"{name} must be {kind}, got: {' '.join(str(reason).split())}"
        ) from error
    except RecursionError:
        raise InsightError(f"{name} must be nested at most {_DEEPEST} levels deep") from None
