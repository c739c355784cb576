"""What functions of a template stand for by its defaults, and what is said where nothing tells."""

import json
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.insight import load
from constructs_lib.insight.model import Assembly

_PARAMETERS = {
    "Sources": {"Type": "CommaDelimitedList", "Default": "shop, web"},
    "Unknown": {"Type": "CommaDelimitedList"},
    "Stage": {"Type": "String"},
}
_CONDITIONS = {
    "Never": {"Fn::Equals": ["a", "b"]},
    "Perhaps": {"Fn::Equals": [{"Ref": "Stage"}, "live"]},
}


def _load(folder: Path, type_: str, properties: dict[str, Any], **resource: Any) -> Assembly:
    path = folder / "app.json"
    template = {
        "Parameters": _PARAMETERS,
        "Conditions": _CONDITIONS,
        "Resources": {"One": {"Type": type_, "Properties": properties, **resource}},
    }
    path.write_text(json.dumps(template), encoding="utf-8")
    return load(path)


@pytest.mark.parametrize(
    ("written", "source"),
    [
        ({"Ref": "Sources"}, ["shop", "web"]),
        ({"Fn::Split": ["|", "shop|web"]}, ["shop", "web"]),
        ([{"Fn::Select": [1, {"Ref": "Sources"}]}], ["web"]),
        ([{"Fn::Join": ["-", {"Ref": "Sources"}]}], ["shop-web"]),
        ([{"Fn::Select": [0, {"Fn::Split": [".", "shop.web"]}]}], ["shop"]),
        ({"Ref": "Unknown"}, "${Unknown}"),
    ],
)
def test_what_stands_for_a_list_is_one_where_it_is_known(
    written: object, source: object, tmp_path: Path
) -> None:
    assembly = _load(tmp_path, "AWS::Events::Rule", {"EventPattern": {"source": written}})

    assert assembly.rules[0].pattern == {"source": source}


def _notes(assembly: Assembly) -> list[str]:
    return [note.text for note in assembly.notes]


@pytest.mark.parametrize(("condition", "is_said"), [("Never", True), ("Perhaps", False)])
def test_a_resource_that_the_defaults_leave_out_is_read_and_said(
    condition: str, is_said: bool, tmp_path: Path
) -> None:
    assembly = _load(tmp_path, "AWS::SQS::Queue", {}, Condition=condition)

    assert len(assembly.queues) == 1
    assert any(
        "does not hold by the parameters' defaults" in text for text in _notes(assembly)
    ) is (is_said)


@pytest.mark.parametrize("definition", ["{{resolve:ssm:/shop/definition}}", {"Ref": "Stage"}])
def test_a_definition_that_only_the_deployment_knows_is_said(
    definition: object, tmp_path: Path
) -> None:
    assembly = _load(tmp_path, "AWS::StepFunctions::StateMachine", {"DefinitionString": definition})

    (text,) = _notes(assembly)
    assert text.endswith("is known at deployment only: its states are not")
