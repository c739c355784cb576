"""The schema of an event, as EventBridge's schema discovery writes it.

OpenAPI 3.0: the envelope is ``AWSEvent``, the detail has the name of its detail-type, and each
object in it is a component with the name of its key. Names and required names are sorted here, so
that events of one shape have one text.

Inference: fractions are ``double``; the object that stands for a list's items is called after the
list with ``Item`` at its end, and a name that is taken gets a number.
Sources: EventBridge user guide, "Creating a schema from the JSON of an event", whose event and
schema are a test; schemas of discovered-schemas in public code (read 2026-11-27).
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping
from typing import cast

_Schema = dict[str, object]

_ENVELOPE = (
    "detail-type",
    "resources",
    "detail",
    "id",
    "source",
    "time",
    "region",
    "version",
    "account",
)
_PLACE = "#/components/schemas/"
_DEFINITIONS = "#/definitions/"


def schema_name(source: str, detail_type: str) -> str:
    """The name that discovery gives: ``shop.orders@OrderPlaced``."""
    return f"{re.sub(r'[^A-Za-z0-9._-]', '-', source)}@{type_name(detail_type)}"


def type_name(text: str) -> str:
    """A text as the name of a type: ``Order placed`` is ``OrderPlaced``."""
    words = re.split(r"[^A-Za-z0-9]+", text)
    return "".join(word[:1].upper() + word[1:] for word in words) or "Event"


def open_api(event: Mapping[str, object]) -> str:
    """The schema of one event as OpenAPI 3.0.

    Args:
        event: The whole event as its consumers see it.
    """
    title = type_name(str(event["detail-type"]))
    components = _Components()
    resources = components.of(event.get("resources") or [], "resources")
    envelope: _Schema = {
        "type": "object",
        "required": list(_ENVELOPE),
        "x-amazon-events-detail-type": event["detail-type"],
        "x-amazon-events-source": event["source"],
        "properties": {
            "detail": components.of(event["detail"], title),
            "account": {"type": "string"},
            "detail-type": {"type": "string"},
            "id": {"type": "string"},
            "region": {"type": "string"},
            "resources": resources,
            "source": {"type": "string"},
            "time": {"type": "string", "format": "date-time"},
            "version": {"type": "string"},
        },
    }
    return json.dumps(
        {
            "openapi": "3.0.0",
            "info": {"version": "1.0.0", "title": title},
            "paths": {},
            "components": {"schemas": {"AWSEvent": envelope, **components.named}},
        }
    )


def as_json_schema(content: str) -> str:
    """A schema of discovery as JSON Schema draft 4, as ExportSchema writes it."""
    document = cast(dict[str, dict[str, dict[str, _Schema]]], json.loads(content))
    schemas = document["components"]["schemas"]
    envelope = schemas.pop("AWSEvent", {})
    exported = {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": document["info"]["title"],
        "definitions": schemas,
        **envelope,
    }
    return json.dumps(exported).replace(f'"{_PLACE}', f'"{_DEFINITIONS}')


class _Components:
    """Schemas of values; those of objects stand under names of their own."""

    def __init__(self) -> None:
        self.named: dict[str, _Schema] = {}

    def of(self, value: object, name: str) -> _Schema:
        """The schema of a value, which is called so."""
        match value:
            case bool():
                return {"type": "boolean"}
            case int():
                return {"type": "integer", "format": "int64"}
            case float():
                return {"type": "number", "format": "double"}
            case str():
                return {"type": "string"}
            case list():
                return {"type": "array", "items": self._items(value, name)}
            case dict():
                return self._object(value, type_name(name))
        return {}  # null may be anything

    def _object(
        self, value: Mapping[str, object], name: str, *, required: list[str] | None = None
    ) -> _Schema:
        found: _Schema = {"type": "object"}
        # Taken before its parts are, which may have the same name.
        place = self._place(name)
        self.named[place] = found
        if required := sorted(value) if required is None else required:
            found["required"] = required
        if value:
            found["properties"] = {each: self.of(value[each], each) for each in sorted(value)}
        return {"$ref": f"{_PLACE}{self._shared(place, name)}"}

    def _place(self, name: str) -> str:
        taken = {"AWSEvent", *self.named}
        numbered = (f"{name}_{number}" for number in itertools.count(1))
        return next(each for each in itertools.chain([name], numbered) if each not in taken)

    def _shared(self, place: str, name: str) -> str:
        """Where a schema stands: objects of one name and one shape are one component."""
        for other, schema in self.named.items():
            is_alike = other == name or re.fullmatch(rf"{re.escape(name)}_\d+", other)
            if is_alike and other != place and schema == self.named[place]:
                del self.named[place]
                return other
        return place

    def _items(self, values: list[object], name: str) -> _Schema:
        """The one schema of all values of a list; of different types, they may be anything."""
        if not values:
            return {"type": "object"}
        if len({type(each) for each in values}) > 1:
            return {}
        if isinstance(values[0], list):
            inner = [each for value in values for each in cast(list[object], value)]
            return {"type": "array", "items": self._items(inner, name)}
        if not isinstance(values[0], dict):
            return self.of(values[0], name)
        # What all of them have is required, what some have is known.
        objects = cast(list[dict[str, object]], values)
        merged = {key: value for each in reversed(objects) for key, value in each.items()}
        required = [key for key in sorted(merged) if all(key in each for each in objects)]
        return self._object(merged, f"{type_name(name)}Item", required=required)
