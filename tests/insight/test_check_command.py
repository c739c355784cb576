"""``duet check``: exit statuses, formats, baseline."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft4Validator

from constructs_lib.insight.findings import RULES
from tests.insight.check_runs import SARIF_SCHEMA, check, check_json
from tests.insight.insight_templates import Resources, bus, definition, resource, rule, target


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A template with one error, one warning and one note, and something that is not known."""
    work = definition(
        {
            "Make id": {
                "Type": "Pass",
                "Parameters": {"id": "States.UUID()"},
                "Next": "Call, or 100 %:\nfail",
            },
            "Call, or 100 %:\nfail": {
                "Type": "Task",
                "Resource": "arn:aws:states:::dynamodb:putItem",
                "Novelty": 1,
                "End": True,
            },
        }
    )
    return _written(
        tmp_path, {"Work": resource("AWS::StepFunctions::StateMachine", Definition=work)}
    )


def _written(folder: Path, resources: Resources) -> Path:
    path = folder / "app.template.json"
    path.write_text(json.dumps({"Resources": resources}), encoding="utf-8")
    return path


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    done = definition({"Done": {"Type": "Succeed"}})
    return _written(
        tmp_path, {"Work": resource("AWS::StepFunctions::StateMachine", Definition=done)}
    )


def test_the_status_is_0_if_nothing_is_found(clean: Path) -> None:
    result = check(clean)

    assert result.exit_code == 0
    assert "nothing found" in result.stdout


def test_the_status_is_1_if_something_is_found(broken: Path) -> None:
    assert check(broken).exit_code == 1


def test_the_status_is_2_if_the_input_cannot_be_read(tmp_path: Path) -> None:
    result = check(tmp_path / "cdk.out")

    assert result.exit_code == 2
    assert "run cdk synth" in result.stderr
    assert result.stdout == ""


def test_the_text_says_what_where_why_and_the_remedy(broken: Path) -> None:
    text = " ".join(check(broken).stdout.split())

    assert "app/Work" in text
    assert "An intrinsic function that is never called (literal-intrinsic)" in text
    assert "Parameters.id is the text 'States.UUID()', not what it computes" in text
    assert "remedy: name the field 'id.$'" in text
    assert "https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html" in text


def test_the_text_says_what_was_not_understood(broken: Path) -> None:
    assert "fields that are not known here: Novelty" in " ".join(check(broken).stdout.split())


def test_milder_findings_are_counted_until_they_are_asked_for(broken: Path) -> None:
    few, all_ = check(broken), check(broken, "--severity", "note")

    assert "1 milder not shown: --severity note" in few.stdout
    assert "task-without-timeout" not in few.stdout
    assert "task-without-timeout" in all_.stdout


def test_an_ignored_rule_finds_nothing(broken: Path) -> None:
    result = check(broken, "--severity", "error", "--ignore", "literal-intrinsic")

    assert "literal-intrinsic" not in result.stdout


def test_a_rule_that_is_none_cannot_be_ignored(broken: Path) -> None:
    result = check(broken, "--ignore", "no-such-rule")

    assert result.exit_code == 2
    assert "got 'no-such-rule'" in result.stderr


def test_json_has_all_of_a_finding(broken: Path) -> None:
    found = check_json(broken)

    first = found["findings"][0]
    assert first["rule"] == "definition-refused"
    assert {one["rule"] for one in found["findings"]} == {
        "definition-refused",
        "literal-intrinsic",
        "transient-error-not-retried",
    }
    assert first["path"] == "app/Work"
    assert first["file"].endswith("app.template.json")
    assert first["line"] == 1
    assert found["milder"] == 1
    assert any("Novelty" in note["text"] for note in found["notes"])


