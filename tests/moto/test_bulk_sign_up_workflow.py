"""The rows of a file, each through a sign-up of its own, on moto's interpreter.

moto 5.2.5 and MiniStack 1.5.33 run no JSONata in a Distributed Map, so the Map runs inline here,
over rows that Python has read. Unproven: reading the file, how many rows may fail, the report.
"""

import copy
import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template

from constructs_lib.orchestration.bulk_sign_up import BulkSignUp
from constructs_lib.templates.state_machines import state_machine_definition, state_machine_ids
from constructs_lib.testing.moto_engine import WorkflowEngine, WorkflowRun, moto_workflows

_CDK_JSON = Path(__file__).parent.parent.parent / "cdk.json"
_BUCKET = "files-of-users"
_ROLE = "arn:aws:iam::123456789012:role/workflow"
_MAP = "Sign up each row"
_ROWS = "email,name\nada@example.com,Ada\nbob@example.com,Bob\n"
_REFUSED_ROW = "refused@example.com,No One\n"
_REQUEST = {"bucket": _BUCKET, "key": "users.csv"}


def _sign_up_definition() -> dict[str, Any]:
    """Signs up everybody but one; what it answers is all that matters here."""
    return {
        "QueryLanguage": "JSONata",
        "StartAt": "Check",
        "States": {
            "Check": {
                "Type": "Choice",
                "Choices": [
                    {
                        "Condition": "{% $states.input.email = 'refused@example.com' %}",
                        "Next": "Refuse",
                    }
                ],
                "Default": "Done",
            },
            "Refuse": {"Type": "Fail", "Error": "SignUp.EmailTaken", "Cause": "taken"},
            "Done": {
                "Type": "Pass",
                "Output": {"signedUp": "{% $states.input.name %}"},
                "End": True,
            },
        },
    }


def _bulk_definition(sign_up_arn: str) -> dict[str, Any]:
    settings = json.loads(_CDK_JSON.read_text(encoding="utf-8"))
    stack = Stack(App(context=settings["context"]), "Bulk")
    BulkSignUp(
        stack,
        "Bulk",
        sign_up=sfn.StateMachine.from_state_machine_arn(stack, "SignUp", sign_up_arn),
        bucket=s3.Bucket.from_bucket_name(stack, "Files", _BUCKET),
    )
    template = Template.from_stack(stack).to_json()
    (logical_id,) = state_machine_ids(template)
    return dict(state_machine_definition(template, logical_id, substitutions={}))


def _inline(definition: Mapping[str, Any], rows: str) -> dict[str, Any]:
    """The same with an inline Map over ``rows``; nothing else is changed."""
    adapted = copy.deepcopy(dict(definition))
    each = adapted["States"][_MAP]
    for field in ("ItemReader", "ResultWriter", "ToleratedFailurePercentage", "Label", "Output"):
        del each[field]
    each["ItemProcessor"]["ProcessorConfig"] = {"Mode": "INLINE"}
    each["Items"] = list(csv.DictReader(io.StringIO(rows)))
    return adapted


class Files:
    """The engine with a bucket, the sign-up and the bulk workflows."""

    def __init__(self, engine: WorkflowEngine) -> None:
        self.engine = engine
        self.workflows = boto3.client("stepfunctions")
        self.objects = boto3.client("s3")
        self.objects.create_bucket(Bucket=_BUCKET)
        self.sign_up_arn = self.workflows.create_state_machine(
            name="sign-up", definition=json.dumps(_sign_up_definition()), roleArn=_ROLE
        )["stateMachineArn"]
        self.bulk = _bulk_definition(self.sign_up_arn)

    def put(self, rows: str) -> str:
        answer = self.objects.put_object(Bucket=_BUCKET, Key="users.csv", Body=rows.encode())
        return str(answer["ETag"]).strip('"')

    def run(self, rows: str) -> tuple[str, WorkflowRun]:
        """Put ``rows`` in the bucket and sign them up; the file's ETag and the run."""
        return self.put(rows), self.engine.run(_inline(self.bulk, rows), _REQUEST)

    def sign_ups(self, etag: str) -> dict[str, dict[str, Any]]:
        """The sign-ups started for one state of the file, by name."""
        found = self.workflows.list_executions(stateMachineArn=self.sign_up_arn)["executions"]
        return {
            run["name"]: dict(self.workflows.describe_execution(executionArn=run["executionArn"]))
            for run in found
            if run["name"].startswith(etag)
        }


@pytest.fixture(scope="module")
def files() -> Iterator[Files]:
    with moto_workflows() as engine:
        yield Files(engine)


def test_each_row_is_signed_up_once_under_a_name_of_its_own(files: Files) -> None:
    etag, run = files.run(_ROWS)

    assert run.output == [{"signedUp": "Ada"}, {"signedUp": "Bob"}], run.cause
    sign_ups = files.sign_ups(etag)
    assert sorted(sign_ups) == [f"{etag}-0", f"{etag}-1"]
    assert json.loads(sign_ups[f"{etag}-0"]["input"]) == {"email": "ada@example.com", "name": "Ada"}


def test_the_same_file_again_starts_no_sign_up_twice_and_tells_how_they_ended(
    files: Files,
) -> None:
    rows = _ROWS + "again@example.com,Again\n"
    etag, first = files.run(rows)
    before = files.sign_ups(etag)

    _, again = files.run(rows)

    assert len(before) == 3
    assert files.sign_ups(etag).keys() == before.keys()
    assert again.output == first.output
    assert again.path.count("Earlier sign-up succeeded") == 3


def test_a_row_that_failed_before_fails_again_with_its_error_and_no_other_sign_up(
    files: Files,
) -> None:
    rows = "email,name\n" + _REFUSED_ROW
    etag, first = files.run(rows)

    _, again = files.run(rows)

    assert (first.status, first.error) == ("FAILED", "States.TaskFailed")
    assert "SignUp.EmailTaken" in str(first.cause)
    assert (again.status, again.error, again.cause) == ("FAILED", "SignUp.EmailTaken", "taken")
    assert len(files.sign_ups(etag)) == 1


@pytest.mark.parametrize(
    "request_", [{"bucket": "elsewhere", "key": "users.csv"}, {"bucket": _BUCKET}, {"key": "k"}, {}]
)
def test_another_bucket_or_no_key_is_refused(files: Files, request_: dict[str, str]) -> None:
    run = files.engine.run(_inline(files.bulk, _ROWS), request_)

    assert (run.status, run.error) == ("FAILED", "BulkSignUp.InvalidRequest")


def test_a_file_that_is_not_there_fails_before_any_sign_up(files: Files) -> None:
    run = files.engine.run(_inline(files.bulk, _ROWS), {"bucket": _BUCKET, "key": "missing.csv"})

    assert run.status == "FAILED"
    assert _MAP not in run.path
