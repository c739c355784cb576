"""Which changes of a schema break those who follow the old one, and which do not."""

import copy
from collections.abc import Mapping

import pytest
from pydantic import BaseModel, ConfigDict

from constructs_lib.contracts import (
    BreakingChange,
    EventContract,
    assert_compatible,
    breaking_changes,
)
from tests.unit.order_placed import order_placed

Schema = dict[str, object]


def _object(required: tuple[str, ...] = (), **properties: object) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


def _field(schema: object) -> Schema:
    return _object(("f",), f=schema)


TEXT = {"type": "string"}
WHOLE = {"type": "integer"}
NULL = {"type": "null"}
ADDRESS = {"$defs": {"Address": _object(("city",), city=TEXT)}}
ADDRESS_WITHOUT_CITY = {"$defs": {"Address": _object((), city=TEXT)}}
REFERENCE = {"$ref": "#/$defs/Address"}
CARD = _object(("kind", "digits"), kind={"const": "card"}, digits=TEXT)
INVOICE = _object(("kind", "due"), kind={"const": "invoice"}, due=TEXT)
TREE: Schema = {
    "$ref": "#/$defs/Tree",
    "$defs": {"Tree": _object(("name",), name=TEXT, next={"anyOf": [REFERENCE, NULL]})},
}
TREE["$defs"]["Tree"]["properties"]["next"]["anyOf"][0] = {"$ref": "#/$defs/Tree"}  # type: ignore[index]  # a literal

HARMLESS: dict[str, tuple[Schema, Schema]] = {
    "a field is new": (_object(a=TEXT), _object(a=TEXT, b=WHOLE)),
    "a required field is new": (_object(a=TEXT), _object(("b",), a=TEXT, b=WHOLE)),
    "an optional field is gone": (_object(a=TEXT), _object()),
    "an optional field became required": (_object(a=TEXT), _object(("a",), a=TEXT)),
    "a description changed": (_field(TEXT), _field({**TEXT, "description": "d", "title": "t"})),
    "an enumeration is narrower": (_field({"enum": ["a", "b"]}), _field({"enum": ["a"]})),
    "a constant of an enumeration": (_field({"enum": ["a", "b"]}), _field({"const": "a"})),
    "a text became an enumeration": (_field(TEXT), _field({"type": "string", "enum": ["a"]})),
    "an enumeration keeps a length": (
        _field({**TEXT, "minLength": 1}),
        _field({"enum": ["ab", "c"]}),
    ),
    "a number became whole": (_field({"type": "number"}), _field(WHOLE)),
    "null is gone": (_field({"anyOf": [TEXT, NULL]}), _field(TEXT)),
    "one of several types is gone": (_field({"type": ["string", "integer"]}), _field(WHOLE)),
    "types in another spelling": (
        _field({"type": ["string", "null"]}),
        _field({"anyOf": [NULL, TEXT]}),
    ),
    "a bound is tighter": (_field({**WHOLE, "minimum": 1}), _field({**WHOLE, "minimum": 2})),
    "a bound in another spelling": (
        _field({**WHOLE, "minimum": 1}),
        _field({**WHOLE, "exclusiveMinimum": 0}),
    ),
    "a bound is new": (_field(TEXT), _field({**TEXT, "maxLength": 3, "pattern": "^a"})),
    "a multiple of a multiple": (
        _field({**WHOLE, "multipleOf": 2}),
        _field({**WHOLE, "multipleOf": 4}),
    ),
    "any value became a text": (_field({}), _field(TEXT)),
    "a definition was put in place": (
        {**_field(REFERENCE), **ADDRESS},
        _field(_object(("city",), city=TEXT)),
    ),
    "a branch of a union is gone": (_field({"oneOf": [CARD, INVOICE]}), _field(INVOICE)),
    "a list became a fixed list": (
        _field({"type": "array", "items": TEXT}),
        _field({"type": "array", "prefixItems": [TEXT, TEXT], "minItems": 2, "maxItems": 2}),
    ),
    "a number of allOf that must be whole": (
        _field(WHOLE),
        _field({"allOf": [WHOLE, {"type": "number"}]}),
    ),
    "a fixed list is shorter": (
        _field({"type": "array", "prefixItems": [TEXT, WHOLE]}),
        _field({"type": "array", "prefixItems": [TEXT], "maxItems": 1}),
    ),
    "values of a map are narrower": (
        _field({"type": "object", "additionalProperties": {"type": "number"}}),
        _field({"type": "object", "additionalProperties": WHOLE}),
    ),
    "a condition stays": (
        _field({**TEXT, "not": {"const": "x"}}),
        _field({**TEXT, "not": {"const": "x"}, "minLength": 1}),
    ),
    "a schema that contains itself stays": (TREE, copy.deepcopy(TREE)),
}

