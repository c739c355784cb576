"""What handlers log, after each call; and the canary of the extension.

The canary fails when MiniStack closes the gap itself: then drop the extension.
"""

from __future__ import annotations

import base64
import inspect
import io
import zipfile
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Literal

import pytest
from ministack.core import lambda_runtime

from constructs_lib.local import EmbeddedAws

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

PYTHON = """
def handler(event, context):
    for number in range(event):
        print("line", number)
    if event == 3:
        raise ValueError("three")
"""
JAVASCRIPT = """
export const handler = async (event) => {
  for (let number = 0; number < event; number += 1) console.log("line", number);
  if (event === 3) throw new Error("three");
};
"""


@pytest.fixture
def functions(aws: EmbeddedAws) -> Iterator[LambdaClient]:
    with closing(aws.client("lambda")) as client:
        yield client


@pytest.mark.parametrize(
    ("name", "file", "runtime", "code"),
    [
        ("logs-in-python", "index.py", "python3.13", PYTHON),
        ("logs-in-javascript", "index.mjs", "nodejs22.x", JAVASCRIPT),
    ],
)
def test_each_call_has_its_own_lines_and_no_others(
    functions: LambdaClient,
    name: str,
    file: str,
    runtime: Literal["nodejs22.x", "python3.13"],
    code: str,
) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr(file, code)
    functions.create_function(
        FunctionName=name,
        Runtime=runtime,
        Handler="index.handler",
        Role="arn:aws:iam::000000000000:role/any",
        Code={"ZipFile": archive.getvalue()},
    )

    def lines_of(event: int) -> list[str]:
        answer = functions.invoke(FunctionName=name, Payload=str(event), LogType="Tail")
        log = base64.b64decode(answer.get("LogResult", "")).decode()
        assert "\x1e" not in log
        return [line for line in log.splitlines() if line.startswith("line")]

    expected = {count: [f"line {number}" for number in range(count)] for count in (2, 0, 3, 1)}
    assert {count: lines_of(count) for count in expected} == expected


def test_canary_plain_ministack_waits_for_lines_that_may_never_come() -> None:
    assert "first_line_wait: float = 0.050" in inspect.getsource(
        lambda_runtime.Worker._drain_stderr_bounded
    )
