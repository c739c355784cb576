"""The page on the embedded AWS says what the tests find; `DUET_WRITE_GOLDEN=1` writes it."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.parity import local_aws_page as page
from tests.parity.questions import Outcome

_MUST_WRITE = os.environ.get("DUET_WRITE_GOLDEN") == "1"


def test_the_page_lists_the_gaps_that_are_closed() -> None:
    _assert_written("gaps", page.gaps())


def test_the_page_lists_what_is_not_emulated() -> None:
    _assert_written("limits", page.limits())


def test_the_page_lists_the_types_that_cloudformation_makes() -> None:
    _assert_written("types", page.resource_types())


def test_the_page_has_the_scores_of_documented_cases(outcomes: list[Outcome]) -> None:
    _assert_written("documented", page.own_scores(outcomes))


@pytest.mark.skipif("DUET_PARITY_FOLDER" in os.environ, reason="the page is about other cases")
def test_the_page_has_the_scores_of_recorded_cases(outcomes: list[Outcome]) -> None:
    if all(outcome.case.is_own for outcome in outcomes):
        pytest.skip("the recorded answers of AWS are not here")

    _assert_written("recorded", page.recorded_scores(outcomes))


@pytest.mark.parametrize(("number", "printed"), [(0, "True\n"), (1, "RUNNING\nSUCCEEDED\n")])
def test_the_examples_of_the_page_run(number: int, printed: str) -> None:
    blocks = re.findall(
        r"^```python\n(.*?)^```", page.PAGE.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL
    )

    ended = subprocess.run(  # noqa: S603 - our page, this Python
        [sys.executable, "-c", blocks[number]], capture_output=True, text=True, check=True
    )

    assert ended.stdout == printed


def _assert_written(name: str, text: str) -> None:
    whole = page.PAGE.read_text(encoding="utf-8")
    if _MUST_WRITE:
        whole = page.marked(name).sub(lambda _: text, whole)
        page.PAGE.write_text(whole, encoding="utf-8")

    found = page.marked(name).search(whole)

    assert found is not None, "the page has lost its marks"
    assert found[0] == text, (
        f"{name} changed; if that is meant, run `DUET_WRITE_GOLDEN=1 pytest tests/parity`"
    )
