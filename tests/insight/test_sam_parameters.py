"""SAM templates whose parameters are given at deployment only are translated all the same."""

from pathlib import Path

from constructs_lib.insight import load

_TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String}
Resources:
  Pack:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: src/
      Handler: app.run
      Runtime: python3.13
      AutoPublishAlias: !Ref Stage
      Environment: {Variables: {STAGE: !Ref Stage}}
      Events:
        Ordered:
          Type: EventBridgeRule
          Properties: {Pattern: {source: [!Ref Stage]}}
"""


def test_a_function_with_parameters_where_sam_wants_texts_is_read(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(_TEMPLATE, encoding="utf-8")

    assembly = load(path)

    assert assembly.notes == ()
    assert [function.environment for function in assembly.functions] == [{"STAGE": "${Stage}"}]
    (rule,) = assembly.rules
    assert rule.pattern == {"source": ["${Stage}"]}
    assert rule.targets[0].destination.key == "template/Pack"


def test_what_is_refused_for_another_reason_is_said_once(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(_TEMPLATE.replace("EventBridgeRule", "Telepathy"), encoding="utf-8")

    texts = [note.text for note in load(path).notes]

    assert sum("Telepathy" in text for text in texts) == 1
