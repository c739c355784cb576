"""Whatever a file holds, the answer is a model with notes or one clear error."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from constructs_lib.insight import InsightError, load
from constructs_lib.insight.findings.formats import as_annotations, as_json, as_sarif
from constructs_lib.insight.findings.report import check
from tests.insight.finding_cases_events import BREAKS as EVENTS
from tests.insight.finding_cases_workflows import BREAKS as WORKFLOWS

_CORPUS = Path(__file__).parent / "corpus"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "got an empty file"),
        (
            b'{"a": "\xe9"}',
            "must be UTF-8 text, got byte 0xe9 at 7, .* not utf-8; save it as UTF-8",
        ),
        (b"\xff\xfe\x00", "must be UTF-8 text, got byte 0x00 at 2, .* not utf-16"),
        (b"[]", "must hold an object .*, got a list"),
        (b"3", "must hold an object .*, got 3"),
        (b'{"StartAt":', "must be JSON, got: Expecting value: line 1"),
        (b"a: b: c", "must be JSON or YAML, got: mapping values are not allowed here|in this"),
        (b"a: &x [*x]", "recursive"),
        (b"!!python/object:os.system {}", "could not determine a constructor"),
        (b"{}", "must have Resources .* or StartAt and States .*, got an empty object"),
        (b'{"Resources": 3}', "must be an object by logical id"),
        (b'{"a":' * 400 + b"1" + b"}" * 400, "at most 300 levels deep"),
        (b'{"a":' * 9000 + b"1" + b"}" * 9000, "at most 300 levels deep"),
        (
            b"a0: &a0 [1, 1]\n"
            + b"".join(
                b"a%d: &a%d [%s]\n" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 40))
                for n in range(1, 9)
            ),
            "at most 2,000,000 values",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_file_rule_and_remedy(
    content: bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "app.json"
    path.write_bytes(content)

    with pytest.raises(InsightError, match=said) as refused:
        load(path)

    assert str(path) in str(refused.value)


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InsightError, match="got nothing there; run cdk synth"):
        load(tmp_path / "cdk.out")


def test_a_folder_without_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InsightError, match=r"without manifest\.json .*; run cdk synth"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ({"States": {}}, "must name its first state in StartAt"),
        ({"StartAt": "A"}, "must have States, an object by state name, got nothing"),
        ({"StartAt": "A", "States": [1]}, "got a list"),
        ({"StartAt": "A", "States": {"A": None}}, "state 'A' must be an object, got nothing"),
        ({"StartAt": 1, "States": {}}, "must have a text in StartAt, got 1"),
        (
            {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}},
            "state 'A' goes on to 'B', which is not a state of the same level",
        ),
        ({"StartAt": "A", "States": {"A": {"Type": "Pass"}}}, "must have a Next or an End"),
        (
            {"StartAt": "A", "States": {"A": {"Type": "Task", "End": True, "Retry": {"a": 1}}}},
            "must have a list in Retry, got an object",
        ),
        (
            {"StartAt": "A", "States": {"A": {"Type": "Task", "End": True, "Catch": [3]}}},
            "must have objects in Catch, got 3",
        ),
    ],
)
def test_what_is_malformed_in_a_definition_is_said(
    definition: dict[str, Any], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "work.asl.json"
    path.write_text(json.dumps(definition), encoding="utf-8")

    assert any(said in note.text for note in load(path).notes)


@pytest.mark.parametrize(
    "text",
    [
        '{"StartAt":"A","States":{"A":{"Type":"Succeed"},"A":{"Type":"Fail"}}}',
        "StartAt: A\nStates:\n  A: {Type: Succeed}\n  A: {Type: Fail}\n",
    ],
    ids=["JSON", "YAML"],
)
def test_a_state_that_stands_twice_is_said(text: str, tmp_path: Path) -> None:
    path = tmp_path / "work.asl.json"
    path.write_text(text, encoding="utf-8")

    assert "name 'A' stands twice in one object" in load(path).notes[0].text


# A value where another is meant, references that lead nowhere, functions without their arguments.
_ODD: list[Any] = [
    *(None, 0, -1, 1e400, True, "", "x", "$.a", "{% 1 %}", "${x}", "States.ALL", [], {}, [None]),
    *({"a": 1}, {"Ref": "X"}, {"Ref": None}, {"Ref": "AWS::NoValue"}, {"Fn::GetAtt": ["A"]}),
    *({"Fn::Sub": ["${a}", {}]}, {"Fn::Sub": 3}, {"Fn::If": ["c", 1, 2]}, {"Fn::Join": ["", [{}]]}),
    *(
        {"Fn::Select": [9, []]},
        {"Fn::Select": ["0", {"Fn::Split": [":"]}]},
        {"Fn::ImportValue": {}},
    ),
    *("arn:aws:states:::a:b:c", "arn:aws:states:::aws-sdk:foo:bar", "arn:aws:lambda:::function:x"),
]
_KEYS = ["Type", "Next", "Resource", "States", "", "Fn::If", "Ref", "$or"]


def _documents() -> list[dict[str, Any]]:
    definitions = [json.loads(path.read_text()) for path in sorted(_CORPUS.glob("every*.json"))]
    templates = [{"Resources": case[2]} for case in (*EVENTS, *WORKFLOWS)]
    # What says nothing of its own when mutated, and is large.
    return definitions + [one for one in templates if len(json.dumps(one)) < 10_000]


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, one in inner:
        yield from _paths(one, (*path, key))


@st.composite
def _mutated(draw: st.DrawFn) -> dict[str, Any]:
    document: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(_documents())))
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(list(_paths(document))))
        holder: Any = document
        for key in path[:-1]:
            holder = holder[key]
        match draw(st.sampled_from(["replace", "delete", "move"])):
            case "replace":
                holder[path[-1]] = copy.deepcopy(draw(st.sampled_from(_ODD)))
            case "delete":
                del holder[path[-1]]
            case "move" if isinstance(holder, dict):
                holder[draw(st.sampled_from(_KEYS))] = holder.pop(path[-1])
        if not document:
            break
    return document


@given(_mutated())
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_a_mutated_file_gives_findings_and_notes_or_one_clear_error(
    tmp_path: Path, document: dict[str, Any]
) -> None:
    path = tmp_path / "mutated.json"
    path.write_text(json.dumps(document), encoding="utf-8")

    try:
        report = check(load(path), severity="note")
    except InsightError:
        return

    assert json.dumps([as_json(report), as_sarif(report), *as_annotations(report)])
