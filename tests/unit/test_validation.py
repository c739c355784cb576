import math

import pytest
from aws_cdk import Token

from constructs_lib.validation import ConfigError, require_between, require_match


def test_a_number_outside_the_range_is_refused_with_argument_rule_value_and_remedy() -> None:
    with pytest.raises(ConfigError) as refusal:
        require_between("retention_days", 0, 1, 3650, remedy="pass a day or more")

    assert str(refusal.value) == (
        "retention_days must be between 1 and 3650, got 0; pass a day or more"
    )


@pytest.mark.parametrize("value", [True, math.nan, "7", None])
def test_what_is_not_a_number_is_refused(value: object) -> None:
    with pytest.raises(ConfigError):
        require_between("days", value, 0, 10, remedy="pass a number")  # type: ignore[arg-type]  # that is the test


def test_a_number_known_only_at_deployment_passes() -> None:
    token = Token.as_number({"Ref": "Days"})

    require_between("days", token, 1, 2, remedy="unused")


def test_text_must_match_as_a_whole() -> None:
    with pytest.raises(ConfigError, match="name must be lower case, got 'abC'; write it small"):
        require_match("name", "abC", "[a-z]+", rule="be lower case", remedy="write it small")


def test_text_known_only_at_deployment_passes() -> None:
    require_match("name", Token.as_string({"Ref": "Name"}), "[a-z]+", rule="", remedy="")
