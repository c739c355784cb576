"""Sign up many users from one file."""

from typing import Literal

import jsii
from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from constructs_lib.orchestration.bulk_sign_up_row import sign_up_row
from constructs_lib.orchestration.retry_policies import S3_TRANSIENT
from constructs_lib.orchestration.sdk_task import SdkTask
from constructs_lib.orchestration.workflow import Workflow
from constructs_lib.validation import ConfigError, require_between, require_match

INVALID_REQUEST = "BulkSignUp.InvalidRequest"

# Child executions that one Map Run works at at once.
# Source: Step Functions developer guide, "Service quotas" (read 2026-11-23).
_MOST_CONCURRENT_ROWS = 10_000
_DEFAULT_TIMEOUT = Duration.days(7)
_MAP_LABEL = "Rows"
_WRITER_FLAG = "@aws-cdk/aws-stepfunctions:useDistributedMapResultWriterV2"


class BulkSignUp(Construct):
    """Start one sign-up for each row of a file in S3, wait for them and report each row's outcome.

    Creates a Standard workflow with a Distributed Map. ``sign_up`` and ``bucket`` stay the
    caller's; the workflow may read ``bucket``, write under ``report_prefix`` and start ``sign_up``.

    Start it with ``{"bucket": "…", "key": "…"}``; ``bucket`` must be the one given here. Each row
    is the input of one sign-up: ``email`` and ``name``, from a CSV file's header or as fields of
    each line of JSON. It ends in ``{"report": {"bucket": "…", "key": "…"}, "mapRunArn": "…"}``; the
    key is that of a manifest which names the files of succeeded, failed and pending rows, each row
    with its input and its output or error: personal data, as in the file that was read. The error
    of a failed sign-up is in the description of it that is the row's cause. If the rest is given
    up, the report is written too, under ``report_prefix`` and the id of the Map Run (ListMapRuns).

    A row's sign-up is named after the file's ETag and the row's number, so that a second run of the
    same file within 90 days starts nobody's sign-up twice: a row that runs is waited for, one that
    ended before reports how. A repaired file has another ETag.

    Args:
        sign_up: The workflow to start, Standard.
        bucket: Where the files are, and the report is written.
        item_format: CSV, its first row the header, or JSON_LINES.
        max_concurrency: Sign-ups that are under way at once, 1 to 10,000; 10 by default. Cognito
            creates 50 users a second, shared by the account's pools; ten sign-ups of a fifth of a
            second reach that. A sign-up that waits for a person holds its place: allow as many as
            may wait.
        tolerated_failure_percentage: Rows that may fail before the rest is given up, 0 to 100; by
            default 100, none is given up. Beyond it AWS stops the sign-ups under way, and a
            stopped workflow undoes nothing.
        report_prefix: Where in ``bucket`` reports are written; ends in a slash.
        timeout: Longest time for one file, 7 days by default.
    Raises:
        ConfigError: A number is out of range, the format is unknown, or the prefix ends in no
            slash.
    Source: Step Functions developer guide, "Using Map state in Distributed mode",
        "ItemReader", "ResultWriter", "IAM policies for using Distributed Map states", "Service
        quotas"; Amazon Cognito developer guide, "Quotas" (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        sign_up: sfn.IStateMachine,
        bucket: s3.IBucket,
        item_format: Literal["CSV", "JSON_LINES"] = "CSV",
        max_concurrency: int = 10,
        tolerated_failure_percentage: int = 100,
        report_prefix: str = "sign-up-reports/",
        timeout: Duration | None = None,
    ) -> None:
        _check(item_format, max_concurrency, tolerated_failure_percentage, report_prefix)
        timeout = timeout or _DEFAULT_TIMEOUT
        super().__init__(scope, id_)
        # Without it CDK leaves the report out of the definition.
        self.node.set_context(_WRITER_FLAG, True)
        self.bucket = bucket
        rows = sfn.DistributedMap.jsonata(
            self,
            "Sign up each row",
            label=_MAP_LABEL,
            item_reader=_reader(item_format, bucket),
            item_selector={
                "row": "{% $states.context.Map.Item.Value %}",
                "requestId": "{% $states.input.etag & '-'"
                " & $string($states.context.Map.Item.Index) %}",
            },
            max_concurrency=max_concurrency,
            tolerated_failure_percentage=tolerated_failure_percentage,
            result_writer_v2=_Report(bucket, report_prefix),
            outputs={
                "mapRunArn": "{% $states.result.MapRunArn %}",
                "report": {
                    "bucket": "{% $states.result.ResultWriterDetails.Bucket %}",
                    "key": "{% $states.result.ResultWriterDetails.Key %}",
                },
            },
        ).item_processor(sign_up_row(self, sign_up=sign_up, timeout=timeout))
        self.workflow = Workflow(
            self,
            "Workflow",
            definition=self._check_request()
            .otherwise(self._refuse())
            .when(self._request_is_valid(), self._find_file().next(rows)),
            timeout=timeout,
        )
        if bucket.encryption_key:
            # CDK grants it with neither reader nor writer (aws/aws-cdk #32144).
            bucket.encryption_key.grant_encrypt_decrypt(self.workflow.state_machine)

    def grant_start_execution(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let ``grantee`` start sign-ups of a whole file."""
        return self.workflow.grant_start_execution(grantee)

    def _check_request(self) -> sfn.Choice:
        return sfn.Choice.jsonata(self, "Check request")

    def _request_is_valid(self) -> sfn.Condition:
        # In a JSON text, not in a JSONata one: the name may be known only at deployment.
        return sfn.Condition.jsonata(
            f"{{% $states.input.bucket = '{self.bucket.bucket_name}' "
            "and $type($states.input.key) = 'string' %}"
        )

    def _refuse(self) -> sfn.Fail:
        return sfn.Fail.jsonata(
            self,
            "Refuse request",
            error=INVALID_REQUEST,
            cause="the input must carry this workflow's bucket and the key of a file as text",
        )

    def _find_file(self) -> SdkTask:
        task = SdkTask(
            self,
            "Find file",
            service="s3",
            action="headObject",
            parameters={"Bucket": self.bucket.bucket_name, "Key": "{% $states.input.key %}"},
            iam_resources=[self.bucket.arn_for_objects("*")],
            outputs={
                "key": "{% $states.input.key %}",
                # S3 puts ETags in quotation marks, which no execution name may have.
                "etag": "{% $replace($states.result.ETag, '\"', '') %}",
            },
        )
        S3_TRANSIENT.add_to(task)
        return task