def test_sarif_is_valid_by_its_own_schema(broken: Path) -> None:
    schema = json.loads(SARIF_SCHEMA.read_text(encoding="utf-8"))
    log = json.loads(check(broken, "--format", "sarif").stdout)

    assert [error.message for error in Draft4Validator(schema).iter_errors(log)] == []
    (run,) = log["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [rule.id for rule in RULES]
    for result in run["results"]:
        named = run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"]
        assert named == result["ruleId"]


def test_github_gets_one_escaped_line_for_each_finding(broken: Path) -> None:
    lines = check(broken, "--format", "github").stdout.splitlines()

    *findings, notes = lines
    assert len(findings) == 3
    assert notes.startswith("::notice title=Not read or not resolved (1)::")
    for line in findings:
        assert re.fullmatch(r"::(error|warning) file=[^,]+,line=1,title=[^,:]+::[^\r\n]+", line)
    assert any("Call, or 100 %25:" in line for line in lines)


def test_annotations_and_sarif_point_at_the_program_where_cdk_knows_the_line(
    tmp_path: Path,
) -> None:
    from tests.assemblies import Assembly

    app_ = Assembly(tmp_path)
    resources = {
        "Bus": bus(),
        "Inbox": resource("AWS::SQS::Queue"),
        "Rule": rule({"source": ["shop"]}, target("Inbox")),
    }
    resources["Rule"]["Metadata"] = {"aws:cdk:path": "Shop/Rule/Resource"}
    app_.stack("Shop", resources)
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    trace = {"type": "aws:cdk:logicalId", "data": "Rule", "trace": ["new (/src/a,b:c.ts:7:1)"]}
    manifest["artifacts"]["Shop"]["metadata"] = {"/Shop/Rule/Resource": [trace]}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    annotations = check(tmp_path, "--format", "github").stdout
    log = json.loads(check(tmp_path, "--format", "sarif").stdout)

    assert "file=/src/a%2Cb%3Ac.ts,line=7," in annotations
    place = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert place["region"]["startLine"] == 7


def test_what_the_baseline_knows_does_not_count(broken: Path, tmp_path: Path) -> None:
    baseline = tmp_path / "known.json"

    assert check(broken, "--baseline", baseline, "--write-baseline").exit_code == 0
    result = check(broken, "--baseline", baseline)

    assert result.exit_code == 0
    assert "3 known from the baseline" in result.stdout


def test_what_is_new_beside_the_baseline_counts(broken: Path, tmp_path: Path) -> None:
    baseline = tmp_path / "known.json"
    check(broken, "--baseline", baseline, "--write-baseline", "--severity", "error")

    found = check_json(broken, "--baseline", baseline)

    assert [one["rule"] for one in found["findings"]] == ["transient-error-not-retried"]


def test_what_was_mended_is_told_from_the_baseline(broken: Path, tmp_path: Path) -> None:
    baseline = tmp_path / "known.json"
    check(broken, "--baseline", baseline, "--write-baseline")
    broken.write_text(broken.read_text().replace('"id": "States', '"id.$": "States'))

    found = check_json(broken, "--baseline", baseline)

    assert [entry["rule"] for entry in found["staleBaselineEntries"]] == ["literal-intrinsic"]


@pytest.mark.parametrize("content", ["{}", "[]", '{"version": 2, "findings": []}', "no"])
def test_a_file_that_is_no_baseline_is_refused(content: str, broken: Path, tmp_path: Path) -> None:
    baseline = tmp_path / "known.json"
    baseline.write_text(content, encoding="utf-8")

    result = check(broken, "--baseline", baseline)

    assert result.exit_code == 2
    assert str(baseline) in result.stderr


def test_a_baseline_cannot_be_written_nowhere(broken: Path) -> None:
    result = check(broken, "--write-baseline")

    assert result.exit_code == 2
    assert "needs --baseline FILE" in result.stderr


def test_all_rules_are_listed() -> None:
    listed = check("--list-rules").stdout

    assert all(rule.id in listed for rule in RULES)


def test_a_rule_is_explained() -> None:
    explained = " ".join(check("--explain", "event-loop").stdout.split())

    assert "Each event causes the next of its kind without end" in explained
    assert "https://docs.aws.amazon.com/eventbridge/" in explained


def test_a_rule_that_is_none_is_not_explained() -> None:
    assert check("--explain", "no-such-rule").exit_code == 2
