import json
from collections.abc import Callable
from typing import Any, Literal

import pytest
from aws_cdk import App, Duration, Stack, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Match, Template

from constructs_lib.orchestration.bulk_sign_up import BulkSignUp
from constructs_lib.templates.state_machines import state_machine_definition, state_machine_ids
from constructs_lib.validation import ConfigError

_ROWS = "Sign up each row"


@pytest.fixture
def sign_up(stack: Stack) -> sfn.IStateMachine:
    return sfn.StateMachine.from_state_machine_name(stack, "CallersSignUp", "callers-sign-up")


@pytest.fixture
def bucket(stack: Stack) -> s3.IBucket:
    return s3.Bucket.from_bucket_name(stack, "CallersBucket", "callers-bucket")


def _definition(template: Template) -> dict[str, Any]:
    document = template.to_json()
    (logical_id,) = state_machine_ids(document)
    return dict(state_machine_definition(document, logical_id, substitutions={}, placeholders=True))


def _rights(template: Template) -> dict[str, list[str]]:
    """What the workflow's role may do, and on what; log and trace apart."""
    rights: dict[str, list[str]] = {}
    for policy in template.find_resources("AWS::IAM::Policy").values():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            actions = statement["Action"]
            for action in actions if isinstance(actions, list) else [actions]:
                if not action.startswith(("logs:", "xray:")):
                    resources = statement["Resource"]
                    rights.setdefault(action, []).extend(
                        json.dumps(resource)
                        for resource in (resources if isinstance(resources, list) else [resources])
                    )
    return rights


def test_a_csv_files_rows_become_ten_sign_ups_at_a_time_and_none_is_given_up(
    stack: Stack, sign_up: sfn.IStateMachine, bucket: s3.IBucket, synthesize: Callable[[], Template]
) -> None:
    BulkSignUp(stack, "Bulk", sign_up=sign_up, bucket=bucket)

    definition = _definition(synthesize())
    rows = definition["States"][_ROWS]
    assert definition["TimeoutSeconds"] == 7 * 24 * 60 * 60
    assert rows["ItemProcessor"]["ProcessorConfig"] == {
        "Mode": "DISTRIBUTED",
        "ExecutionType": "STANDARD",
    }
    assert rows["ItemReader"]["ReaderConfig"] == {
        "InputType": "CSV",
        "CSVHeaderLocation": "FIRST_ROW",
    }
    assert rows["ItemReader"]["Arguments"]["Key"] == "{% $states.input.key %}"
    assert rows["MaxConcurrency"] == 10
    assert rows["ToleratedFailurePercentage"] == 100
    assert rows["ResultWriter"]["Arguments"] == {
        "Bucket": "callers-bucket",
        "Prefix": "sign-up-reports/",
    }


def test_every_argument_reaches_the_template(
    stack: Stack, sign_up: sfn.IStateMachine, bucket: s3.IBucket, synthesize: Callable[[], Template]
) -> None:
    BulkSignUp(
        stack,
        "Bulk",
        sign_up=sign_up,
        bucket=bucket,
        item_format="JSON_LINES",
        max_concurrency=500,
        tolerated_failure_percentage=5,
        report_prefix="reports/users/",
        timeout=Duration.hours(2),
    )

    definition = _definition(synthesize())
    rows = definition["States"][_ROWS]
    assert definition["TimeoutSeconds"] == 7200
    assert rows["ItemProcessor"]["States"]["Sign up"]["TimeoutSeconds"] == 7200
    assert rows["ItemReader"]["ReaderConfig"] == {"InputType": "JSONL"}
    assert rows["MaxConcurrency"] == 500
    assert rows["ToleratedFailurePercentage"] == 5
    assert rows["ResultWriter"]["Arguments"]["Prefix"] == "reports/users/"


