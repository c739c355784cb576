"""The grammar of event patterns, in own cases and in those that AWS answered for others."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from constructs_lib.event_patterns.grammar import require_valid_pattern
from constructs_lib.validation import ConfigError

PROJECT_FOLDER = Path(__file__).parent.parent.parent
# What AWS and its open-source matcher answered, kept beside the project, not in it.
PARITY_FOLDER = Path(
    os.environ.get("DUET_PARITY_FOLDER", PROJECT_FOLDER.parent / "shared" / "parity")
)
# Python reads 1E-325 as 0: no pattern of a Python program can hold it.
_LOST_IN_PYTHON = {'{"x": [{"numeric": ["=", 1E-325]}]}'}


# Source: EventBridge user guide, "Comparison operators for use in event patterns".
@pytest.mark.parametrize(
    "values",
    [
        ["text", "", 3, -2.5, True, False, None],
        [{"prefix": "eu-"}, {"prefix": {"equals-ignore-case": "EU-"}}],
        [{"suffix": ".png"}, {"suffix": {"equals-ignore-case": ".PNG"}}, {"suffix": ""}],
        [{"equals-ignore-case": "Ann"}],
        [{"wildcard": "dir/*.png"}, {"wildcard": r"\*literal\\*"}, {"wildcard": "*"}],
        [{"anything-but": "a"}, {"anything-but": 1}, {"anything-but": ["a", "b"]}],
        [{"anything-but": [1, 2]}, {"anything-but": {"prefix": "a"}}],
        [{"anything-but": {"suffix": ["a", "b"]}}, {"anything-but": {"wildcard": "*/lib/*"}}],
        [{"anything-but": {"equals-ignore-case": ["a", ""]}}],
        [{"numeric": ["=", 3.018e2]}, {"numeric": ["<", 10]}, {"numeric": [">", 0, "<=", 5]}],
        [{"exists": True}, {"exists": False}],
        [{"cidr": "10.0.0.0/24"}, {"cidr": "2001:db8::/64"}, {"cidr": "10.0.0.0/0"}],
        [{"exactly": "a"}],
        [{"Ref": "Parameter"}, {"prefix": {"Ref": "Parameter"}}, {"Fn::GetAtt": ["A", "Arn"]}],
        [{"numeric": [">", {"Ref": "Parameter"}]}, {"anything-but": ["a", {"Ref": "P"}]}],
        [{"anything-but": {"prefix": {"Ref": "P"}}}, {"anything-but": {"prefix": [{"Ref": "P"}]}}],
        [{"prefix": {"equals-ignore-case": {"Ref": "P"}}}],
    ],
    ids=str,
)
def test_what_the_user_guide_shows_is_accepted(values: list[object]) -> None:
    require_valid_pattern({"detail": {"field": values}})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "event_pattern at detail.field must not be an empty list"),
        ("text", "event_pattern at detail.field must be a list of values, got 'text'"),
        (["a", ["b"]], "hold text, numbers, true, false, null or operators"),
        ([{"Prefix": "a"}], "name an operator .*, got 'Prefix'"),
        ([{"prefix": "a", "suffix": "b"}], "name one operator an object"),
        ([{}], "name one operator an object"),
        ([{"prefix": 1}], "detail.field.prefix must be text, got 1"),
        ([{"prefix": {"wildcard": "a"}}], r"be text or \{'equals-ignore-case': text\}"),
        ([{"prefix": {"equals-ignore-case": 1}}], "prefix.equals-ignore-case must be text"),
        ([{"suffix": None}], "detail.field.suffix must be text"),
        ([{"equals-ignore-case": ["a"]}], "must be text, got .'a'."),
        ([{"wildcard": "a**b"}], "not have two . in a row"),
        ([{"wildcard": r"a\b"}], "escape only . and the backslash"),
        ([{"wildcard": "a\\"}], "escape only . and the backslash"),
        ([{"wildcard": 5}], "wildcard must be text"),
        ([{"exists": "true"}], "detail.field.exists must be true or false, got 'true'"),
        ([{"cidr": "10.0.0.0"}], "be an address and a mask"),
        ([{"cidr": "10.0.0.0/32"}], "be an address and a mask"),
        ([{"cidr": "10.0.0.256/8"}], "be an address and a mask"),
        ([{"cidr": "2001:db8::/128"}], "be an address and a mask"),
        ([{"numeric": 5}], "be a list of comparisons and numbers"),
        ([{"numeric": ["==", 5]}], "be one comparison with its number, or a range"),
        ([{"numeric": [">", 0, "<"]}], "be one comparison with its number, or a range"),
        ([{"numeric": [">", "0"]}], "be a number that a double holds exactly, got '0'"),
        ([{"numeric": [">", True]}], "be a number that a double holds exactly, got True"),
        ([{"numeric": ["<", 1, ">", 0]}], "be a range from"),
        ([{"numeric": [">", 5, "<", 5]}], "be a range that is not empty"),
        ([{"numeric": [">", 1e999]}], "be a number that a double holds exactly, got inf"),
        ([2**60 + 1], "be a number that a double holds exactly"),
        ([10**400], "be a number that a double holds exactly"),
        ([{"anything-but": None}], "be a number"),
        ([{"anything-but": []}], "be texts only or numbers only"),
        ([{"anything-but": ["a", 1]}], "be texts only or numbers only"),
        ([{"anything-but": {"cidr": "10.0.0.0/8"}}], "negate one of prefix"),
        ([{"anything-but": {"prefix": ""}}], "not be empty text"),
        ([{"anything-but": {"suffix": []}}], "not be an empty list"),
        ([{"anything-but": {"equals-ignore-case": 1}}], "must be text, got 1"),
        ([{"anything-but": {"wildcard": "a**"}}], "not have two . in a row"),
        ({}, "event_pattern at detail.field must be an object with at least one field"),
    ],
    ids=str,
)
def test_what_eventbridge_refuses_is_refused(values: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        require_valid_pattern({"detail": {"field": values}})


@pytest.mark.parametrize(
    ("alternatives", "message"),
    [
        ({"a": ["b"]}, "be a list of at least two objects"),
        ([{"a": ["b"]}], "be a list of at least two objects"),
        ([{"a": ["b"]}, "c"], r"at \$or\[1\] must be an object with at least one field"),
        ([{"a": ["b"]}, {}], r"at \$or\[1\] must be an object with at least one field"),
        ([{"numeric": [">", 0]}, {"a": ["b"]}], "not be an operator: .or combines fields"),
        ([{"a": ["b"]}, {"c": {"prefix": ["x"]}}], r"\$or\[1\].c.prefix must not be an operator"),
    ],
    ids=str,
)
def test_a_wrong_or_is_refused(alternatives: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        require_valid_pattern({"$or": alternatives})


def test_or_combines_fields_at_any_depth() -> None:
    nested = {"$or": [{"a": [1]}, {"$or": [{"b": [2]}, {"c": {"d": [3]}}]}]}

    require_valid_pattern({"source": ["shop"], "detail": nested})


def test_more_than_a_thousand_combinations_are_refused() -> None:
    ten = [{"field": [number]} for number in range(10)]
    pattern: dict[str, object] = {"detail": {name: {"$or": ten} for name in "abc"}}
    require_valid_pattern(pattern)

    with pytest.raises(ConfigError, match=r"at most 1000 combinations .*, got 2000"):
        require_valid_pattern({**pattern, "$or": [{"a": [1]}, {"b": [1]}]})


def test_a_list_that_only_the_deployment_knows_is_accepted() -> None:
    require_valid_pattern({"source": {"Ref": "Sources"}, "$or": {"Fn::Split": [",", "a,b"]}})


def test_patterns_are_judged_as_aws_judges_them(
    record_property: Callable[[str, object], None],
) -> None:
    cases_file = PARITY_FOLDER / "event_patterns.json"
    if not cases_file.exists():
        pytest.skip("the recorded answers of AWS are not here")
    cases = json.loads(cases_file.read_text(encoding="utf-8"))["cases"]

    wrong = [
        case["pattern"]
        for case in cases
        if _is_accepted(case["pattern"]) != (case["expected"] != "exception")
    ]

    record_property("event patterns judged as AWS does", f"{len(cases) - len(wrong)}/{len(cases)}")
    assert set(wrong) <= _LOST_IN_PYTHON


def _is_accepted(text: str) -> bool:
    try:
        require_valid_pattern(json.loads(text))
    except (ValueError, ConfigError):
        return False
    return True