BREAKING: dict[str, tuple[Schema, Schema, str]] = {
    "a required field is gone": (
        _object(("a",), a=TEXT),
        _object(b=TEXT),
        "detail.a is gone, was required",
    ),
    "a required field became optional": (
        _object(("a",), a=TEXT),
        _object(a=TEXT),
        "detail.a may be absent now, was required",
    ),
    "a type changed": (_field(WHOLE), _field(TEXT), "detail.f may be string now, was integer"),
    "a whole number became any": (
        _field(WHOLE),
        _field({"type": "number"}),
        "detail.f may be number now, was integer",
    ),
    "null is new": (
        _field(TEXT),
        _field({"anyOf": [TEXT, NULL]}),
        "detail.f may be null now, was string",
    ),
    "a type is new": (
        _field(TEXT),
        _field({"type": ["string", "integer"]}),
        "detail.f may be integer now, was string",
    ),
    "a type is gone": (_field(TEXT), _field({}), "detail.f may be of any type now, was string"),
    "a value is new": (
        _field({"enum": ["a"]}),
        _field({"enum": ["a", "b"]}),
        "detail.f may be 'b' now, was one of ['a']",
    ),
    "an enumeration became a text": (
        _field({"type": "string", "enum": ["a"]}),
        _field(TEXT),
        "detail.f may have any value now, was one of ['a']",
    ),
    "a constant changed": (
        _field({"const": "a"}),
        _field({"const": "b"}),
        "detail.f may be 'b' now, was one of ['a']",
    ),
    "a length is gone": (
        _field({**TEXT, "minLength": 1}),
        _field(TEXT),
        "detail.f minLength was 1, is gone",
    ),
    "a longer text": (
        _field({**TEXT, "maxLength": 5}),
        _field({**TEXT, "maxLength": 6}),
        "detail.f maxLength was 5, is 6",
    ),
    "a bound is included now": (
        _field({"type": "number", "exclusiveMinimum": 0}),
        _field({"type": "number", "minimum": 0}),
        "detail.f minimum was 0, is 0",
    ),
    "a smaller number": (
        _field({**WHOLE, "minimum": 1}),
        _field({**WHOLE, "minimum": 0}),
        "detail.f minimum was 1, is 0",
    ),
    "a list may be empty": (
        _field({"type": "array", "minItems": 1}),
        _field({"type": "array"}),
        "detail.f minItems was 1, is gone",
    ),
    "other steps": (
        _field({**WHOLE, "multipleOf": 4}),
        _field({**WHOLE, "multipleOf": 2}),
        "detail.f multipleOf was 4, is 2",
    ),
    "another format": (
        _field({**TEXT, "format": "date-time"}),
        _field({**TEXT, "format": "date"}),
        "detail.f format was 'date-time', is 'date'",
    ),
    "another pattern": (
        _field({**TEXT, "pattern": "^a$"}),
        _field({**TEXT, "pattern": "^b$"}),
        "detail.f pattern was '^a$', is '^b$'",
    ),
    "items of another type": (
        _field({"type": "array", "items": TEXT}),
        _field({"type": "array", "items": WHOLE}),
        "detail.f[] may be integer now, was string",
    ),
    "a position of another type": (
        _field({"type": "array", "prefixItems": [TEXT, TEXT], "maxItems": 2}),
        _field({"type": "array", "prefixItems": [TEXT, WHOLE], "maxItems": 2}),
        "detail.f[1] may be integer now, was string",
    ),
    "a nested field is gone": (
        _field(_object(("city",), city=TEXT)),
        _field(_object()),
        "detail.f.city is gone, was required",
    ),
    "a definition changed": (
        {**_field(REFERENCE), **ADDRESS},
        {**_field(REFERENCE), **ADDRESS_WITHOUT_CITY},
        "detail.f.city may be absent now, was required",
    ),
    "a field of a union's branch is gone": (
        _field({"oneOf": [CARD, INVOICE]}),
        _field({"oneOf": [CARD, _object(("kind",), kind={"const": "invoice"})]}),
        "detail.f.due is gone, was required",
    ),
    "a branch of a union is new": (
        _field({"oneOf": [CARD]}),
        _field({"oneOf": [CARD, _object(("kind", "digits"), kind={"const": "x"}, digits=TEXT)]}),
        "detail.f.kind may be 'x' now, was one of ['card']",
    ),
    "a field is new where consumers refuse unknown ones": (
        {**_object(a=TEXT), "additionalProperties": False},
        {**_object(a=TEXT, b=TEXT), "additionalProperties": False},
        "detail.b is new, and consumers of the old schema refuse fields they do not know",
    ),
    "values of a map are wider": (
        _field({"type": "object", "additionalProperties": WHOLE}),
        _field({"type": "object", "additionalProperties": TEXT}),
        "detail.f.* may be string now, was integer",
    ),
    "an optional field became part of an open map": (
        _object(a=TEXT),
        {"type": "object", "additionalProperties": WHOLE},
        "detail.a may be integer now, was string",
    ),
    "a condition is gone": (
        _field({**TEXT, "not": {"const": "x"}}),
        _field(TEXT),
        "detail.f not was {'const': 'x'}, is 'gone'",
    ),
    "a field that one part of allOf requires is gone": (
        {"allOf": [_object(("a",), a=TEXT), _object(("b",), b=TEXT)]},
        _object(("b",), b=TEXT),
        "detail.a is gone, was required",
    ),
    "a demand of allOf changed": (
        _field({"allOf": [{**TEXT, "pattern": "a"}, {"pattern": "b"}]}),
        _field({"allOf": [{**TEXT, "pattern": "a"}]}),
        "detail.f allOf was [{'pattern': 'b'}], is 'gone'",
    ),
}


