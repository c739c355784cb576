"""Definitions that Step Functions refuses, and how it says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.states_language import Diagnostic, check_definition

GOLDEN_WORKFLOWS = Path(__file__).parent.parent / "golden" / "workflows"
END: dict[str, Any] = {"Type": "Pass", "End": True}
TASK = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}
BRANCH = {"StartAt": "B", "States": {"B": END}}


def of(states: object, **fields: object) -> str:
    start = next(iter(states)) if isinstance(states, dict) and states else "A"
    return json.dumps({"StartAt": start, "States": states, **fields})


def said(text: str, *, express: bool = False) -> list[str]:
    return [str(each) for each in check_definition(text, express=express)]


@pytest.mark.parametrize(
    "state",
    [
        {**TASK, "TimeoutSeconds": 5, "Retry": [{"ErrorEquals": ["States.ALL"]}]},
        {**TASK, "Parameters": {"a.$": "States.Format('{}', $.a)", "b.$": "$$.Task.Token"}},
        {**TASK, "QueryLanguage": "JSONata", "Arguments": {"a.$": "no path here"}},
        {"Type": "Pass", "InputPath": None, "ResultPath": None, "Result": {"a.$": 1}, "End": True},
        {"Type": "Wait", "Seconds": 1, "End": True},
        {"Type": "Wait", "Timestamp": "2026-01-05T21:29:29.243167252+01:00", "End": True},
        {"Type": "Wait", "QueryLanguage": "JSONata", "Timestamp": "{% $now() %}", "End": True},
        {"Type": "Succeed", "End": True},
        {"Type": "Map", "Iterator": BRANCH, "End": True},
        {"Type": "Parallel", "Branches": [BRANCH], "End": True},
        {"Type": "Parallel", "Branches": [{**BRANCH, "QueryLanguage": "JSONPath"}], "End": True},
    ],
)
def test_what_aws_takes_passes(state: dict[str, Any]) -> None:
    assert said(of({"A": state})) == []


@pytest.mark.parametrize(
    "path", sorted(GOLDEN_WORKFLOWS.glob("*.json")), ids=lambda path: path.stem
)
def test_the_projects_own_workflows_pass(path: Path) -> None:
    assert said(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("states", "refusals"),
    [
        (
            {"A": {"Type": "Pass", "Next": "NOPE"}},
            [
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: NOPE at /States/A/Next",
                "MISSING_END_STATE: Workflow has no terminal state at null",
            ],
        ),
        (
            {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}},
            ["MISSING_END_STATE: Workflow has no terminal state at null"],
        ),
        (
            {"A": END, "C": END},
            ['MISSING_TRANSITION_TARGET: State "C" is not reachable. at /States/C'],
        ),
        (
            {"A": {**TASK, "Catch": [{"ErrorEquals": ["X"], "Next": "NOPE"}]}},
            ["MISSING_TRANSITION_TARGET: Missing 'Next' target: NOPE at /States/A/Catch[0]/Next"],
        ),
        (
            {"A": {"Type": "Choice", "Choices": [], "Default": "B"}, "B": END},
            ["SCHEMA_VALIDATION_FAILED: The field 'Choices' must not be empty at /States/A"],
        ),
        (
            {
                "A": {
                    "Type": "Choice",
                    "Choices": [{"Variable": "$.a", "IsNull": True, "Next": "B"}],
                    "Default": "NOPE",
                },
                "B": END,
            },
            ["MISSING_TRANSITION_TARGET: Missing 'Next' target: NOPE at /States/A/Default"],
        ),
        (
            {"A": {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": True}]}},
            ["SCHEMA_VALIDATION_FAILED: These fields are required: [Next] at /States/A/Choices[0]"],
        ),
        (
            {"A": {**END, "TimeoutSeconds": 5}},
            ["SCHEMA_VALIDATION_FAILED: Field 'TimeoutSeconds' is not supported at /States/A"],
        ),
        (
            {"A": {**END, "Output": 1}},
            [
                "SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONPath', but field "
                "'Output' is only supported for the 'JSONata' QueryLanguage at /States/A"
            ],
        ),
        (
            {"A": {**TASK, "Parameters": {"JobName.$": "foo"}}},
            [
                "SCHEMA_VALIDATION_FAILED: The value for the field 'JobName.$' must be a valid "
                "JSONPath or a valid intrinsic function call at /States/A/Parameters/JobName.$"
            ],
        ),
        (
            {"A": {**TASK, "Parameters": {"id.$": "States.Uuid()"}}},
            [
                "SCHEMA_VALIDATION_FAILED: The value for the field 'id.$' must be a valid "
                "JSONPath or a valid intrinsic function call at /States/A/Parameters/id.$"
            ],
        ),
        (
            {"A": {"Type": "Parallel", "Branches": [BRANCH, BRANCH], "End": True}},
            [
                "DUPLICATE_STATE_NAME: Duplicate State name: B at /States/A/Branches[1]/States/B",
            ],
        ),
        (
            {"A": {"Type": "Map", "ItemProcessor": {**BRANCH, "StartAt": "X"}, "End": True}},
            [
                "MISSING_TRANSITION_TARGET: Missing 'Next' target: X "
                "at /States/A/ItemProcessor/StartAt",
                'MISSING_TRANSITION_TARGET: State "B" is not reachable. '
                "at /States/A/ItemProcessor/States/B",
            ],
        ),
        (
            {"A": {**TASK, "Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["X"]}]}},
            [
                "SCHEMA_VALIDATION_FAILED: States.ALL must appear alone, and in the last element "
                "at /States/A/Retry[0]"
            ],
        ),
    ],
)
def test_what_aws_refuses_is_refused_in_its_words(
    states: dict[str, Any], refusals: list[str]
) -> None:
    assert said(of(states)) == refusals


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "INVALID_JSON_DESCRIPTION"),
        ("[]", "INVALID_JSON_DESCRIPTION"),
        ("{}", "MISSING_DESCRIPTION"),
        (of({"A": {"Type": "Foo"}}), "SCHEMA_VALIDATION_FAILED"),
        (of({"A": {"End": True}}), "SCHEMA_VALIDATION_FAILED"),
        (of({"A": {"Type": "Pass"}}), "SCHEMA_VALIDATION_FAILED"),
        (of({"A": {"Type": "Wait", "End": True}}), "SCHEMA_VALIDATION_FAILED"),
        (of({"A": "no state"}), "SCHEMA_VALIDATION_FAILED"),
        (of({}), "SCHEMA_VALIDATION_FAILED"),
        (of({"A": END}, Coment="typo"), "SCHEMA_VALIDATION_FAILED"),
        (of({"A": END}, QueryLanguage="XPath"), "SCHEMA_VALIDATION_FAILED"),
        (of({"A": {"Type": "Choice", "Choices": [None]}}), "SCHEMA_VALIDATION_FAILED"),
        (of({"A": {**TASK, "Retry": {"ErrorEquals": ["X"]}}}), "SCHEMA_VALIDATION_FAILED"),
        (of({"A": {"Type": "Map", "Iterator": [], "End": True}}), "SCHEMA_VALIDATION_FAILED"),
        (
            of({"A": {"Type": "Map", "Iterator": {**BRANCH, "ProcessorConfig": 1}, "End": True}}),
            "SCHEMA_VALIDATION_FAILED",
        ),
        (of({"A": {"Type": "Fail", "Error": 404}}), "SCHEMA_VALIDATION_FAILED"),
        (of({"A" * 81: END}), "INVALID_STATE_NAME"),
        (
            of({"A": {**END, "QueryLanguage": "JSONPath"}}, QueryLanguage="JSONata"),
            "SCHEMA_VALIDATION_FAILED",
        ),
    ],
)
def test_a_definition_that_is_none_is_refused_by_its_code(text: str, code: str) -> None:
    assert [each.code for each in check_definition(text)] == [code]


@pytest.mark.parametrize(
    "state",
    [
        {**TASK, "Resource": f"{TASK['Resource']}.waitForTaskToken"},
        {**TASK, "Resource": "arn:aws:states:::batch:submitJob.sync"},
        {**TASK, "Resource": "arn:aws:states:us-east-1:000000000000:activity:a"},
    ],
)
def test_an_express_workflow_cannot_wait_for_others(state: dict[str, Any]) -> None:
    refusals = check_definition(of({"A": state}), express=True)

    assert [each.location for each in refusals] == ["/States/A/Resource"]
    assert said(of({"A": state})) == []


def test_a_resource_is_refused_where_the_caller_knows_better() -> None:
    refusals = check_definition(of({"A": TASK}), resource_problem=lambda resource: f"{resource}!")

    assert refusals == [
        Diagnostic(
            code="SCHEMA_VALIDATION_FAILED",
            message="arn:aws:states:::sqs:sendMessage!",
            location="/States/A/Resource",
        )
    ]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "Type",
                    "Next",
                    "End",
                    "Choices",
                    "Catch",
                    "Retry",
                    "Branches",
                    "States",
                    "StartAt",
                    "ItemProcessor",
                    "ErrorEquals",
                    "Parameters",
                    "a.$",
                    "Resource",
                    "QueryLanguage",
                ]
            ),
            inner | st.sampled_from(["Task", "Choice", "Map", "Parallel", "A"]),
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(_JSON, st.booleans())
def test_whatever_the_text_is_the_answer_is_a_list(value: object, express: bool) -> None:
    states = {"A": value, "B": END, "C": {"Type": value}}

    assert isinstance(check_definition(json.dumps(value), express=express), list)
    assert isinstance(check_definition(of(states), express=express), list)


@pytest.mark.parametrize(
    "when",
    ["2026-01-05 21:29:29Z", "2026-01-05T21:29:29", "2026-13-05T21:29:29Z", "{% $now() %}"],
)
def test_a_wait_until_no_timestamp_is_refused(when: str) -> None:
    assert said(of({"A": {"Type": "Wait", "Timestamp": when, "End": True}})) == [
        "SCHEMA_VALIDATION_FAILED: String does not match RFC3339 timestamp at /States/A/Timestamp"
    ]


def _jsonata(kind: str, **fields: object) -> str:
    states = {"A": {"Type": kind, "QueryLanguage": "JSONata", **fields}, "B": END}
    return of(states)


def _missing(name: str, field: str) -> list[str]:
    return [
        f"UNSUPPORTED_JSONATA_EXPRESSION: Field '$states.{name}' does not exist. "
        f"at /States/A/{field}"
    ]


_CALL = {"Resource": TASK["Resource"], "Next": "B"}
_RULE = {"Condition": "{% $states.result.ok %}", "Next": "B"}


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (
            _jsonata("Task", Output={"why": ["{% $states.errorOutput.Cause %}"]}, **_CALL),
            _missing("errorOutput", "Output/why[0]"),
        ),
        (
            _jsonata("Pass", Assign={"v": "{% $states . errorOutput %}"}, Next="B"),
            _missing("errorOutput", "Assign/v"),
        ),
        (
            _jsonata("Task", Arguments={"a": "{% $states.result.a %}"}, **_CALL),
            _missing("result", "Arguments/a"),
        ),
        (
            _jsonata("Wait", Seconds="{% $states.result.s %}", Next="B"),
            _missing("result", "Seconds"),
        ),
        (_jsonata("Choice", Choices=[_RULE]), _missing("result", "Choices[0]/Condition")),
    ],
    ids=["output", "assign", "arguments", "wait", "choice"],
)
def test_an_expression_reads_nothing_that_is_not_there(text: str, refusal: list[str]) -> None:
    assert said(text) == refusal


@pytest.mark.parametrize(
    "fields",
    [
        {"Output": "{% $states.result %}", "Assign": {"v": "{% $states.result %}"}},
        {"Catch": [{"ErrorEquals": ["E"], "Next": "B", "Output": "{% $states.errorOutput %}"}]},
        {"Arguments": {"text": "{% 'no $states.result here' & $states.input.result %}"}},
        {"Arguments": {"text": "$states.errorOutput"}},
        {"Arguments": "{% $states.results %}"},
    ],
    ids=["result", "catcher", "in a text", "no expression", "another name"],
)
def test_an_expression_reads_what_is_there(fields: dict[str, Any]) -> None:
    assert said(_jsonata("Task", **fields, **_CALL)) == []


def test_an_item_processor_names_no_query_language() -> None:
    processor = {**BRANCH, "QueryLanguage": "JSONata"}

    assert said(of({"A": {"Type": "Map", "ItemProcessor": processor, "End": True}})) == [
        "SCHEMA_VALIDATION_FAILED: Field 'QueryLanguage' is not supported "
        "at /States/A/ItemProcessor"
    ]
