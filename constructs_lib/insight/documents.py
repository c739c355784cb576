"""JSON and YAML files as plain values; YAML is loaded only where a file is not JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from constructs_lib.insight.errors import InsightError
from constructs_lib.insight.model import JsonValue

_LARGEST_BYTES = 64 * 1024 * 1024


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


def parse(text: str, name: str) -> JsonValue:
    """JSON, or else YAML with CloudFormation's short forms.

    Args:
        name: The file, for messages.
    Raises:
        InsightError: It is neither.
    """
    try:
        value: JsonValue = json.loads(text)
    except RecursionError:
        raise InsightError(
            f"{name} must be nested less deeply: Python cannot read it; is it generated wrongly?"
        ) from None
    except ValueError as error:
        if text.lstrip()[:1] in ("{", "["):
            return _yaml(text, name, instead=error)
        return _yaml(text, name)
    return value


def read_mapping(path: Path) -> Mapping[str, JsonValue]:
    """A file whose outermost value is an object.

    Raises:
        InsightError: It cannot be read or is something else.
    """
    value = parse(read_text(path), str(path))
    if not isinstance(value, Mapping):
        raise InsightError(
            f"{path} must hold an object (a template or a definition), got "
            f"{'a list' if isinstance(value, list) else repr(value)[:60]}"
        )
    return value


def _yaml(text: str, name: str, instead: ValueError | None = None) -> JsonValue:
    from constructs_lib.insight.short_forms import YamlError, load_yaml

    try:
        return load_yaml(text)
    except YamlError as error:
        reason = instead or error
        kind = "JSON" if instead else "JSON or YAML"
        raise InsightError(
            f"{name} must be {kind}, got: {' '.join(str(reason).split())}"
        ) from error
    except RecursionError:
        raise InsightError(
            f"{name} must be nested less deeply: Python cannot read it; is it generated wrongly?"
        ) from None
