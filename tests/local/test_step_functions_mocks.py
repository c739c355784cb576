"""Mock configuration files of Step Functions Local on the embedded AWS."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.local import EmbeddedAws
from tests.local.conftest import WaitUntil
from tests.local.workflows import ROLE, Workflows

# The shape of the example in AWS's documentation.
MOCKS = {
    "StateMachines": {
        "LambdaSQSIntegration": {
            "TestCases": {
                "HappyPath": {"LambdaState": "LambdaSuccess", "SQSState": "SQSSuccess"},
                "RetryPath": {"LambdaState": "LambdaRetry", "SQSState": "SQSSuccess"},
                "TooFewPath": {"LambdaState": "LambdaTooFew", "SQSState": "SQSSuccess"},
                "HybridPath": {"LambdaState": "LambdaSuccess"},
            }
        }
    },
    "MockedResponses": {
        "LambdaSuccess": {"0": {"Return": {"StatusCode": 200, "Payload": {"body": "Hello"}}}},
        "SQSSuccess": {"0": {"Return": {"MessageId": "mocked"}}},
        "LambdaRetry": {
            "0": {"Throw": {"Error": "Lambda.ResourceNotReadyException", "Cause": "not ready"}},
            "1-2": {"Throw": {"Error": "Lambda.TimeoutException", "Cause": "timed out"}},
            "3": {"Return": {"StatusCode": 200, "Payload": {"body": "Hello"}}},
        },
        "LambdaTooFew": {"0-1": {"Throw": {"Error": "Lambda.TimeoutException", "Cause": "late"}}},
    },
}


@pytest.fixture(scope="module")
def mocked(
    tmp_path_factory: pytest.TempPathFactory, wait_until: WaitUntil
) -> Iterator[tuple[Workflows, str]]:
    """Workflows on an AWS with mocks, and the one that the mocks are for."""
    file = tmp_path_factory.mktemp("mocks") / "MockConfigFile.json"
    file.write_text(json.dumps(MOCKS))
    with EmbeddedAws(time_scale=0, step_functions_mocks=file) as aws:
        client = aws.client("stepfunctions")
        states = {
            "LambdaState": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Parameters": {"FunctionName": "none", "Payload.$": "$"},
                "ResultPath": "$.function",
                "Retry": [
                    {"ErrorEquals": ["Lambda.ResourceNotReadyException"], "MaxAttempts": 1},
                    {"ErrorEquals": ["Lambda.TimeoutException"], "MaxAttempts": 2},
                ],
                "Next": "SQSState",
            },
            "SQSState": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                "Parameters": {"QueueUrl": "none", "MessageBody.$": "$"},
                "ResultPath": "$.queue",
                "End": True,
            },
        }
        arn = client.create_state_machine(
            name="LambdaSQSIntegration",
            definition=json.dumps({"StartAt": "LambdaState", "States": states}),
            roleArn=ROLE,
        )["stateMachineArn"]
        yield Workflows(client, wait_until), arn
        client.close()


def _run(mocked: tuple[Workflows, str], test_case: str) -> tuple[Any, list[str]]:
    """How an execution ended, and the errors of its attempts."""
    workflows, arn = mocked
    started = workflows.client.start_execution(stateMachineArn=f"{arn}#{test_case}", input="{}")
    ended = workflows.end(started["executionArn"])
    errors = [
        event["taskFailedEventDetails"]["error"]
        for event in workflows.events(started["executionArn"])
        if "taskFailedEventDetails" in event
    ]
    return ended, errors


def test_mocked_tasks_answer_as_the_test_case_says(mocked: tuple[Workflows, str]) -> None:
    ended, _ = _run(mocked, "HappyPath")

    assert json.loads(ended["output"]) == {
        "function": {"StatusCode": 200, "Payload": {"body": "Hello"}},
        "queue": {"MessageId": "mocked"},
    }


def test_each_attempt_of_a_mocked_task_has_its_own_answer(mocked: tuple[Workflows, str]) -> None:
    ended, errors = _run(mocked, "RetryPath")

    assert ended["status"] == "SUCCEEDED"
    assert errors == [
        "Lambda.ResourceNotReadyException",
        "Lambda.TimeoutException",
        "Lambda.TimeoutException",
    ]


def test_a_mocked_task_never_calls_the_service(mocked: tuple[Workflows, str]) -> None:
    ended, errors = _run(mocked, "TooFewPath")

    assert errors == ["Lambda.TimeoutException", "Lambda.TimeoutException", "States.Runtime"]
    assert ended["cause"] == "LambdaTooFew has no response for attempt 2."


def test_a_task_without_mock_calls_the_service(mocked: tuple[Workflows, str]) -> None:
    ended, _ = _run(mocked, "HybridPath")

    assert ended["status"] == "FAILED"
    assert "SQS" in ended["error"]


def test_a_bad_file_of_mocks_is_refused_before_the_start(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="step_functions_mocks"):
        EmbeddedAws(step_functions_mocks=tmp_path / "none.json")


# Runs in a process without any extension; prints how the workflow ended.
PLAIN = """
import json
from ministack.services import stepfunctions as workflows

task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True,
        "Retry": [{"ErrorEquals": ["States.ALL"]}]}
made = workflows._create_state_machine({
    "name": "Retried", "roleArn": "arn:aws:iam::000000000000:role/any",
    "definition": json.dumps({"StartAt": "Send", "States": {"Send": task}})})
arn = json.loads(made[2])["stateMachineArn"]
ended = workflows._start_sync_execution({"stateMachineArn": f"{arn}#Case"})
print(json.loads(ended[2])["status"])
"""


def test_ministack_still_throws_a_mocked_error_at_every_attempt(tmp_path: Path) -> None:
    """Canary of the extension ``step_functions_mocks``."""
    answers = {"0": {"Throw": {"Error": "Busy", "Cause": ""}}, "1": {"Return": {}}}
    cases = {"Retried": {"TestCases": {"Case": {"Send": "Sent"}}}}
    file = tmp_path / "MockConfigFile.json"
    file.write_text(json.dumps({"StateMachines": cases, "MockedResponses": {"Sent": answers}}))
    settings = {"SFN_MOCK_CONFIG": str(file), "SFN_WAIT_SCALE": "0", "HOME": str(tmp_path)}

    ran = subprocess.run(
        [sys.executable, "-c", PLAIN], env=settings, capture_output=True, text=True, check=True
    )

    assert ran.stdout.split()[-1] == "FAILED"
