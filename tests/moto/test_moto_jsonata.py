"""JSONata and JSONPath as Step Functions evaluates them, and the gaps that moto has there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from unittest import mock

import jsonata as jsonata_python
import pytest

from constructs_lib.testing import JsonValue, _jsonata
from constructs_lib.testing.moto_engine import WorkflowEngine, moto_workflows
from tests.moto.asl import Asl, answer, engine_without, jsonata, keep
from tests.moto.small_world import EMAIL, EMAIL_HASH


@pytest.fixture
def engine() -> Iterator[WorkflowEngine]:
    with moto_workflows() as made:
        yield made


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$hash('ada', 'SHA-512')", hashlib.sha512(b"ada").hexdigest()),
        ("$parse('{\"a\": [1, 2]}').a", [1, 2]),
        ("$partition([1, 2, 3, 4, 5], 2)", [[1, 2], [3, 4], [5]]),
        ("$range(0, 10, 4)", [0, 4, 8]),
        ("$range(3, 1, -1)", [3, 2, 1]),
        ("$random(7) = $random(7)", True),
        ("6 / 2", 3),
        ("7 / 2", 3.5),
        ("$states.input.absent ? 1 : 2", 2),
        ("$map([1, 2], function($n) { $n * 2 })", [2, 4]),
        ("{'a': null}", {"a": None}),
        ("null", None),
        ("$lowercase('STRAßE ÄÉΣ')", "straße äéς"),
        ("['ADA', 'BOB'].$lowercase()", ["ada", "bob"]),
        ("$exists($lowercase($states.input.absent))", False),
        ("$states.context.Execution.StartTime ~> $contains('T')", True),
    ],
)
def test_jsonata_gives_what_step_functions_gives(
    engine: WorkflowEngine, expression: str, expected: JsonValue
) -> None:
    run = engine.run(answer(expression), {})

    assert (run.status, run.output) == ("SUCCEEDED", expected), run
    assert type(run.output) is type(expected), "6 / 2 is 3, not 3.0"


@pytest.mark.parametrize(
    "expression",
    [
        "$hash('ada', 'SHA-3')",
        "$eval('1 + 1')",
        "$lowercase(1)",
        "1 / 0",
        "$parse('{')",
        "$error('own')",
        "$undefined",
        "$partition([1], 0)",
        "$range(1, 2, 0)",
        "$range(1, 5000, 1)",
        "$uppercase",
    ],
)
def test_a_failing_expression_can_be_caught_by_its_own_error_name(
    engine: WorkflowEngine, expression: str
) -> None:
    definition = jsonata(
        {
            "Ask": {
                "Type": "Parallel",
                "Branches": [answer(f"{expression}")],
                "Catch": [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Caught"}],
                "End": True,
            },
            "Caught": {"Type": "Succeed"},
        }
    )

    run = engine.run(definition, {})

    assert run.path[-1] == "Caught", run


@pytest.mark.parametrize("text", ['say "no"', "back\\slash", "line\nbreak", "naïve 🦜", "$states"])
def test_any_text_survives_a_variable(engine: WorkflowEngine, text: str) -> None:
    assert engine.run(keep("{% $states.input.text %}"), {"text": text}).output == text


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("[$exists($states.input.empty), $exists($states.input.absent)]", [True, False]),
        ("$map($states.input.list, function($item) { $type($item) })", ["null", "number"]),
    ],
)
def test_null_is_not_nothing(engine: WorkflowEngine, expression: str, expected: JsonValue) -> None:
    assert engine.run(answer(expression), {"empty": None, "list": [None, 1]}).output == expected


def test_each_evaluation_has_a_time_of_its_own() -> None:
    with mock.patch.object(jsonata_python.Timebox, "current_milli_time") as clock:
        seen = []
        for clock.return_value in (10, 20, 30):
            seen.append(_jsonata.evaluate("$millis()"))
            _jsonata.evaluate("$millis() + 1")

    assert seen == [10, 20, 30]


def test_a_jsonpath_workflow_with_intrinsic_functions_runs_too(engine: WorkflowEngine) -> None:
    definition: Asl = {
        "StartAt": "Format",
        "States": {
            "Format": {
                "Type": "Pass",
                "Parameters": {
                    "text.$": "States.Format('ticket {}', $.id)",
                    "hash.$": "States.Hash($.email, 'SHA-256')",
                    "started.$": "$$.Execution.StartTime",
                },
                "End": True,
            }
        },
    }

    run = engine.run(definition, {"id": 7, "email": EMAIL})

    assert isinstance(run.output, dict), run
    assert run.output["text"] == "ticket 7"
    assert run.output["hash"] == EMAIL_HASH
    assert str(run.output["started"]).endswith("Z")


def test_canary_moto_has_no_jsonata_engine() -> None:
    with engine_without("jsonata_engine", "jsonata_expressions") as engine:
        assert engine.run(answer("1 + 1"), {}).status == "FAILED"


def test_canary_moto_has_no_uuid_and_no_hash() -> None:
    with engine_without("jsonata_expressions") as engine:
        for call in ("$uuid()", "$hash('ada', 'SHA-256')"):
            assert "not supported" in str(engine.run(answer(call), {}).output)


def test_canary_moto_calls_a_failing_expression_a_runtime_error() -> None:
    with engine_without("jsonata_expressions") as engine:
        assert engine.run(answer("$error('own')"), {}).error == "States.Runtime"


def test_canary_moto_writes_the_data_into_the_expression() -> None:
    """So that every value is parsed as source; the engine hands it over as it is."""
    text = answer("$states.input.text")
    parsed = mock.Mock(wraps=jsonata_python.Jsonata)
    with (
        engine_without("jsonata_expressions") as engine,
        mock.patch.object(jsonata_python, "Jsonata", parsed),
    ):
        engine.run(text, {"text": "Ada"})
    assert "Ada" in str(parsed.call_args_list)


COMPARE_VARIABLE: Asl = {
    "StartAt": "Keep",
    "States": {
        "Keep": {"Type": "Pass", "Assign": {"kept.$": "$.text"}, "Next": "Compare"},
        "Compare": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.text", "StringEqualsPath": "$kept", "Next": "Same"},
            ],
            "Default": "Other",
        },
        "Same": {"Type": "Succeed"},
        "Other": {"Type": "Succeed"},
    },
}


def test_canary_moto_lets_a_quote_end_a_variable_in_jsonpath() -> None:
    quoted: JsonValue = 'say "no"'
    with engine_without("jsonata_literals") as engine:
        assert engine.run(COMPARE_VARIABLE, {"text": quoted}).status == "FAILED"
    with moto_workflows() as engine:
        assert engine.run(COMPARE_VARIABLE, {"text": quoted}).path[-1] == "Same"


@pytest.mark.parametrize("text", ['say "no"', "{% 'naïve 🦜' %}"])
def test_canary_moto_does_not_read_the_texts_of_a_definition_as_json(text: str) -> None:
    expected = text.strip("{%' }")
    with engine_without("definition_texts") as engine:
        assert engine.run(json.dumps(keep(text)), {}).output != expected
    with moto_workflows() as engine:
        assert engine.run(json.dumps(keep(text)), {}).output == expected


def test_canary_jsonata_python_folds_sharp_s() -> None:
    assert jsonata_python.Jsonata("$lowercase('Straße')").evaluate(None) == "strasse"
