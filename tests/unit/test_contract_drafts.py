"""The schemas made of a contract are what their drafts say, by validators of others.

A published schema and its translations accept and refuse the same details, and a change that breaks
nobody lets no detail through that the old schema refuses.
"""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from constructs_lib.contracts import breaking_changes, registry_schema
from constructs_lib.contracts._older_drafts import in_older_draft
from stacks.contracts import CONTRACTS, app_bus_document
from tests.unit.order_placed import DETAIL, order_placed

ALL = (*CONTRACTS, order_placed())
NAMES = [contract.name for contract in ALL]
ASYNCAPI_SCHEMA = (
    Path(__file__).parent.parent.parent / "node_modules/@asyncapi/specs/schemas/3.0.0.json"
)


@pytest.mark.parametrize("contract", ALL, ids=NAMES)
def test_a_details_schema_is_json_schema_2020_12(contract: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(contract.detail_schema())


@pytest.mark.parametrize("contract", ALL, ids=NAMES)
def test_a_registrys_schema_is_draft_4_and_takes_the_sample_event(contract: Any) -> None:
    schema = json.loads(registry_schema(contract))

    jsonschema.Draft4Validator.check_schema(schema)
    jsonschema.Draft4Validator(schema).validate(contract.sample_event())


def test_the_buss_document_is_asyncapi_3() -> None:
    schema = json.loads(ASYNCAPI_SCHEMA.read_text(encoding="utf-8"))

    jsonschema.Draft7Validator(schema).validate(app_bus_document())


# ── One meaning in every draft ───────────────────────────────────────────────────────────────────

_SCALARS = st.none() | st.booleans() | st.integers(-2, 100) | st.text("ab4", max_size=4)
_VALUES = st.recursive(
    _SCALARS | st.sampled_from(["card", "invoice", "web", "2026-11-23", 0.5]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["productId", "quantity", "kind", "lastDigits", "dueOn", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
_DETAILS = st.dictionaries(
    st.sampled_from([*DETAIL, "size", "note", "labels", "unknown"]), _VALUES, max_size=3
).map(lambda change: {**DETAIL, **change})

_SCHEMA = order_placed().detail_schema()
_BY_2020_12 = jsonschema.Draft202012Validator(_SCHEMA)


@pytest.mark.parametrize("draft", [4, 7])
@given(detail=_DETAILS)
def test_an_older_draft_accepts_and_refuses_the_same_details(draft: Any, detail: Any) -> None:
    definitions = in_older_draft(_SCHEMA, name="D", draft=draft, place="#/definitions/")
    validator = {4: jsonschema.Draft4Validator, 7: jsonschema.Draft7Validator}[draft]

    in_draft = validator({"$ref": "#/definitions/D", "definitions": definitions})

    assert in_draft.is_valid(detail) == _BY_2020_12.is_valid(detail)


# ── No break goes unseen ─────────────────────────────────────────────────────────────────────────

_BOUND = st.integers(0, 2)
_LEAVES = st.one_of(
    st.fixed_dictionaries({"enum": st.lists(st.sampled_from(["a", "b", 1, None]), min_size=1)}),
    st.fixed_dictionaries({"const": st.sampled_from(["a", 1, None])}),
    st.fixed_dictionaries(
        {"type": st.just("string")}, optional={"minLength": _BOUND, "maxLength": _BOUND}
    ),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["integer", "number"])},
        optional={"minimum": _BOUND, "exclusiveMaximum": _BOUND, "multipleOf": st.integers(1, 3)},
    ),
    st.fixed_dictionaries({"type": st.just(["string", "null"])}),
    st.just({}),
)


def _schemas(inner: Any) -> Any:
    return st.one_of(
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries(
            {"type": st.just("array"), "items": inner}, optional={"minItems": _BOUND}
        ),
        st.fixed_dictionaries(
            {"type": st.just("array"), "prefixItems": st.lists(inner, min_size=1, max_size=2)},
            optional={"maxItems": _BOUND, "items": inner},
        ),
        st.fixed_dictionaries(
            {
                "type": st.just("object"),
                "properties": st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
            },
            optional={
                "required": st.lists(st.sampled_from("ab"), unique=True),
                "additionalProperties": st.booleans() | inner,
            },
        ),
    )


_SCHEMAS = st.recursive(_LEAVES, _schemas, max_leaves=5)
_JSON = st.recursive(
    st.sampled_from([None, "", "a", "bb", "ccc", 0, 1, 2, 3, 0.5, True]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=4,
)


def _closed(schema: Any) -> Any:
    """The schema of a publisher, which sends no field that it does not declare."""
    if not isinstance(schema, dict):
        return schema
    closed = {
        keyword: [_closed(part) for part in value]
        if keyword in ("anyOf", "prefixItems")
        else _closed(value)
        if keyword in ("items", "additionalProperties")
        else {name: _closed(part) for name, part in value.items()}
        if keyword == "properties"
        else value
        for keyword, value in schema.items()
    }
    if schema.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed


@st.composite
def _changed(draw: st.DrawFn, schema: Any) -> Any:
    """The schema after some edit, as people make them: most of it stays."""
    if not isinstance(schema, dict):
        return draw(_SCHEMAS)
    edit = draw(st.sampled_from(["inside", "add", "drop", "keep", "replace"]))
    if edit == "add":
        return {**draw(_LEAVES), **schema}
    if edit == "drop" and schema:
        gone = draw(st.sampled_from(sorted(schema)))
        return {keyword: value for keyword, value in schema.items() if keyword != gone}
    if edit == "replace":
        return draw(_SCHEMAS)
    if edit == "inside":
        for keyword in ("properties", "items", "additionalProperties"):
            part = schema.get(keyword)
            if keyword == "properties" and part:
                name = draw(st.sampled_from(sorted(part)))
                return {**schema, keyword: {**part, name: draw(_changed(part[name]))}}
            if isinstance(part, dict) and keyword != "properties":
                return {**schema, keyword: draw(_changed(part))}
        for keyword in ("anyOf", "prefixItems"):
            if keyword in schema:
                first, *rest = schema[keyword]
                return {**schema, keyword: [draw(_changed(first)), *rest]}
    return schema


@settings(max_examples=120, suppress_health_check=[HealthCheck.filter_too_much])
@given(data=st.data())
def test_what_breaks_nobody_is_read_by_everybody(data: st.DataObject) -> None:
    old = data.draw(_SCHEMAS)
    new = data.draw(_changed(old))
    assume(breaking_changes(old, new) == [])
    sent = jsonschema.Draft202012Validator(_closed(new))
    read = jsonschema.Draft202012Validator(old)

    for value in data.draw(st.lists(_JSON, min_size=8, max_size=8)):
        assert read.is_valid(value) or not sent.is_valid(value)