def test_a_row_is_the_whole_input_of_a_sign_up_named_after_file_and_row(
    stack: Stack, sign_up: sfn.IStateMachine, bucket: s3.IBucket, synthesize: Callable[[], Template]
) -> None:
    BulkSignUp(stack, "Bulk", sign_up=sign_up, bucket=bucket)

    rows = _definition(synthesize())["States"][_ROWS]
    start = rows["ItemProcessor"]["States"]["Sign up"]
    assert start["Resource"].endswith(":states:::states:startExecution.sync:2")
    assert start["Arguments"]["Name"] == "{% $states.input.requestId %}"
    assert start["Arguments"]["Input"] == "{% $states.input.row %}"
    assert "$states.context.Map.Item.Index" in rows["ItemSelector"]["requestId"]
    assert "etag" in rows["ItemSelector"]["requestId"]


def test_the_role_reads_the_bucket_writes_reports_and_starts_this_sign_up_and_no_more(
    stack: Stack, sign_up: sfn.IStateMachine, bucket: s3.IBucket, synthesize: Callable[[], Template]
) -> None:
    bulk = BulkSignUp(stack, "Bulk", sign_up=sign_up, bucket=bucket)

    rights = _rights(synthesize())
    own = json.dumps(stack.resolve(bulk.workflow.state_machine.state_machine_arn))
    assert sorted(rights) == [
        "events:DescribeRule",
        "events:PutRule",
        "events:PutTargets",
        "s3:AbortMultipartUpload",
        "s3:GetObject",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
        "states:DescribeExecution",
        "states:RedriveExecution",
        "states:StartExecution",
        "states:StopExecution",
    ]
    assert not any('"*"' in resources for resources in rights.values())
    for action in ("s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"):
        assert all(":s3:::callers-bucket/sign-up-reports/*" in arn for arn in rights[action])
    assert all(":s3:::callers-bucket/" in arn for arn in rights["s3:GetObject"])
    (start_sign_up,) = (arn for arn in rights["states:StartExecution"] if arn != own)
    assert ":stateMachine:callers-sign-up" in start_sign_up
    assert own in rights["states:StartExecution"]  # its Map Run's children
    assert all("/Rows:*" in arn for arn in rights["states:RedriveExecution"])
    sign_ups = [arn for arn in rights["states:DescribeExecution"] if own not in arn]
    assert all(":execution:callers-sign-up" in arn for arn in sign_ups)
    for action in ("events:PutRule", "events:PutTargets", "events:DescribeRule"):
        assert all(
            "rule/StepFunctionsGetEventsForStepFunctionsExecutionRule" in arn
            for arn in rights[action]
        )


def test_a_bucket_with_a_key_of_its_own_can_be_read_and_written(
    stack: Stack, sign_up: sfn.IStateMachine, synthesize: Callable[[], Template]
) -> None:
    key = kms.Key(stack, "CallersKey")
    bucket = s3.Bucket(stack, "CallersBucket", encryption_key=key)

    BulkSignUp(stack, "Bulk", sign_up=sign_up, bucket=bucket)

    rights = _rights(synthesize())
    for action in ("kms:Decrypt", "kms:GenerateDataKey*"):
        assert rights[action] == [json.dumps(stack.resolve(key.key_arn))]


def test_the_report_is_written_in_apps_without_the_feature_flag_too() -> None:
    stack = Stack(App(), "Stack")
    sign_up = sfn.StateMachine.from_state_machine_name(stack, "SignUp", "callers-sign-up")
    bucket = s3.Bucket.from_bucket_name(stack, "Bucket", "callers-bucket")

    BulkSignUp(stack, "Bulk", sign_up=sign_up, bucket=bucket)

    assert "ResultWriter" in _definition(Template.from_stack(stack))["States"][_ROWS]


def test_values_known_only_at_deployment_pass(
    stack: Stack, sign_up: sfn.IStateMachine, synthesize: Callable[[], Template]
) -> None:
    bucket = s3.Bucket(stack, "CallersBucket")

    BulkSignUp(
        stack,
        "Bulk",
        sign_up=sign_up,
        bucket=bucket,
        max_concurrency=Token.as_number({"Ref": "Most"}),  # type: ignore[arg-type]  # CDK types number tokens as float
        report_prefix=Token.as_string({"Ref": "Prefix"}),
    )

    (machine,) = synthesize().find_resources("AWS::StepFunctions::StateMachine").values()
    parts = machine["Properties"]["DefinitionString"]["Fn::Join"][1]
    for reference in ({"Ref": "Most"}, {"Ref": "Prefix"}, stack.resolve(bucket.bucket_name)):
        assert reference in parts


