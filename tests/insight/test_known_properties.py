"""Properties that a resource's type does not have are said; all that it has are known."""

import json
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema.manager import (  # type: ignore[import-untyped]  # publishes none
    PROVIDER_SCHEMA_MANAGER,
)

from constructs_lib.insight import load
from constructs_lib.insight.known_properties import KNOWN, KNOWN_OF_TARGETS


def _schema(type_: str) -> dict[str, Any]:
    schema: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type_).schema
    return schema


@pytest.mark.parametrize("type_", KNOWN)
def test_the_properties_of_a_type_are_those_of_its_schema(type_: str) -> None:
    schema = _schema(type_)
    given_by_aws = {name.rpartition("/")[2] for name in schema.get("readOnlyProperties", ())}

    assert schema["properties"].keys() - given_by_aws == KNOWN[type_]


@pytest.mark.parametrize("type_", KNOWN_OF_TARGETS)
def test_the_properties_of_a_target_are_those_of_its_schema(type_: str) -> None:
    assert _schema(type_)["definitions"]["Target"]["properties"].keys() == KNOWN_OF_TARGETS[type_]


def _notes(folder: Path, type_: str, properties: dict[str, Any]) -> list[str]:
    path = folder / "app.json"
    resources = {"Resources": {"One": {"Type": type_, "Properties": properties}}}
    path.write_text(json.dumps(resources), encoding="utf-8")
    return [note.text for note in load(path).notes if note.place is not None]


def test_a_filter_in_the_wrong_place_is_said(tmp_path: Path) -> None:
    pipe = {"Source": "arn:aws:sqs:a:1:q", "Target": "arn:aws:sqs:a:1:r", "FilterCriteria": {}}

    notes = _notes(tmp_path, "AWS::Pipes::Pipe", pipe)

    assert notes == ["has properties that are not known here: FilterCriteria"]


def test_what_a_target_does_not_have_is_said(tmp_path: Path) -> None:
    target = {"Id": "a", "Arn": "arn:aws:sqs:a:1:q", "DeadLetterQueue": "arn:aws:sqs:a:1:r"}

    notes = _notes(tmp_path, "AWS::Events::Rule", {"EventPattern": {}, "Targets": [target]})

    assert notes == ["has properties that are not known here: DeadLetterQueue"]
