"""Patterns that EventBridge accepts and that match nothing, or not what was meant."""

import pytest

from constructs_lib.event_patterns.traps import (
    aws_sources,
    require_pattern_size,
    require_useful_pattern,
)
from constructs_lib.validation import ConfigError


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ({"detailType": ["A"]}, "at detailType must be a field that events have.*'detail-type'"),
        ({"detail_type": ["A"]}, "write 'detail-type'"),
        ({"DetailType": ["A"]}, "write 'detail-type'"),
        ({"Source": ["a"]}, "write 'source'"),
        ({"resource": ["a"]}, "write 'resources'"),
        ({"orderTotal": [1]}, "put it under 'detail'"),
        ({"$or": [{"source": ["a"]}, {"Source": ["b"]}]}, "write 'source'"),
        ({"detail": ["A"]}, "at detail must be an object"),
        ({"detail": [{"exists": True}]}, "at detail must be an object"),
        ({"source": {"name": ["a"]}}, "at source.name must stand under detail"),
        ({"account": [111122223333]}, "at account must be matched as text.*write '111122223333'"),
        ({"account": ["1234"]}, "be an account id of 12 digits"),
        ({"source": [None]}, "at source must be matched as text"),
        ({"version": [{"numeric": ["=", 0]}]}, "at version must be matched as text"),
        ({"source": [{"cidr": "10.0.0.0/8"}]}, "at source must be matched as text"),
        ({"source": [{"exists": False}]}, "every event has it"),
        ({"detail": {"a": [{"anything-but": {"wildcard": "*"}}]}}, "leave something to match"),
        ({"detail": {"a": [{"anything-but": {"wildcard": ["x", "*"]}}]}}, "leave something"),
        (
            {"source": ["a"], "$or": [{"source": ["b"]}, {"detail-type": ["c"]}]},
            "at source must be asked for once",
        ),
        (
            {"detail": {"a": [1]}, "$or": [{"detail": {"a": [2]}}, {"source": ["c"]}]},
            "at detail.a must be asked for once",
        ),
        (
            {"detail": {"a": [1]}, "$or": [{"detail": {"a": {"b": [2]}}}, {"source": ["c"]}]},
            "at detail.a.b must be asked for once",
        ),
        ({"detail": {"a.b": [1], "a": {"b": [2]}}}, "at detail.a.b must be asked for once"),
    ],
    ids=str,
)
def test_a_pattern_that_does_not_do_what_it_says_is_refused(
    pattern: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        require_useful_pattern(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        {"source": ["a"], "detail-type": [{"prefix": "Order"}], "detail": {"total": [1, None]}},
        {"replay-name": [{"exists": False}], "resources": [{"exists": False}]},
        {"account": ["000000000001", {"Ref": "AWS::AccountId"}], "region": {"Ref": "Regions"}},
        {"$or": [{"source": ["a"]}, {"source": ["b"], "detail": {"n": [1]}}]},
        {"detail": {"$or": [{"a": [1]}, {"a": [2], "b": [3]}], "c": [4]}},
        {"detail.total": [{"numeric": [">", 3]}], "$or": {"Ref": "Alternatives"}},
        {"detail": {"source": [1], "account": [{"exists": False}]}},
        {"source": [{"anything-but": ["a"]}, {"wildcard": "*"}], "version": ["0"]},
    ],
    ids=str,
)
def test_a_pattern_that_can_match_is_accepted(pattern: dict[str, object]) -> None:
    require_useful_pattern(pattern)


def _pattern_of(characters: int) -> dict[str, object]:
    return {"source": ["x" * (characters - len('{"source":[""]}'))]}


def test_a_pattern_of_just_the_quota_is_accepted() -> None:
    require_pattern_size(_pattern_of(2048), max_characters=2048)


def test_a_pattern_beyond_the_quota_is_refused_with_the_ways_out() -> None:
    with pytest.raises(ConfigError, match=r"at most 2048 .* got 2049; .*quota"):
        require_pattern_size(_pattern_of(2049), max_characters=2048)


def test_the_size_of_what_only_the_deployment_knows_is_not_guessed() -> None:
    pattern = {**_pattern_of(3000), "account": [{"Ref": "AWS::AccountId"}]}

    require_pattern_size(pattern, max_characters=2048)


@pytest.mark.parametrize(
    ("pattern", "sources"),
    [
        ({"source": ["aws.s3", "shop"]}, ["aws.s3"]),
        ({"source": [{"prefix": "aws."}]}, ["aws."]),
        ({"$or": [{"source": ["aws.ec2"]}, {"detail-type": ["x"]}]}, ["aws.ec2"]),
        ({"source": ["awsome"], "detail": {"source": ["aws.s3"]}}, []),
        ({"source": [{"anything-but": {"prefix": "aws."}}, {"Ref": "Source"}]}, []),
    ],
    ids=str,
)
def test_sources_that_only_aws_publishes_are_found(
    pattern: dict[str, object], sources: list[str]
) -> None:
    assert aws_sources(pattern) == sources
