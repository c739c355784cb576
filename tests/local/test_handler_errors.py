"""What handlers raise, as callers and workflows see it; and the canary of the extension.

The canary fails when MiniStack closes the gap itself: then drop the extension.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from constructs_lib.local import EmbeddedAws

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

    from tests.local.conftest import WaitUntil

PYTHON = """
class CardDeclined(Exception):
    pass
def pay(amount):
    raise CardDeclined(f"{amount} is too much")
def handler(event, context):
    return pay(event)
"""
JAVASCRIPT = """
class CardDeclined extends Error { name = "CardDeclined"; }
export const handler = HOW;
"""
ASYNC = 'async (event) => { throw new CardDeclined(event + " is too much"); }'
SYNC = '(event) => { throw new CardDeclined(event + " is too much"); }'
TEXT = "async () => { throw 'too much'; }"

COUNTING_PYTHON = """
calls = 0
def handler(event, context):
    global calls
    calls += 1
    return calls if event == 1 else 1 / 0
"""
COUNTING_JAVASCRIPT = """
let calls = 0;
export const handler = async (event) => {
  calls += 1;
  if (event !== 1) throw new Error("no");
  return calls;
};
"""


@pytest.fixture
def functions(aws: EmbeddedAws) -> Iterator[LambdaClient]:
    with closing(aws.client("lambda")) as client:
        yield client


def make(
    functions: LambdaClient,
    file: str,
    code: str,
    runtime: Literal["nodejs22.x", "python3.13"] = "nodejs22.x",
) -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr(file, code)
    return functions.create_function(
        FunctionName=f"raising-{uuid.uuid4().hex[:8]}",
        Runtime=runtime,
        Handler="index.handler",
        Role="arn:aws:iam::000000000000:role/any",
        Code={"ZipFile": archive.getvalue()},
    )["FunctionArn"]


def answer_of(functions: LambdaClient, arn: str) -> dict[str, Any]:
    answer = functions.invoke(FunctionName=arn, Payload=b"900")
    assert answer["FunctionError"] == "Unhandled"
    payload: dict[str, Any] = json.load(answer["Payload"])
    return payload


def test_an_exception_in_python_is_named_by_its_class_with_the_users_stack(
    functions: LambdaClient,
) -> None:
    payload = answer_of(functions, make(functions, "index.py", PYTHON, "python3.13"))

    assert payload.keys() == {"errorMessage", "errorType", "requestId", "stackTrace"}
    assert (payload["errorType"], payload["errorMessage"]) == ("CardDeclined", "900 is too much")
    assert [", in " + line.split(", in ")[1].split("\n")[0] for line in payload["stackTrace"]] == [
        ", in handler",
        ", in pay",
    ]


@pytest.mark.parametrize("how", [ASYNC, SYNC], ids=["async", "sync"])
def test_an_error_in_javascript_is_named_by_its_name(functions: LambdaClient, how: str) -> None:
    payload = answer_of(functions, make(functions, "index.mjs", JAVASCRIPT.replace("HOW", how)))

    assert (payload["errorType"], payload["errorMessage"]) == ("CardDeclined", "900 is too much")
    assert payload["trace"][0] == "CardDeclined: 900 is too much"


def test_what_is_no_error_in_javascript_is_named_by_its_type(functions: LambdaClient) -> None:
    payload = answer_of(functions, make(functions, "index.mjs", JAVASCRIPT.replace("HOW", TEXT)))

    assert payload == {"errorType": "string", "errorMessage": "too much", "trace": []}


@pytest.mark.parametrize(
    ("file", "runtime", "code"),
    [
        ("index.py", "python3.13", COUNTING_PYTHON),
        ("index.mjs", "nodejs22.x", COUNTING_JAVASCRIPT),
    ],
)
def test_what_has_raised_serves_the_next_call(
    functions: LambdaClient, file: str, runtime: Literal["nodejs22.x", "python3.13"], code: str
) -> None:
    arn = make(functions, file, code, runtime)
    answer_of(functions, arn)

    assert json.load(functions.invoke(FunctionName=arn, Payload=b"1")["Payload"]) == 2


def test_a_workflow_catches_it_by_its_name(
    aws: EmbeddedAws, functions: LambdaClient, wait_until: WaitUntil
) -> None:
    function = make(functions, "index.py", PYTHON, "python3.13")
    definition = {
        "StartAt": "Pay",
        "States": {
            "Pay": {
                "Type": "Task",
                "Resource": function,
                "Catch": [{"ErrorEquals": ["CardDeclined"], "Next": "Declined"}],
                "End": True,
            },
            "Declined": {"Type": "Succeed"},
        },
    }
    with closing(aws.client("stepfunctions")) as workflows:
        machine = workflows.create_state_machine(
            name=f"paying-{uuid.uuid4().hex[:8]}",
            definition=json.dumps(definition),
            roleArn="arn:aws:iam::000000000000:role/any",
        )["stateMachineArn"]
        run = workflows.start_execution(stateMachineArn=machine, input="900")["executionArn"]

        def ended() -> dict[str, Any] | None:
            found: Any = workflows.describe_execution(executionArn=run)
            return None if found["status"] == "RUNNING" else found

        result = wait_until(ended)
    assert result["status"] == "SUCCEEDED"
    assert json.loads(result["output"])["Error"] == "CardDeclined"


def test_canary_plain_ministack_names_no_exception(tmp_path: Path) -> None:
    program = (
        "from ministack.core import lambda_runtime as runtime; "
        "print('__name__' in runtime._PYTHON_WORKER_SCRIPT.split('def run()')[1], "
        "'errorType' in runtime._NODEJS_WORKER_SCRIPT)"
    )
    printed = subprocess.check_output(
        [sys.executable, "-c", program],
        text=True,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "STATE_DIR": str(tmp_path)},
    )
    assert printed == "False False\n"