@pytest.mark.parametrize("case", HARMLESS)
def test_a_narrower_schema_breaks_nobody(case: str) -> None:
    old, new = HARMLESS[case]

    assert breaking_changes(old, new) == []


@pytest.mark.parametrize("case", BREAKING)
def test_a_wider_schema_breaks_consumers_by_field(case: str) -> None:
    old, new, expected = BREAKING[case]

    changes = breaking_changes(old, new)

    assert [f"{change.path} {change.rule}" for change in changes] == [expected]


@pytest.mark.parametrize("case", [*HARMLESS, *BREAKING])
def test_a_schema_is_compatible_with_itself(case: str) -> None:
    for schema in {**HARMLESS, **BREAKING}[case][:2]:
        assert isinstance(schema, Mapping)

        assert breaking_changes(schema, copy.deepcopy(schema)) == []


def test_a_breaking_change_says_what_to_do_instead() -> None:
    (change,) = breaking_changes(_object(("a",), a=TEXT), _object(b=TEXT))

    assert change == BreakingChange(
        path="detail.a",
        rule="is gone, was required",
        remedy="keep it, beside what replaces it",
    )
    assert str(change) == "detail.a is gone, was required; keep it, beside what replaces it"


def test_a_schema_that_contains_itself_is_followed_once() -> None:
    loose = copy.deepcopy(TREE)
    loose["$defs"]["Tree"]["required"] = []  # type: ignore[index]  # a literal

    changes = breaking_changes(TREE, loose)

    assert [change.path for change in changes] == ["detail.name", "detail.next.name"]


def test_a_reference_to_itself_is_refused() -> None:
    circle = {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}}

    with pytest.raises(ValueError, match="refers to itself"):
        breaking_changes(circle, circle)


def test_a_reference_out_of_the_document_is_refused() -> None:
    away = _field({"$ref": "https://example.com/schema"})

    with pytest.raises(ValueError, match="leads out of the document"):
        breaking_changes(away, away)


# ── Versions of a contract ───────────────────────────────────────────────────────────────────────


class _Shown(BaseModel):
    model_config = ConfigDict(title="Shown")

    name: str


class _ShownWithMore(_Shown):
    more: int = 0


class _ShownOtherwise(BaseModel):
    title: str


def _contract(model: type, version: str) -> EventContract:
    return EventContract(name="PageShown", version=version, source="web", detail_model=model)


PUBLISHED = _contract(_Shown, "1.0").detail_schema()


def test_an_unchanged_contract_is_compatible() -> None:
    assert_compatible(order_placed().detail_schema(), order_placed())


def test_an_addition_needs_a_new_minor_version() -> None:
    with pytest.raises(AssertionError, match=r"PageShown changed and is 1\.0 still"):
        assert_compatible(PUBLISHED, _contract(_ShownWithMore, "1.0"))

    assert_compatible(PUBLISHED, _contract(_ShownWithMore, "1.1"))


def test_a_break_needs_a_new_major_version() -> None:
    with pytest.raises(AssertionError, match=r"detail\.name is gone, was required") as failure:
        assert_compatible(PUBLISHED, _contract(_ShownOtherwise, "1.1"))

    assert "publish it as version 2.0, beside the old one" in str(failure.value)
    assert_compatible(PUBLISHED, _contract(_ShownOtherwise, "2.0"))
