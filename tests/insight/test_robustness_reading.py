"""What people write in definitions that is not quite the language is read, and said."""

import json
from pathlib import Path

import pytest

from constructs_lib.insight import InsightError, load
from constructs_lib.insight.model import Assembly


def _read(folder: Path, text: str) -> Assembly:
    path = folder / "work.asl.json"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_what_is_inside_a_state_has_the_language_of_the_machine_not_of_the_state(
    tmp_path: Path,
) -> None:
    inside = {"StartAt": "Inside", "States": {"Inside": {"Type": "Pass", "End": True}}}
    outside = {"Type": "Parallel", "QueryLanguage": "JSONata", "Branches": [inside], "End": True}
    definition = {"StartAt": "Outside", "States": {"Outside": outside}}

    (workflow,) = _read(tmp_path, json.dumps(definition)).workflows

    assert [state.query_language for state in workflow.machine.all_states()] == [
        "JSONata",
        "JSONPath",
    ]


@pytest.mark.parametrize("written", ["${seconds}", "{{ seconds }}", "{{seconds}}"])
def test_a_placeholder_where_json_wants_a_value_is_kept_as_text_and_said(
    written: str, tmp_path: Path
) -> None:
    text = '{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": %s, "End": true}}}'

    assembly = _read(tmp_path, text % written)

    (state,) = assembly.workflows[0].machine.states
    assert state.fields["Seconds"] == written
    assert [note.text for note in assembly.notes if "substitutions" in note.text]


@pytest.mark.parametrize(
    "text",
    [
        '{"StartAt": "A", "States": {"A": {"Type": "Succeed"},},}',
        "{'StartAt': 'A', 'States': {'A': {'Type': 'Succeed'}}}",
        '{"StartAt": "A", # the first\n"States": {"A": {"Type": "Succeed"}}}',
    ],
    ids=["a comma too much", "single quotes", "a comment"],
)
def test_what_is_nearly_json_is_read_and_said(text: str, tmp_path: Path) -> None:
    assembly = _read(tmp_path, text)

    assert [state.name for state in assembly.workflows[0].machine.states] == ["A"]
    assert "not JSON" in assembly.notes[0].text


def test_a_configuration_of_the_serverless_framework_is_refused_with_what_to_name(
    tmp_path: Path,
) -> None:
    path = tmp_path / "serverless.yml"
    path.write_text("service: shop\nstepFunctions:\n  stateMachines: {}\n", encoding="utf-8")

    with pytest.raises(InsightError, match="run serverless package, and name") as refused:
        load(path)

    assert str(path) in str(refused.value)
