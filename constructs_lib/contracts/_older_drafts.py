"""The detail's schema in an older draft of JSON Schema, for what does not read 2020-12.

The EventBridge schema registry takes draft 4, AsyncAPI's own schemas are draft 7. What the older
draft cannot say is refused, never dropped, unless it only describes.
"""

from collections.abc import Mapping
from typing import Literal

from constructs_lib.rules import ConfigError

Draft = Literal[4, 7]
_Schema = dict[str, object]

_UNCHANGED = {
    *("description", "enum", "format", "maxItems", "maxLength", "maxProperties", "minItems"),
    *("minLength", "minProperties", "multipleOf", "pattern", "required", "title", "type"),
    *("uniqueItems", "default"),
}
_UNCHANGED_IN_DRAFT_7 = {
    *("const", "examples", "exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum"),
    *("readOnly", "writeOnly", "contentEncoding", "contentMediaType"),
}
# Handled as a whole, or descriptions that neither draft has.
_LEFT_OUT = {"$defs", "$id", "$schema", "$comment", "deprecated", "discriminator"}
_LEFT_OUT_IN_DRAFT_4 = {"examples", "readOnly", "writeOnly", "contentEncoding", "contentMediaType"}
_SCHEMA_MAPS = {"patternProperties", "properties"}
_SCHEMA_LISTS = {"allOf", "anyOf", "oneOf"}
_SCHEMAS = {"not"}
_SCHEMAS_OF_DRAFT_7 = {"contains", "else", "if", "propertyNames", "then"}


def in_older_draft(
    schema: Mapping[str, object], *, name: str, draft: Draft, place: str
) -> dict[str, _Schema]:
    """The schema and its definitions, each under a name of its own.

    Args:
        schema: A schema of JSON Schema 2020-12.
        name: The schema's name among the definitions; those within are named after it.
        draft: The draft to translate to.
        place: Where the definitions will stand: ``#/definitions/``.
    Raises:
        ConfigError: The draft has no word for a keyword of the schema.
    """
    translate = _Translation(name=name, draft=draft, place=place)
    inner = schema.get("$defs", {})
    definitions = inner if isinstance(inner, Mapping) else {}
    return {
        name: translate(schema, name),
        **{
            f"{name}_{definition}": translate(part, f"{name}_{definition}")
            for definition, part in definitions.items()
        },
    }


class _Translation:
    def __init__(self, *, name: str, draft: Draft, place: str) -> None:
        self._name = name
        self._draft = draft
        self._place = place

    def __call__(self, schema: object, path: str) -> _Schema:
        if isinstance(schema, bool):
            return {} if schema else {"not": {}}
        assert isinstance(schema, Mapping)  # noqa: S101 - a schema is a boolean or an object
        translated: _Schema = {}
        for keyword, value in schema.items():
            translated |= self._keyword(keyword, value, schema, f"{path}.{keyword}")
        if self._draft == 4:
            translated |= _bounds_of_draft_4(schema)
        if "$ref" in translated and len(translated) > 1:
            # Before 2019-09 whatever stands beside a reference is ignored.
            alone = {"$ref": translated.pop("$ref")}
            translated["allOf"] = [alone, *_list(translated.get("allOf"))]
        return translated

    def _keyword(
        self, keyword: str, value: object, schema: Mapping[str, object], path: str
    ) -> _Schema:
        if keyword in _LEFT_OUT or (self._draft == 4 and keyword in _LEFT_OUT_IN_DRAFT_4):
            return {}
        if keyword in _UNCHANGED or (self._draft == 7 and keyword in _UNCHANGED_IN_DRAFT_7):
            return {keyword: value}
        if keyword in _SCHEMA_MAPS:
            parts = value if isinstance(value, Mapping) else {}
            return {keyword: {name: self(part, f"{path}.{name}") for name, part in parts.items()}}
        if keyword in _SCHEMA_LISTS:
            return {keyword: [self(part, path) for part in _list(value)]}
        if keyword in _SCHEMAS or (self._draft == 7 and keyword in _SCHEMAS_OF_DRAFT_7):
            return {keyword: self(value, path)}
        if keyword == "$ref":
            return {"$ref": self._reference(str(value), path)}
        if keyword == "prefixItems":
            return {"items": [self(part, path) for part in _list(value)]}
        if keyword == "items":
            return self._rest("additionalItems" if "prefixItems" in schema else "items", value)
        if keyword == "additionalProperties":
            return self._rest(keyword, value)
        if self._draft == 4:
            if keyword == "const":
                return {"enum": [value]}
            if keyword in _BOUNDS:
                return {}
        raise ConfigError(
            f"{path} must have a counterpart in draft {self._draft} of JSON Schema, got {value!r}; "
            "say it in another way, or check it in the consumer"
        )

    def _rest(self, keyword: str, value: object) -> _Schema:
        if isinstance(value, bool) and keyword != "items":
            return {keyword: value}
        return {keyword: self(value, keyword)}

    def _reference(self, reference: str, path: str) -> str:
        if reference == "#":
            return self._place + self._name
        if not reference.startswith("#/$defs/"):
            raise ConfigError(
                f"{path} must refer to the schema's own $defs, got {reference!r}; "
                "put what it refers to there"
            )
        return f"{self._place}{self._name}_{reference.removeprefix('#/$defs/')}"


_BOUNDS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")


def _bounds_of_draft_4(schema: Mapping[str, object]) -> _Schema:
    """Draft 4 has one bound a side, and a flag that excludes it."""
    bounds: _Schema = {}
    for side, exclusive, tightest in (
        ("minimum", "exclusiveMinimum", max),
        ("maximum", "exclusiveMaximum", min),
    ):
        values = [
            value
            for keyword in (side, exclusive)
            if isinstance(value := schema.get(keyword), int | float)
        ]
        if values:
            bounds[side] = tightest(values)
            if schema.get(exclusive) == bounds[side]:
                bounds[exclusive] = True
    return bounds


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []
