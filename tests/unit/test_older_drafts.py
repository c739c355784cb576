"""What pydantic seldom writes, in an older draft of JSON Schema."""

from typing import Any, Literal

import pytest

from constructs_lib.contracts._older_drafts import in_older_draft
from constructs_lib.rules import ConfigError


def _translated(schema: dict[str, object], draft: Literal[4, 7]) -> dict[str, Any]:
    return in_older_draft(schema, name="D", draft=draft, place="#/definitions/")["D"]


@pytest.mark.parametrize(
    ("schema", "draft_4", "draft_7"),
    [
        ({"const": "a"}, {"enum": ["a"]}, {"const": "a"}),
        ({"not": True}, {"not": {}}, {"not": {}}),
        ({"anyOf": [False]}, {"anyOf": [{"not": {}}]}, {"anyOf": [{"not": {}}]}),
        (
            {"prefixItems": [{"const": 1}], "items": False},
            {"items": [{"enum": [1]}], "additionalItems": False},
            {"items": [{"const": 1}], "additionalItems": False},
        ),
        ({"$ref": "#"}, {"$ref": "#/definitions/D"}, {"$ref": "#/definitions/D"}),
        (
            {"exclusiveMinimum": 1},
            {"minimum": 1, "exclusiveMinimum": True},
            {"exclusiveMinimum": 1},
        ),
        ({"examples": [1], "readOnly": True}, {}, {"examples": [1], "readOnly": True}),
    ],
)
def test_a_keyword_is_said_as_the_draft_says_it(
    schema: dict[str, object], draft_4: dict[str, object], draft_7: dict[str, object]
) -> None:
    assert _translated(schema, 4) == draft_4
    assert _translated(schema, 7) == draft_7


def test_each_definition_is_named_after_its_schema() -> None:
    schema = {"$ref": "#/$defs/A", "$defs": {"A": {"items": {"$ref": "#/$defs/A"}}}}

    assert in_older_draft(schema, name="D", draft=7, place="#/definitions/") == {
        "D": {"$ref": "#/definitions/D_A"},
        "D_A": {"items": {"$ref": "#/definitions/D_A"}},
    }


@pytest.mark.parametrize(
    ("schema", "draft"),
    [
        ({"contains": {}}, 4),
        ({"propertyNames": {}}, 4),
        ({"dependentRequired": {}}, 7),
        ({"unevaluatedProperties": False}, 7),
        ({"$ref": "https://example.com/schema"}, 7),
    ],
)
def test_what_the_draft_cannot_say_is_refused(
    schema: dict[str, object], draft: Literal[4, 7]
) -> None:
    with pytest.raises(ConfigError, match=r"D\.\S+ must (have a counterpart in draft|refer to)"):
        _translated(schema, draft)
