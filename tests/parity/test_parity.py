"""The embedded AWS answers as AWS does, but for the cases that are listed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.parity.case_files import SHARED_FOLDER, expected_failures, own_cases
from tests.parity.questions import Outcome
from tests.parity.scores import rows

_Record = Callable[[str, object], None]


def test_own_cases_are_answered_as_documented(
    outcomes: list[Outcome], record_property: _Record
) -> None:
    own = [each for each in outcomes if each.case.is_own]

    _record(record_property, "documented", own)

    assert _disagreements(own) == []


def test_recorded_cases_are_answered_as_aws_answered_them(
    outcomes: list[Outcome], record_property: _Record
) -> None:
    recorded = [each for each in outcomes if not each.case.is_own]
    if not recorded:
        pytest.skip(f"the recorded answers of AWS are not in {SHARED_FOLDER}")

    _record(record_property, "recorded", recorded)

    assert _disagreements(recorded) == []


def test_every_own_case_names_its_source() -> None:
    without = [case.id for case in own_cases() if not case.given.get("source")]

    assert without == []


def test_ids_are_given_once() -> None:
    ids = [case.id for case in own_cases()]

    assert len(ids) == len(set(ids))


def _record(record_property: _Record, origin: str, outcomes: list[Outcome]) -> None:
    for feature, answers, histories in rows(outcomes):
        told = f"{answers}, histories {histories}" if histories else answers
        record_property(f"parity with AWS, {origin}: {feature}", told)


def _disagreements(outcomes: list[Outcome]) -> list[str]:
    listed = expected_failures()
    found = []
    for outcome in outcomes:
        for what, is_right in (
            ("answers", outcome.is_answered),
            ("histories", outcome.has_history is not False),
        ):
            if outcome.case.id in listed[what] and is_right:
                found.append(f"{outcome.case.id}: right now, take it off the list of {what}")
            if outcome.case.id not in listed[what] and not is_right:
                found.append(f"{outcome.case.id}: wrong in {what}: {outcome.answer}")
    return found
