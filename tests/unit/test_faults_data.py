"""Faults as data: what the services' models allow, and their JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.local.faults import Fault, read_faults

PUT_ITEM = {"service": "dynamodb", "action": "PutItem"}
THROTTLED: dict[str, Any] = {**PUT_ITEM, "error": "ProvisionedThroughputExceededException"}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"service": "dynamo"}, "got 'dynamo'; did you mean dynamodb"),
        ({"action": "PutItems"}, "got 'PutItems'; did you mean PutItem"),
        ({"error": "ThrottelingException"}, "did you mean ThrottlingException"),
        ({"error": "ResourceNotFound"}, "did you mean ResourceNotFoundException"),
        ({"parameters": {"Tablename": "x"}}, "got 'Tablename'; did you mean TableName"),
        ({"count": 0}, "count must be 1 or more, got 0"),
        ({"share": 0}, "share must be above 0 and at most 1, got 0"),
        ({"share": 1.5}, "share must be above 0 and at most 1, got 1.5"),
        ({"latency_seconds": -1}, "latency_seconds must be 0 or more, got -1"),
        ({"latency_seconds": float("inf")}, "latency_seconds must be 0 or more, got inf"),
        ({"error": ""}, "error must be given, got none for dynamodb PutItem"),
        ({"error": "", "latency_seconds": 1, "after_effect": True}, "error must be given"),
    ],
)
def test_what_cannot_go_wrong_is_refused_with_what_can(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Fault(**{**THROTTLED, **changed})


@pytest.mark.parametrize(
    "error", ["NotFound", "NotFoundException", "SlowDown", "ValidationException"]
)
def test_an_error_goes_by_its_name_its_code_or_a_common_name(error: str) -> None:
    fault = Fault(service="sns", action="Publish", error=error)

    assert fault.error == error


def test_a_fault_comes_back_from_its_json() -> None:
    fault = Fault(
        **THROTTLED,
        count=2,
        share=0.5,
        seed=7,
        latency_seconds=1.5,
        after_effect=True,
        parameters={"Item.pk.S": "CODE#*"},
    )

    assert Fault.from_json(json.loads(json.dumps(fault.to_json()))) == fault


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("slow", "must be a JSON object"),
        ({**THROTTLED, "counts": 1}, "no 'counts'; did you mean count"),
        ({"service": "dynamodb"}, "action must be given"),
        ({**THROTTLED, "count": True}, "count must be of type int or null, got True"),
        ({**THROTTLED, "share": "half"}, "share must be of type int or float, got 'half'"),
        ({**THROTTLED, "after_effect": 1}, "after_effect must be of type bool, got 1"),
        ({**THROTTLED, "parameters": {"TableName": 1}}, "parameters must be of type Mapping"),
    ],
)
def test_json_that_is_no_fault_is_refused(written: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Fault.from_json(written)


def test_a_file_of_faults_is_read(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    file.write_text(json.dumps([THROTTLED, {**PUT_ITEM, "latency_seconds": 2}]))

    assert [fault.latency_seconds for fault in read_faults(file)] == [0, 2]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[", "faults.json cannot be read as JSON"),
        ("{}", "faults.json must hold a list of faults, got dict"),
        (json.dumps([THROTTLED, {**THROTTLED, "count": 0}]), "faults.json, fault 2: count must"),
    ],
)
def test_a_file_that_holds_no_faults_is_refused(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "faults.json"
    file.write_text(text)

    with pytest.raises(ValueError, match=told):
        read_faults(file)


def test_a_missing_file_of_faults_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.json cannot be read"):
        read_faults(tmp_path / "none.json")
