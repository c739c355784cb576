"""A mock configuration that cannot be followed is refused before anything starts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.local._step_functions_mocks import require_mocks

MOCKS: dict[str, Any] = {
    "StateMachines": {"Orders": {"TestCases": {"Retried": {"Charge": "ChargedLate"}}}},
    "MockedResponses": {
        "ChargedLate": {
            "0-1": {"Throw": {"Error": "Bank.Busy", "Cause": "busy"}},
            "2": {"Return": {"paid": True}},
        }
    },
}


def _written(folder: Path, mocks: object) -> Path:
    file = folder / "MockConfigFile.json"
    file.write_text(json.dumps(mocks))
    return file


def test_a_mock_configuration_is_taken(tmp_path: Path) -> None:
    require_mocks(_written(tmp_path, MOCKS))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ([], "holds no JSON object"),
        ({"StateMachines": {}}, "must have the objects StateMachines and MockedResponses"),
        ({**MOCKS, "MockedResponses": {}}, "Retried.Charge: there is no mocked response"),
        ({**MOCKS, "StateMachines": {"Orders": {}}}, "Orders must have the object TestCases"),
        (
            {**MOCKS, "StateMachines": {"Orders": {"TestCases": {"Retried": 1}}}},
            "TestCases.Retried must be an object",
        ),
        ({**MOCKS, "MockedResponses": {"ChargedLate": 1}}, "ChargedLate must be an object"),
        (
            {**MOCKS, "MockedResponses": {"ChargedLate": {"first": {"Return": 1}}}},
            "'first' is neither an attempt",
        ),
        (
            {**MOCKS, "MockedResponses": {"ChargedLate": {"0": {}}}},
            "ChargedLate.0 must have either Return or Throw",
        ),
        (
            {**MOCKS, "MockedResponses": {"ChargedLate": {"0": {"Throw": "busy"}}}},
            "ChargedLate.0.Throw must be an object",
        ),
    ],
)
def test_what_cannot_be_followed_is_refused_with_its_place(
    tmp_path: Path, changed: object, told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        require_mocks(_written(tmp_path, changed))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        require_mocks(tmp_path / "none.json")
