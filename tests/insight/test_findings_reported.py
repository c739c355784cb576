"""What is told as one finding, where it is shown, and what an app says that it has judged."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft4Validator

from tests.insight.check_runs import SARIF_SCHEMA, check, check_json
from tests.insight.insight_templates import Resources, bus, resource, rule, target, task, workflow

_NOT_RETRIED = "transient-error-not-retried"
_NO_QUEUE = "target-without-dead-letter-queue"


def _written(folder: Path, resources: Resources) -> Path:
    path = folder / "app.template.json"
    path.write_text(json.dumps({"Resources": resources}, indent=1), encoding="utf-8")
    return path


def _calls(count: int, **fields: object) -> Resources:
    states = {
        f"Call {n}": task(
            "dynamodb:putItem", **({} if n == count else {"Next": f"Call {n + 1}"}), **fields
        )
        for n in range(1, count + 1)
    }
    return workflow(states)


def _rules(count: int) -> Resources:
    rules = {f"Rule{n}": rule({"source": [f"shop{n}"]}, target("Log")) for n in range(1, count + 1)}
    return {"Bus": bus(), "Log": resource("AWS::Kinesis::Stream"), **rules}


def test_what_one_remedy_mends_is_one_finding_with_all_places(tmp_path: Path) -> None:
    (found,) = check_json(_written(tmp_path, _calls(6)))["findings"]

    assert found["rule"] == _NOT_RETRIED
    assert [place["state"] for place in found["places"]] == [f"Call {n}" for n in range(1, 7)]


def test_the_text_tells_the_first_places_and_how_many_more_there_are(tmp_path: Path) -> None:
    text = " ".join(check(_written(tmp_path, _calls(6))).stdout.split())

    assert "'Call 3' calls" in text
    assert "'Call 4' calls" not in text
    assert "and 3 more like these" in text
    assert "1 warning in 6 places" in text


def test_rules_of_a_stack_without_dead_letter_queues_are_one_finding(tmp_path: Path) -> None:
    result = check(_written(tmp_path, _rules(5)))

    assert "1 warning in 5 places" in result.stdout
    assert "stack app" in result.stdout


def test_a_place_that_is_new_counts_although_others_of_its_workflow_are_known(
    tmp_path: Path,
) -> None:
    baseline = tmp_path / "known.json"
    check(_written(tmp_path, _calls(2)), "--baseline", baseline, "--write-baseline")

    found = check_json(_written(tmp_path, _calls(3)), "--baseline", baseline)

    assert [one["state"] for one in found["findings"]] == ["Call 3"]
    assert len(found["known"][0]["places"]) == 2


def test_the_text_names_what_is_mended_since_the_baseline(tmp_path: Path) -> None:
    baseline = tmp_path / "known.json"
    check(_written(tmp_path, _calls(2)), "--baseline", baseline, "--write-baseline")

    result = check(_written(tmp_path, _calls(1)), "--baseline", baseline)

    assert result.exit_code == 0
    assert f"{_NOT_RETRIED} app/Work Call 2" in result.stdout


def test_sarif_has_the_other_places_of_a_finding_as_related_ones(tmp_path: Path) -> None:
    log = json.loads(check(_written(tmp_path, _calls(3)), "--format", "sarif").stdout)

    schema = json.loads(SARIF_SCHEMA.read_text(encoding="utf-8"))
    assert [error.message for error in Draft4Validator(schema).iter_errors(log)] == []
    (result,) = log["runs"][0]["results"]
    assert [one["id"] for one in result["relatedLocations"]] == [1, 2]


def _fingerprints(path: Path) -> list[str]:
    log = json.loads(check(path, "--format", "sarif").stdout)
    return [
        result["partialFingerprints"]["primaryLocationLineHash"]
        for result in log["runs"][0]["results"]
    ]


def test_the_fingerprint_for_code_scanning_stays_when_a_place_is_mended(tmp_path: Path) -> None:
    before = _fingerprints(_written(tmp_path, _calls(3)))

    assert _fingerprints(_written(tmp_path, _calls(2))) == before


def test_github_is_told_how_many_findings_it_will_not_show(tmp_path: Path) -> None:
    many = {f"Work{n}": _calls(1)["Work"] for n in range(12)}

    *shown, rest = check(_written(tmp_path, many), "--format", "github").stdout.splitlines()

    assert len(shown) == 9
    assert rest.startswith("::warning title=3 more findings::")


def test_paths_are_those_of_the_repository_in_github_actions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "infra").mkdir()
    path = _written(tmp_path / "infra", _calls(1))
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    monkeypatch.chdir(tmp_path / "infra")

    (line,) = check(path.name, "--format", "github").stdout.splitlines()

    assert line.startswith("::warning file=infra/app.template.json,line=")


def _line(path: Path, text: str) -> int:
    return path.read_text(encoding="utf-8").splitlines().index(text) + 1


def test_a_finding_is_at_the_line_of_its_state_in_a_template(tmp_path: Path) -> None:
    path = _written(tmp_path, _calls(2))

    (found,) = check_json(path)["findings"]

    assert found["places"][1]["line"] == _line(path, '      "Call 2": {')


def test_a_finding_is_at_the_line_of_its_state_in_a_definition(tmp_path: Path) -> None:
    path = tmp_path / "work.asl.yaml"
    path.write_text(
        "StartAt: All\n"
        "States:\n"
        "  All:\n"
        "    Type: Map\n"
        "    End: true\n"
        "    ItemProcessor:\n"
        "      StartAt: 'Write: it'\n"
        "      States:\n"
        "        'Write: it':\n"
        "          Type: Task\n"
        "          Resource: arn:aws:states:::dynamodb:putItem\n"
        "          End: true\n",
        encoding="utf-8",
    )

    (found,) = check_json(path)["findings"]

    assert found["line"] == _line(path, "        'Write: it':")


def test_what_sam_makes_is_at_the_line_of_what_it_is_made_of(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(
        "Transform: AWS::Serverless-2016-10-31\n"
        "Resources:\n"
        "  Handle:\n"
        "    Type: AWS::Serverless::Function\n"
        "    Properties:\n"
        "      CodeUri: src/\n"
        "      Handler: app.handler\n"
        "      Runtime: python3.13\n"
        "      Events:\n"
        "        Placed:\n"
        "          Type: EventBridgeRule\n"
        "          Properties:\n"
        "            Pattern: {source: [shop]}\n",
        encoding="utf-8",
    )

    lines = {one["rule"]: one["line"] for one in check_json(path)["findings"]}

    assert lines[_NO_QUEUE] == 3


def test_what_the_metadata_of_a_resource_ignores_does_not_count(tmp_path: Path) -> None:
    resources = _calls(2)
    resources["Work"]["Metadata"] = {"duet": {"ignore": {_NOT_RETRIED: "run by hand"}}}

    found = check_json(_written(tmp_path, resources))

    assert found["findings"] == []
    assert {one["reason"] for one in found["ignored"]} == {"run by hand"}


def test_what_the_comment_of_a_state_ignores_does_not_count_there(tmp_path: Path) -> None:
    resources = _calls(2)
    states = resources["Work"]["Properties"]["Definition"]["States"]
    states["Call 1"]["Comment"] = f"Once only. duet:ignore {_NOT_RETRIED}: must not run twice"

    found = check_json(_written(tmp_path, resources))

    assert [one["state"] for one in found["findings"]] == ["Call 2"]
    assert [(one["state"], one["reason"]) for one in found["ignored"]] == [
        ("Call 1", "must not run twice")
    ]


def test_the_comment_of_a_definition_ignores_several_rules_in_all_of_it(tmp_path: Path) -> None:
    resources = _calls(2, Parameters={"id": "States.UUID()"})
    definition = resources["Work"]["Properties"]["Definition"]
    definition["Comment"] = f"duet:ignore {_NOT_RETRIED}, literal-intrinsic"

    assert check(_written(tmp_path, resources)).exit_code == 0


def test_one_comment_ignores_each_rule_for_its_own_reason(tmp_path: Path) -> None:
    resources = _calls(1, Parameters={"id": "States.UUID()"})
    resources["Work"]["Properties"]["Definition"]["Comment"] = (
        f"duet:ignore {_NOT_RETRIED}: once only\nduet:ignore literal-intrinsic: meant so"
    )

    ignored = check_json(_written(tmp_path, resources))["ignored"]

    assert {(one["rule"], one["reason"]) for one in ignored} == {
        (_NOT_RETRIED, "once only"),
        ("literal-intrinsic", "meant so"),
    }


def test_the_text_tells_how_much_is_ignored(tmp_path: Path) -> None:
    resources = _calls(2)
    resources["Work"]["Metadata"] = {"duet": {"ignore": [_NOT_RETRIED]}}

    assert "2 ignored where they are" in check(_written(tmp_path, resources)).stdout


def test_a_rule_that_is_none_is_told_where_it_is_ignored(tmp_path: Path) -> None:
    resources = _calls(1)
    resources["Work"]["Metadata"] = {"duet": {"ignore": {"no-such-rule": ""}}}

    (note,) = check_json(_written(tmp_path, resources))["notes"]

    assert note["path"] == "app/Work"
    assert "ignores 'no-such-rule', which is no rule" in note["text"]


def test_a_rule_is_explained_with_where_it_is_milder() -> None:
    assert "milder  note for a log group" in check("--explain", _NO_QUEUE).stdout