class _Report(sfn.ResultWriterV2):
    """A result writer that may write under its prefix; CDK's may write anywhere in the bucket."""

    def __init__(self, bucket: s3.IBucket, prefix: str) -> None:
        super().__init__(bucket=bucket, prefix=prefix)
        self._objects = bucket.arn_for_objects(f"{prefix}*")

    @jsii.member(jsii_name="providePolicyStatements")
    def provide_policy_statements(self) -> list[iam.PolicyStatement]:
        return [
            iam.PolicyStatement(
                actions=[
                    "s3:PutObject",
                    "s3:GetObject",
                    "s3:ListMultipartUploadParts",
                    "s3:AbortMultipartUpload",
                ],
                resources=[self._objects],
            )
        ]


def _reader(item_format: str, bucket: s3.IBucket) -> sfn.IItemReader:
    key = "{% $states.input.key %}"
    if item_format == "CSV":
        return sfn.S3CsvItemReader(bucket=bucket, key=key)
    return sfn.S3JsonLItemReader(bucket=bucket, key=key)


def _check(
    item_format: str,
    max_concurrency: int,
    tolerated_failure_percentage: int,
    report_prefix: str,
) -> None:
    if item_format not in ("CSV", "JSON_LINES"):
        raise ConfigError(
            f"item_format must be CSV or JSON_LINES, got {item_format!r}; "
            "one row a line, with email and name"
        )
    require_between(
        "max_concurrency",
        max_concurrency,
        1,
        _MOST_CONCURRENT_ROWS,
        remedy="each sign-up under way counts, one that waits for a person too",
    )
    require_between(
        "tolerated_failure_percentage",
        tolerated_failure_percentage,
        0,
        100,
        remedy="100 signs every row up that can be",
    )
    require_match(
        "report_prefix",
        report_prefix,
        r"[^/].*/",
        rule="begin with a name and end in a slash",
        remedy="name a folder for reports alone, for example 'sign-up-reports/'",
    )
