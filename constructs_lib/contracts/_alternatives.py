"""A JSON Schema as the list of its alternatives, each with one type at most and no reference."""

from collections.abc import Mapping, Sequence
from itertools import product

Schema = Mapping[str, object]

# They describe and demand nothing.
_ANNOTATIONS = {
    "$anchor",
    "$comment",
    "$defs",
    "$id",
    "$schema",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "default",
    "deprecated",
    "description",
    "discriminator",
    "examples",
    "readOnly",
    "title",
    "writeOnly",
}
_SPLIT = {"$ref", "allOf", "anyOf", "const", "oneOf", "type"}


def resolved(schema: object, document: Schema) -> object:
    """What a schema that does no more than refer to another refers to.

    Raises:
        ValueError: A reference leads out of the document, or in a circle.
    """
    seen: list[object] = []
    while isinstance(schema, Mapping) and {"$ref"} == schema.keys() - _ANNOTATIONS:
        if schema["$ref"] in seen:
            raise ValueError(f"{schema['$ref']} refers to itself")
        seen.append(schema["$ref"])
        schema = _target(str(schema["$ref"]), document)
    return schema


def alternatives(schema: object, document: Schema) -> list[Schema]:
    """The schemas of which a value must satisfy one; none for the schema ``false``.

    Args:
        schema: A schema, or a part of one.
        document: The whole document, in which references are looked up.
    Raises:
        ValueError: A reference leads out of the document.
    """
    if schema is True:
        return [{}]
    if not isinstance(schema, Mapping):
        return []
    own = {
        keyword: value
        for keyword, value in schema.items()
        if keyword not in _ANNOTATIONS and keyword not in _SPLIT
    }
    if "const" in schema:
        own["enum"] = [schema["const"]]
    factors: list[list[Schema]] = [[own], _types(schema)]
    if "$ref" in schema:
        factors.append(alternatives(_target(str(schema["$ref"]), document), document))
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            factors.append(
                [way for part in _parts(schema, keyword) for way in alternatives(part, document)]
            )
    factors += [alternatives(part, document) for part in _parts(schema, "allOf")]
    return [merged for ways in product(*factors) if (merged := _merge(ways)) is not None]


def _types(schema: Schema) -> list[Schema]:
    types = schema.get("type")
    if types is None:
        values = schema.get("enum", [schema["const"]] if "const" in schema else [])
        found = {_type_of(value) for value in values} if isinstance(values, list) else set()
        # Values of one type are as good as a type of their own.
        return [{"type": found.pop()}] if len(found) == 1 else [{}]
    return [{"type": name} for name in (types if isinstance(types, list) else [types])]


def _type_of(value: object) -> str:
    for kind, name in (
        (bool, "boolean"),
        (int, "integer"),
        (float, "number"),
        (str, "string"),
        (list, "array"),
        (dict, "object"),
    ):
        if isinstance(value, kind):
            return name
    return "null"


def _parts(schema: Schema, keyword: str) -> Sequence[object]:
    parts = schema.get(keyword, [])
    return parts if isinstance(parts, list) else []


def _target(reference: str, document: Schema) -> object:
    if not reference.startswith("#"):
        raise ValueError(f"{reference} leads out of the document; put the schema into its $defs")
    found: object = document
    for name in reference.removeprefix("#").split("/")[1:]:
        name = name.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, Mapping) or name not in found:
            raise ValueError(f"{reference} is not in the document")
        found = found[name]
    return found


def _merge(schemas: Sequence[Schema]) -> Schema | None:
    """One schema with all demands; None when their types exclude each other."""
    merged: dict[str, object] = {}
    unmerged: list[object] = []
    for schema in schemas:
        for keyword, value in schema.items():
            known = merged.get(keyword, value)
            if keyword == "type" and {known, value} == {"number", "integer"}:
                merged[keyword] = "integer"
            elif keyword == "type" and known != value:
                return None
            elif keyword == "properties" and not (_keys(known) & _keys(value)):
                merged[keyword] = {**_mapping(known), **_mapping(value)}
            elif keyword == "required":
                merged[keyword] = sorted({*_texts(known), *_texts(value)})
            elif known == value:
                merged[keyword] = value
            else:
                # Two demands that no single keyword says: compared as they stand.
                unmerged.append({keyword: value})
    return {**merged, "allOf": unmerged} if unmerged else merged


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _keys(value: object) -> set[str]:
    return set(_mapping(value))


def _texts(value: object) -> list[str]:
    return [str(entry) for entry in value] if isinstance(value, list) else []
