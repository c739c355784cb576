"""The TestState API of the embedded AWS; its canary stands in ``test_workflow_api``.

Source: Step Functions API reference, TestState; answers of AWS that LocalStack records in its
``test_state`` (read 2026-11-27).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from constructs_lib.local import EmbeddedAws
from tests.local.workflows import ROLE, Json

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import TestStateOutputTypeDef

SEND: Json = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Next": "After"}
PATHS: Json = {**SEND, "Parameters": {"MessageBody.$": "$.text"}, "ResultPath": "$.sent"}
JSONATA: Json = {
    **SEND,
    "QueryLanguage": "JSONata",
    "Arguments": {"MessageBody": "{% $states.input.text & $mark %}"},
    "Assign": {"id": "{% $states.result.MessageId %}"},
    "Output": "{% $states.result.MessageId & '/1' %}",
    "Retry": [
        {"ErrorEquals": ["Rare"]},
        {"ErrorEquals": ["Busy"], "IntervalSeconds": 2, "MaxAttempts": 2},
    ],
    "Catch": [
        {"ErrorEquals": ["Busy"], "Next": "Later", "Output": "{% $states.errorOutput.Cause %}"}
    ],
}
SENT = {"result": json.dumps({"MessageId": "m"})}
BUSY = {"errorOutput": {"error": "Busy", "cause": "full"}}
EMPTY = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
NO_BRANCHES = (
    "TestState API does not support Map or Parallel states. Supported state types include: "
    "[Task, Wait, Pass, Succeed, Fail, Choice]"
)


@pytest.fixture
def client(aws: EmbeddedAws) -> Iterator[SFNClient]:
    with closing(aws.client("stepfunctions")) as made:
        yield made


def ask(client: SFNClient, state: Json, **fields: Any) -> TestStateOutputTypeDef:
    request: Any = {"input": json.dumps({"text": "hi"}), "inspectionLevel": "DEBUG", **fields}
    return client.test_state(definition=json.dumps(state), roleArn=ROLE, **request)


def inspected(told: TestStateOutputTypeDef) -> Any:
    return {
        name: json.loads(value) if isinstance(value, str) else value
        for name, value in told["inspectionData"].items()
    }


def test_a_jsonata_task_is_evaluated(client: SFNClient) -> None:
    told = ask(client, JSONATA, mock=SENT, variables=json.dumps({"mark": "!"}))

    assert (told["status"], told["output"], told["nextState"]) == ("SUCCEEDED", '"m/1"', "After")
    assert inspected(told) == {
        "input": {"text": "hi"},
        "afterArguments": {"MessageBody": "hi!"},
        "result": {"MessageId": "m"},
        "variables": {"mark": "!", "id": "m"},
    }


def test_a_retrier_has_its_turn_before_a_catcher(client: SFNClient) -> None:
    used = {"retrierRetryCount": 1}
    variables = json.dumps({"mark": ""})

    told = ask(client, JSONATA, mock=BUSY, stateConfiguration=used, variables=variables)

    assert (told["status"], told["error"], told["cause"]) == ("RETRIABLE", "Busy", "full")
    assert inspected(told)["errorDetails"] == {"retryIndex": 1, "retryBackoffIntervalSeconds": 4}


def test_a_catcher_has_its_turn_once_the_retries_are_used_up(client: SFNClient) -> None:
    used = {"retrierRetryCount": 2}
    variables = json.dumps({"mark": ""})

    told = ask(client, JSONATA, mock=BUSY, stateConfiguration=used, variables=variables)

    ended = (told["status"], told["output"], told["nextState"], told["error"])
    assert ended == ("CAUGHT_ERROR", '"full"', "Later", "Busy")
    assert inspected(told)["errorDetails"] == {"catchIndex": 0}


def test_an_expression_that_fails_fails_the_task(client: SFNClient) -> None:
    told = ask(client, {**JSONATA, "Output": "{% $states.input.none %}"}, mock=SENT)

    assert (told["status"], told["error"]) == ("FAILED", "States.QueryEvaluationError")


def test_each_step_of_a_task_in_jsonpath_is_inspected(client: SFNClient) -> None:
    told = ask(client, PATHS, mock=SENT)

    assert inspected(told) == {
        "input": {"text": "hi"},
        "afterInputPath": {"text": "hi"},
        "afterParameters": {"MessageBody": "hi"},
        "result": {"MessageId": "m"},
        "afterResultSelector": {"MessageId": "m"},
        "afterResultPath": {"text": "hi", "sent": {"MessageId": "m"}},
    }


def test_a_pass_with_a_result_takes_nothing_of_its_input(client: SFNClient) -> None:
    told = ask(client, {"Type": "Pass", "Result": 1, "ResultPath": "$.one", "End": True})

    assert inspected(told) == {
        "input": {"text": "hi"},
        "result": 1,
        "afterResultSelector": 1,
        "afterResultPath": {"text": "hi", "one": 1},
    }


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Succeed"},
        {"Type": "Fail", "Error": "E"},
        {"Type": "Choice", "Choices": [], "Default": "After"},
    ],
    ids=["Succeed", "Fail", "Choice"],
)
def test_a_state_that_makes_nothing_shows_its_input(client: SFNClient, state: Json) -> None:
    text = {"text": "hi"}

    assert inspected(ask(client, state)) == {"input": text, "afterInputPath": text}


def test_nothing_is_inspected_unasked(client: SFNClient) -> None:
    assert "inspectionData" not in ask(client, PATHS, mock=SENT, inspectionLevel="INFO")


def test_a_task_without_a_mock_calls_its_service(client: SFNClient, aws: EmbeddedAws) -> None:
    with closing(aws.client("sqs")) as queues:
        url = queues.create_queue(QueueName="of-a-test")["QueueUrl"]
        ask(client, {**PATHS, "Parameters": {"QueueUrl": url, "MessageBody.$": "$.text"}})
        [message] = queues.receive_message(QueueUrl=url)["Messages"]

    assert message["Body"] == "hi"


def test_a_state_of_a_whole_definition_has_its_query_language(client: SFNClient) -> None:
    state = {"Type": "Task", "Resource": SEND["Resource"], "Output": "{% 1 + 1 %}", "End": True}
    machine = {"QueryLanguage": "JSONata", "StartAt": "Send", "States": {"Send": state}}

    assert ask(client, machine, stateName="Send", mock=SENT)["output"] == "2"


@pytest.mark.parametrize(
    ("state", "fields", "code", "message"),
    [
        (
            {"Type": "Pass", "End": True},
            {"mock": SENT},
            "ValidationException",
            "State type 'Pass' is not supported when a mock is specified",
        ),
        (
            PATHS,
            {"mock": {**SENT, **BUSY}},
            "ValidationException",
            "A test mock should have only one of the following fields: [result, errorOutput].",
        ),
        (
            PATHS,
            {"mock": SENT, "revealSecrets": True},
            "ValidationException",
            "TestState does not support RevealSecrets when a mock is specified.",
        ),
        (
            PATHS,
            {"mock": {"result": "{"}},
            "ValidationException",
            "Mocked result must be valid JSON.",
        ),
        (
            {"Type": "Parallel", "Branches": [EMPTY], "End": True},
            {},
            "InvalidDefinition",
            NO_BRANCHES,
        ),
    ],
    ids=["of a pass", "result and error", "secrets", "no json", "branches without a mock"],
)
def test_what_cannot_be_tested_is_refused(
    client: SFNClient, state: Json, fields: Json, code: str, message: str
) -> None:
    with pytest.raises(ClientError) as refused:
        ask(client, state, **fields)

    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == (code, message)