def test_two_bulk_sign_ups_fit_in_one_stack(
    stack: Stack, sign_up: sfn.IStateMachine, bucket: s3.IBucket, synthesize: Callable[[], Template]
) -> None:
    BulkSignUp(stack, "Members", sign_up=sign_up, bucket=bucket)
    BulkSignUp(stack, "Guests", sign_up=sign_up, bucket=bucket)

    synthesize().resource_count_is("AWS::StepFunctions::StateMachine", 2)


def test_the_l1_state_machine_stays_open_to_escape_hatches(
    stack: Stack, sign_up: sfn.IStateMachine, bucket: s3.IBucket, synthesize: Callable[[], Template]
) -> None:
    bulk = BulkSignUp(stack, "Bulk", sign_up=sign_up, bucket=bucket)
    resource = bulk.workflow.state_machine.node.default_child
    assert isinstance(resource, sfn.CfnStateMachine)

    resource.add_property_override("StateMachineName", "by-hand")

    synthesize().has_resource_properties(
        "AWS::StepFunctions::StateMachine", {"StateMachineName": "by-hand"}
    )


def test_starting_is_granted_on_the_bulk_workflow_alone(
    stack: Stack, sign_up: sfn.IStateMachine, bucket: s3.IBucket, synthesize: Callable[[], Template]
) -> None:
    bulk = BulkSignUp(stack, "Bulk", sign_up=sign_up, bucket=bucket)
    caller = iam.Role(stack, "Caller", assumed_by=iam.AccountRootPrincipal())

    grant = bulk.grant_start_execution(caller)

    assert grant.success
    synthesize().has_resource_properties(
        "AWS::IAM::Policy",
        {
            "Roles": [stack.resolve(caller.role_name)],
            "PolicyDocument": {
                "Statement": [
                    Match.object_equals(
                        {
                            "Action": "states:StartExecution",
                            "Effect": "Allow",
                            "Resource": stack.resolve(
                                bulk.workflow.state_machine.state_machine_arn
                            ),
                        }
                    )
                ]
            },
        },
    )


@pytest.mark.parametrize("max_concurrency", [0, 10_001])
def test_more_or_fewer_sign_ups_at_a_time_than_aws_runs_are_refused(
    stack: Stack, sign_up: sfn.IStateMachine, bucket: s3.IBucket, max_concurrency: int
) -> None:
    with pytest.raises(ConfigError, match="max_concurrency must be between 1 and 10000"):
        BulkSignUp(stack, "Bulk", sign_up=sign_up, bucket=bucket, max_concurrency=max_concurrency)


@pytest.mark.parametrize("percentage", [-1, 101])
def test_a_percentage_out_of_range_is_refused(
    stack: Stack, sign_up: sfn.IStateMachine, bucket: s3.IBucket, percentage: int
) -> None:
    with pytest.raises(ConfigError, match="tolerated_failure_percentage must be between 0 and"):
        BulkSignUp(
            stack, "Bulk", sign_up=sign_up, bucket=bucket, tolerated_failure_percentage=percentage
        )


@pytest.mark.parametrize("prefix", ["", "/", "reports", "/reports/"])
def test_a_prefix_that_is_no_folder_is_refused(
    stack: Stack, sign_up: sfn.IStateMachine, bucket: s3.IBucket, prefix: str
) -> None:
    with pytest.raises(ConfigError, match="report_prefix must begin with a name and end in a"):
        BulkSignUp(stack, "Bulk", sign_up=sign_up, bucket=bucket, report_prefix=prefix)


@pytest.mark.parametrize("item_format", ["JSON", "csv"])
def test_an_unknown_format_is_refused(
    stack: Stack, sign_up: sfn.IStateMachine, bucket: s3.IBucket, item_format: Literal["CSV"]
) -> None:
    with pytest.raises(ConfigError, match="item_format must be CSV or JSON_LINES"):
        BulkSignUp(stack, "Bulk", sign_up=sign_up, bucket=bucket, item_format=item_format)
