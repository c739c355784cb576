"""One thing is meant by a name, or by a part of it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from constructs_lib.names import UnknownNameError, pick

PATHS = ("Shop/SignUp", "Shop/SignUp/Confirm", "Shop/Triage", "Other/Triage", "Shop/Replay")


def _pick(wanted: str, things: Sequence[str] = PATHS) -> str:
    return pick(wanted, things, names=lambda each: (each, each.upper()), what="WORKFLOW")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("Shop/SignUp", "Shop/SignUp"),
        ("shop/signup", "Shop/SignUp"),
        ("SignUp", "Shop/SignUp"),
        ("Confirm", "Shop/SignUp/Confirm"),
        ("SignUp/Confirm", "Shop/SignUp/Confirm"),
        ("Other", "Other/Triage"),
        ("repl", "Shop/Replay"),
    ],
)
def test_a_name_its_end_its_parts_and_pieces_are_tried_in_this_order(
    wanted: str, found: str
) -> None:
    assert _pick(wanted) == found


def test_what_fits_several_is_answered_with_them() -> None:
    with pytest.raises(UnknownNameError, match=r"'Triage' fits Shop/Triage, Other/Triage; write"):
        _pick("Triage")


def test_what_is_near_is_answered_with_all_that_are_called_so() -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean Shop/Triage, Other/Triage\?"):
        _pick("Triag3")


def test_what_is_near_nothing_is_answered_with_all() -> None:
    with pytest.raises(UnknownNameError, match=r"got 'xyz'; there are: Shop/SignUp, "):
        _pick("xyz")


def test_nothing_at_all_is_said() -> None:
    with pytest.raises(UnknownNameError, match="there are: none"):
        _pick("any", [])


def test_a_long_answer_is_cut() -> None:
    with pytest.raises(UnknownNameError, match="n9, and 5 more"):
        _pick("n", [f"n{number}" for number in range(15)])
