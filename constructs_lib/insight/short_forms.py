"""YAML as CloudFormation reads it: ``!Ref`` and its like become their long forms.

PyYAML does the reading. Names are text (``on:`` and ``404:`` are states, not values); dates, ``on``
and ``off`` are text as values too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from constructs_lib.insight.errors import InsightError
from constructs_lib.templates.json_value import JsonValue

try:
    import yaml
except ModuleNotFoundError as missing:
    raise InsightError(
        "YAML files need the package PyYAML; run: pip install 'cdk-duet[insight]'"
    ) from missing

YamlError = yaml.YAMLError

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_BASE):  # type: ignore[misc]  # the C loader where the platform has it
    def __init__(self, text: str) -> None:
        super().__init__(text)
        #: Names that stand twice in one object.
        self.twice: list[str] = []


def load_yaml(text: str, *, twice: Callable[[str], None]) -> list[JsonValue]:
    """The values of a YAML file: of its documents all that hold something, at least one.

    Args:
        twice: Takes each name that stands twice in one object.
    Raises:
        YamlError: It is no YAML.
    """
    loader = _Loader(text)
    values: list[JsonValue] = []
    try:
        while loader.check_data():
            values.append(loader.get_data())
    finally:
        loader.dispose()
    for name in loader.twice:
        twice(name)
    return [value for value in values if value is not None] or [None]


def _mapping(loader: _Loader, node: Any) -> dict[str, Any]:
    counts = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
    loader.twice += [key for key, count in counts.items() if count > 1]
    loader.flatten_mapping(node)
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        plain = isinstance(key_node, yaml.ScalarNode)
        key = key_node.value if plain else str(loader.construct_object(key_node, deep=True))
        found[key] = loader.construct_object(value_node, deep=True)
    return found


def _short_form(loader: _Loader, suffix: str, node: Any) -> dict[str, Any]:
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        return {name: value.split(".", 1) if suffix == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: _mapping(loader, node)}


def _text(loader: _Loader, node: Any) -> str:
    return str(loader.construct_scalar(node))


_Loader.add_multi_constructor("!", _short_form)
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _text)
_Loader.add_constructor("tag:yaml.org,2002:binary", _text)
# "on" and "off" are the only booleans of YAML 1.1 that start so.
_Loader.yaml_implicit_resolvers = {
    first: [] if first in ("o", "O") else resolvers
    for first, resolvers in _BASE.yaml_implicit_resolvers.items()
}
