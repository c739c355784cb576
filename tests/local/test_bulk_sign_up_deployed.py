"""Files of users on the embedded AWS: every row signed up once, who failed named in a report."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import App, CfnOutput, DefaultStackSynthesizer, RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_s3 as s3
from aws_cdk.assertions import Template

from constructs_lib.local import EmbeddedAws
from constructs_lib.orchestration import BulkSignUp, SignUpWorkflow
from tests.coverage_table import LOG
from tests.local.account import Account
from tests.local.workflows import Workflows

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

    from tests.local.conftest import WaitUntil

_CDK_JSON = Path(__file__).parent.parent.parent / "cdk.json"
_AT_ONCE = 2
_CUT_OFF = "States.ExceedToleratedFailureThreshold"


def _template() -> str:
    settings = json.loads(_CDK_JSON.read_text(encoding="utf-8"))
    stack = Stack(
        App(context=settings["context"]),
        "Stack",
        # There is no asset: the account needs no bootstrap.
        synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
    )
    bucket = s3.Bucket(stack, "Files")
    sign_up = SignUpWorkflow(
        stack,
        "SignUp",
        event_bus=events.EventBus(stack, "Bus"),
        removal_policy=RemovalPolicy.DESTROY,
    )
    machine = sign_up.state_machine
    bulks = {
        "Csv": BulkSignUp(stack, "Csv", sign_up=machine, bucket=bucket, max_concurrency=_AT_ONCE),
        "Lines": BulkSignUp(
            stack, "Lines", sign_up=machine, bucket=bucket, item_format="JSON_LINES"
        ),
        "Strict": BulkSignUp(
            stack,
            "Strict",
            sign_up=machine,
            bucket=bucket,
            max_concurrency=1,
            tolerated_failure_percentage=30,
        ),
    }
    outputs = {
        "Bucket": bucket.bucket_name,
        "SignUp": machine.state_machine_arn,
        "Users": sign_up.table.table_name,
        "Pool": sign_up.user_pool.user_pool_id,
        **{name: bulk.workflow.state_machine.state_machine_arn for name, bulk in bulks.items()},
    }
    for name, value in outputs.items():
        CfnOutput(stack, f"{name}Output", value=value).override_logical_id(f"Its{name}")
    return json.dumps(Template.from_stack(stack).to_json())


class Files:
    """The deployed workflows, and what they leave behind."""

    def __init__(self, account: Account, wait_until: WaitUntil) -> None:
        self.stepfunctions = account.client("stepfunctions")
        self.workflows = Workflows(self.stepfunctions, wait_until)
        self._s3 = account.client("s3")
        self._dynamodb = account.client("dynamodb")
        self._pools = account.client("cognito-idp")
        self._cloudformation = account.client("cloudformation")
        self._stack = f"bulk-{uuid.uuid4().hex[:8]}"
        self._cloudformation.create_stack(StackName=self._stack, TemplateBody=_template())
        made = wait_until(self._made)
        assert made["StackStatus"] == "CREATE_COMPLETE", made
        self.outputs = {o["OutputKey"][3:]: o["OutputValue"] for o in made["Outputs"]}

    def delete(self) -> None:
        self._cloudformation.delete_stack(StackName=self._stack)

    def _made(self) -> dict[str, Any] | None:
        found = self._cloudformation.describe_stacks(StackName=self._stack)["Stacks"]
        stack: dict[str, Any] = found[0]
        return None if stack["StackStatus"].endswith("IN_PROGRESS") else stack

    def put(self, body: str) -> str:
        """Put a file into the bucket; its key."""
        key = f"files/{uuid.uuid4().hex[:8]}"
        self._s3.put_object(Bucket=self.outputs["Bucket"], Key=key, Body=body.encode())
        return key

    def sign_up(self, workflow: str, key: str) -> DescribeExecutionOutputTypeDef:
        """Sign everybody up in the file, and wait for the end."""
        started = self.stepfunctions.start_execution(
            stateMachineArn=self.outputs[workflow],
            input=json.dumps({"bucket": self.outputs["Bucket"], "key": key}),
        )
        ended = self.workflows.end(started["executionArn"])
        self._note_paths(ended)
        return ended

    def _note_paths(self, ended: DescribeExecutionOutputTypeDef) -> None:
        """Count the paths that the file's execution and those of its rows took."""
        found = self.stepfunctions.describe_state_machine(stateMachineArn=ended["stateMachineArn"])
        runs = self.stepfunctions.list_map_runs(executionArn=ended["executionArn"])["mapRuns"]
        rows = [
            row["executionArn"]
            for run in runs
            for row in self.stepfunctions.list_executions(mapRunArn=run["mapRunArn"])["executions"]
        ]
        pages = self.stepfunctions.get_paginator("get_execution_history")
        for arn in [ended["executionArn"], *rows]:
            history = [e for page in pages.paginate(executionArn=arn) for e in page["events"]]
            LOG.note_history("c", json.loads(found["definition"]), history)

    def report(self, ended: DescribeExecutionOutputTypeDef) -> dict[str, list[dict[str, Any]]]:
        """The rows of a report by status, as its manifest names the files."""
        return self._rows(json.loads(ended["output"])["report"])

    def report_of_failed(
        self, ended: DescribeExecutionOutputTypeDef
    ) -> dict[str, list[dict[str, Any]]]:
        """The same of an execution without output: its Map Run tells where the report is."""
        found = self.stepfunctions.list_map_runs(executionArn=ended["executionArn"])["mapRuns"]
        run = found[0]["mapRunArn"].rpartition(":")[2]
        key = f"sign-up-reports/{run}/manifest.json"
        return self._rows({"bucket": self.outputs["Bucket"], "key": key})

    def _rows(self, report: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
        files = self._json(report["bucket"], report["key"])["ResultFiles"]
        return {
            status: [row for file in named for row in self._json(report["bucket"], file["Key"])]
            for status, named in files.items()
        }

    def _json(self, bucket: str, key: str) -> Any:
        return json.loads(self._s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    def users(self, domain: str) -> list[str]:
        """The people of one test; each has an identity, and everybody's has a profile."""
        items = self._dynamodb.scan(TableName=self.outputs["Users"])["Items"]
        profiles = {item["pk"]["S"] for item in items if item["pk"]["S"].startswith("USER#")}
        found = self._pools.list_users(UserPoolId=self.outputs["Pool"])["Users"]
        assert {f"USER#{user['Username']}" for user in found} == profiles
        attributes = [attribute for user in found for attribute in user["Attributes"]]
        addresses = [each["Value"] for each in attributes if each["Name"] == "email"]
        return sorted(address for address in addresses if address.endswith(f"@{domain}"))

    def runs(self) -> list[dict[str, Any]]:
        """The sign-ups so far."""
        pages = self.stepfunctions.get_paginator("list_executions")
        found = pages.paginate(stateMachineArn=self.outputs["SignUp"])
        return [run for page in found for run in page["executions"]]


@pytest.fixture(scope="module")
def files(aws: EmbeddedAws, wait_until: WaitUntil) -> Iterator[Files]:
    with closing(Account(aws)) as account:
        files = Files(account, wait_until)
        yield files
        files.delete()


def csv(rows: Sequence[tuple[str, str]]) -> str:
    return "".join(f"{email},{name}\n" for email, name in [("email", "name"), *rows])


def email(record: dict[str, Any]) -> object:
    """Whose row a report's record is."""
    return json.loads(record["Input"])["row"]["email"]


def error(record: dict[str, Any]) -> object:
    """Why a sign-up failed: in the description of it that is the row's cause."""
    assert record["Error"] == "States.TaskFailed"
    return json.loads(record["Cause"])["Error"]


def test_every_row_of_a_csv_file_becomes_a_user_but_those_that_the_report_names(
    files: Files,
) -> None:
    good = [(f"user{n}@first.example", f"User {n}") for n in range(5)]
    bad = [("no address", "Nobody"), ("", "Nobody")]
    twice = [("twice@first.example", "One"), ("twice@first.example", "Other")]

    ended = files.sign_up("Csv", files.put(csv([*good, *bad, *twice])))

    report = files.report(ended)
    signed_up = sorted([*(address for address, _ in good), "twice@first.example"])
    assert files.users("first.example") == signed_up
    assert sorted(str(email(record)) for record in report["SUCCEEDED"]) == signed_up
    assert sorted((email(record), error(record)) for record in report["FAILED"]) == [
        ("", "SignUp.InvalidRequest"),
        ("no address", "SignUp.InvalidRequest"),
        ("twice@first.example", "SignUp.EmailTaken"),
    ]
    assert report["PENDING"] == []


def test_a_succeeded_row_tells_of_its_user(files: Files) -> None:
    ended = files.sign_up("Csv", files.put(csv([("a@told.example", "A")])))

    [record] = files.report(ended)["SUCCEEDED"]
    output = json.loads(record["Output"])
    run = files.stepfunctions.describe_execution(
        executionArn=f"{files.outputs['SignUp'].replace('stateMachine', 'execution')}:"
        f"{output['requestId']}"
    )
    assert json.loads(run["output"]) == output


def test_every_line_of_json_becomes_a_user(files: Files) -> None:
    people = [
        {"email": "zoe@lines.example", "name": "Zoë \u2028 Ω"},
        {"email": "b@lines.example", "name": 'Bob, "B"'},
        {"email": "c@lines.example"},
    ]
    lines = "\n".join(json.dumps(person, ensure_ascii=False) for person in people)

    ended = files.sign_up("Lines", files.put(lines))

    report = files.report(ended)
    assert [email(record) for record in report["FAILED"]] == ["c@lines.example"]
    assert files.users("lines.example") == ["b@lines.example", "zoe@lines.example"]


def test_no_more_sign_ups_run_at_once_than_the_bound_allows(files: Files) -> None:
    before = {run["executionArn"] for run in files.runs()}

    files.sign_up("Csv", files.put(csv([(f"{n}@bound.example", "N") for n in range(8)])))

    new = [run for run in files.runs() if run["executionArn"] not in before]
    # Ends stand before beginnings of the same moment.
    moments = sorted(
        [(run["startDate"], 1) for run in new] + [(run["stopDate"], -1) for run in new]
    )
    at_once = [sum(step for _, step in moments[: n + 1]) for n in range(len(moments))]
    assert len(new) == 8
    assert max(at_once) <= _AT_ONCE


def test_the_same_file_again_makes_no_second_user_and_reports_the_same(files: Files) -> None:
    key = files.put(csv([("a@again.example", "A"), ("no address", "B"), ("c@again.example", "C")]))
    first = files.report(files.sign_up("Csv", key))
    runs = len(files.runs())

    second = files.report(files.sign_up("Csv", key))

    assert len(files.runs()) == runs
    assert files.users("again.example") == ["a@again.example", "c@again.example"]
    outputs = [sorted(r["Output"] for r in report["SUCCEEDED"]) for report in (first, second)]
    assert outputs[0] == outputs[1]
    [failed] = second["FAILED"]
    assert (email(failed), failed["Error"]) == ("no address", "SignUp.InvalidRequest")


def test_a_repaired_file_signs_up_only_who_is_missing(files: Files) -> None:
    broken = csv([("a@repaired.example", "A"), ("b repaired.example", "B")])
    files.sign_up("Csv", files.put(broken))

    ended = files.sign_up("Csv", files.put(broken.replace("b ", "b@")))

    report = files.report(ended)
    assert [email(record) for record in report["SUCCEEDED"]] == ["b@repaired.example"]
    assert [error(record) for record in report["FAILED"]] == ["SignUp.EmailTaken"]
    assert files.users("repaired.example") == ["a@repaired.example", "b@repaired.example"]


def test_too_many_bad_rows_end_the_work_and_the_report_names_who_is_left(files: Files) -> None:
    rows = [("bad", "A"), ("worse", "B"), ("c@strict.example", "C"), ("d@strict.example", "D")]

    ended = files.sign_up("Strict", files.put(csv(rows)))

    assert (ended["status"], ended["error"]) == ("FAILED", _CUT_OFF)
    report = files.report_of_failed(ended)
    assert [email(record) for record in report["FAILED"]] == ["bad", "worse"]
    assert [email(record) for record in report["PENDING"]] == [row[0] for row in rows[2:]]
    assert files.users("strict.example") == []


def test_a_few_bad_rows_are_tolerated(files: Files) -> None:
    rows = [("bad", "A"), *((f"{n}@few.example", "N") for n in range(3))]

    ended = files.sign_up("Strict", files.put(csv(rows)))

    assert ended["status"] == "SUCCEEDED"
    assert len(files.users("few.example")) == 3


def test_a_request_without_the_files_name_is_refused(files: Files) -> None:
    ended = files.sign_up("Csv", None)  # type: ignore[arg-type]  # what a caller may send all the same

    assert (ended["status"], ended["error"]) == ("FAILED", "BulkSignUp.InvalidRequest")
