"""Numbers of things in words."""

import pytest

from constructs_lib.counted import counted


@pytest.mark.parametrize(
    ("count", "word", "written"),
    [
        (0, "test", "0 tests"),
        (1, "test", "1 test"),
        (2, "test", "2 tests"),
        (1, "bus", "1 bus"),
        (2, "bus", "2 buses"),
        (3, "branch", "3 branches"),
    ],
)
def test_only_one_of_a_thing_is_told_in_the_singular(count: int, word: str, written: str) -> None:
    assert counted(count, word) == written
