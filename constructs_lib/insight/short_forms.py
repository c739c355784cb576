"""YAML as CloudFormation reads it: ``!Ref`` and its like become their long forms.

PyYAML does the reading. Dates stay text and so do ``on``, ``off``, ``yes`` and ``no``, which JSON
does not have; the newer YAML 1.2 and Step Functions read them as text too.
"""

from __future__ import annotations

from typing import Any

from constructs_lib.insight.errors import InsightError
from constructs_lib.insight.model import JsonValue

try:
    import yaml
except ModuleNotFoundError as missing:
    raise InsightError(
        "YAML files need the package PyYAML; run: pip install 'cdk-duet[insight]'"
    ) from missing

YamlError = yaml.YAMLError

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BASE):  # type: ignore[misc]  # the C loader where the platform has it
    pass


def load_yaml(text: str) -> JsonValue:
    """The value of a YAML document.

    Raises:
        YamlError: It is no YAML, or holds more than one document.
    """
    value: JsonValue = _plain(yaml.load(text, Loader=_Loader))  # noqa: S506 - a safe loader
    return value


def _short_form(loader: Any, suffix: str, node: Any) -> Any:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        if suffix == "GetAtt":
            return {name: value.split(".", 1)}
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name: value}


def _plain(value: Any) -> Any:
    """Names as text: ``404: x`` and ``true: x`` are numbers and booleans in YAML."""
    if isinstance(value, dict):
        return {
            key if isinstance(key, str) else _name(key): _plain(inner)
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, bool | int | float | str) or value is None:
        return value
    return str(value)


def _name(key: object) -> str:
    if isinstance(key, bool):
        return str(key).lower()
    return "null" if key is None else str(key)


_Loader.add_multi_constructor("!", _short_form)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _BASE.yaml_implicit_resolvers.items()
}
for _first in "yYnNoO":
    _Loader.yaml_implicit_resolvers[_first] = [
        (tag, pattern)
        for tag, pattern in _Loader.yaml_implicit_resolvers.get(_first, [])
        if tag != "tag:yaml.org,2002:bool"
    ]
