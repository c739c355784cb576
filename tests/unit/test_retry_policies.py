import re
from collections.abc import Callable, Mapping
from typing import Any

import botocore.session
import pytest
from aws_cdk import Stack
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks

from constructs_lib.orchestration import retry_policies
from constructs_lib.orchestration.retry_policies import (
    ANY_FAILURE,
    COGNITO_TRANSIENT,
    DYNAMODB_TRANSIENT,
    EVENTBRIDGE_TRANSIENT,
    LAMBDA_TRANSIENT,
    RetryPolicy,
    transient_policy,
)
from constructs_lib.service_models.service_errors import (
    SERVICE_ERRORS,
    ServiceErrors,
    errors_of,
)
from constructs_lib.validation import ConfigError

READY_SETS = {
    name: policy for name, policy in vars(retry_policies).items() if name.endswith("_TRANSIENT")
}

# Names that Step Functions or its SDK gives, so that no service model declares them.
_NOT_OF_THE_SERVICE = {
    "AWSLambdaException",
    "AccessDeniedException",
    "ClientExecutionTimeoutException",
    "FailedEntry",
    "SdkClientException",
    "ValidationException",
}
_BOTO_NAMES = {
    "cognitoidentityprovider": "cognito-idp",
    "sfn": "stepfunctions",
}


def _row_id(row: ServiceErrors) -> str:
    return row.integration


def _declared_errors(row: ServiceErrors) -> set[str]:
    """The errors of the service's model by the names that Step Functions gives them."""
    service = row.integration.removeprefix("aws-sdk:")
    model = botocore.session.get_session().get_service_model(_BOTO_NAMES.get(service, service))
    shapes = {str(shape.name) for shape in model.error_shapes}
    ending = {name if name.endswith("Exception") else f"{name}Exception" for name in shapes}
    if row.integration.startswith("aws-sdk:"):
        # The AWS SDK for Java writes acronyms as words: KMSThrottling becomes KmsThrottling.
        return {re.sub(r"^[A-Z]+(?=[A-Z][a-z])", lambda m: m[0].title(), n) for n in ending}
    return shapes | ending


@pytest.mark.parametrize("row", SERVICE_ERRORS, ids=_row_id)
def test_every_name_in_the_table_is_an_error_of_its_service(row: ServiceErrors) -> None:
    own = {f"{row.prefix}Exception"}

    unknown = {*row.transient, *row.permanent, *row.mixed} - _declared_errors(row)

    assert unknown - _NOT_OF_THE_SERVICE - own == set()


@pytest.mark.parametrize("row", SERVICE_ERRORS, ids=_row_id)
def test_an_error_is_transient_permanent_or_mixed_but_not_two_of_them(row: ServiceErrors) -> None:
    names = [*row.transient, *row.permanent, *row.mixed]

    assert len(names) == len(set(names))
    assert row.transient
    assert row.permanent


@pytest.mark.parametrize("row", SERVICE_ERRORS, ids=_row_id)
def test_every_row_says_where_it_is_from_and_when_it_was_read(row: ServiceErrors) -> None:
    assert "read 2026-11-23" in row.source


def test_sdk_errors_always_end_in_exception_and_optimized_ones_have_their_own_prefix() -> None:
    prefixes = [row.prefix for row in SERVICE_ERRORS]

    assert len(set(prefixes)) == len(prefixes)
    for row in SERVICE_ERRORS:
        if row.integration.startswith("aws-sdk:"):
            assert all(name.endswith("Exception") for name in row.transient_errors)


@pytest.mark.parametrize("name", READY_SETS)
def test_a_ready_set_holds_all_transient_errors_of_its_service_and_no_permanent_one(
    name: str,
) -> None:
    policy = READY_SETS[name]
    (row,) = (row for row in SERVICE_ERRORS if set(row.transient_errors) <= set(policy.errors))

    assert set(policy.errors) - {"States.Timeout"} == set(row.transient_errors)
    assert not set(policy.errors) & set(row.permanent_errors)


@pytest.mark.parametrize("name", READY_SETS)
def test_a_ready_set_has_full_jitter_a_longest_delay_and_bounded_attempts(
    name: str, stack: Stack
) -> None:
    task = _task(stack)

    READY_SETS[name].add_to(task)

    (retrier,) = task.to_state_json()["Retry"]
    assert retrier["JitterStrategy"] == "FULL"
    assert retrier["IntervalSeconds"] < retrier["MaxDelaySeconds"] <= 60
    assert 1 <= retrier["MaxAttempts"] <= 6


def test_there_is_a_ready_set_for_every_row() -> None:
    assert len(READY_SETS) == len(SERVICE_ERRORS)


def test_the_first_ready_sets_hold_what_they_held() -> None:
    assert set(DYNAMODB_TRANSIENT.errors) >= {
        "DynamoDB.ProvisionedThroughputExceededException",
        "DynamoDB.ThrottlingException",
        "States.Timeout",
    }
    assert "CognitoIdentityProvider.TooManyRequestsException" in COGNITO_TRANSIENT.errors
    assert "EventBridge.FailedEntry" in EVENTBRIDGE_TRANSIENT.errors


def test_lambda_is_retried_as_aws_says_and_when_it_is_throttled() -> None:
    assert set(LAMBDA_TRANSIENT.errors) == {
        "Lambda.AWSLambdaException",
        "Lambda.ClientExecutionTimeoutException",
        "Lambda.SdkClientException",
        "Lambda.ServiceException",
        "Lambda.TooManyRequestsException",
    }
    assert (LAMBDA_TRANSIENT.interval_seconds, LAMBDA_TRANSIENT.max_attempts) == (2, 6)


@pytest.mark.parametrize(
    ("resource", "prefix"),
    [
        ("arn:aws:states:::dynamodb:putItem", "DynamoDB"),
        ("arn:aws:states:::aws-sdk:dynamodb:putItem", "DynamoDb"),
        ("arn:aws:states:::aws-sdk:dynamodb:putItem.waitForTaskToken", "DynamoDb"),
        ("arn:aws-cn:states:::aws-sdk:cognitoidentityprovider:adminCreateUser", "CognitoIdentity"),
        ("arn:${Token[AWS.Partition.9]}:states:::aws-sdk:sesv2:sendEmail", "SesV2"),
        ("arn:aws:states:::sns:publish", "SNS"),
        ("arn:aws:states:::aws-sdk:sns:publish", "Sns"),
        ("arn:aws:states:::events:putEvents", "EventBridge"),
        ("arn:aws:states:::aws-sdk:sfn:sendTaskSuccess", "Sfn"),
        ("arn:aws:states:::lambda:invoke.waitForTaskToken", "Lambda"),
        ("arn:aws:lambda:us-east-1:123456789012:function:send", "Lambda"),
        ("arn:aws:states:::aws-sdk:s3:putObject", "S3"),
    ],
)
def test_errors_are_found_by_the_resource_of_a_task(resource: str, prefix: str) -> None:
    row = errors_of(resource)
    policy = transient_policy(resource)

    assert row is not None
    assert policy is not None
    assert row.prefix.startswith(prefix)
    assert set(row.transient_errors) <= set(policy.errors)


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:states:::states:startExecution.sync:2",
        "arn:aws:states:::aws-sdk:rekognition:detectFaces",
        "arn:aws:states:::http:invoke",
        "arn:aws:states:us-east-1:123456789012:activity:pay",
        "",
    ],
)
def test_a_service_that_is_not_in_the_table_has_no_errors(resource: str) -> None:
    assert errors_of(resource) is None
    assert transient_policy(resource) is None


def test_a_policy_of_ones_own_renders_every_field(stack: Stack) -> None:
    task = _task(stack)

    RetryPolicy(
        errors=["Bank.Closed"],
        interval_seconds=3,
        backoff_rate=1.5,
        max_delay_seconds=9,
        max_attempts=2,
    ).add_to(task)

    assert task.to_state_json()["Retry"] == [
        {
            "ErrorEquals": ["Bank.Closed"],
            "IntervalSeconds": 3,
            "MaxAttempts": 2,
            "BackoffRate": 1.5,
            "MaxDelaySeconds": 9,
            "JitterStrategy": "FULL",
        }
    ]


@pytest.mark.parametrize(
    "make",
    [
        lambda stack: sfn.Parallel.jsonata(stack, "State"),
        lambda stack: sfn.Map.jsonata(stack, "State"),
    ],
    ids=["Parallel", "Map"],
)
def test_a_policy_also_fits_a_state_of_states(
    stack: Stack, make: Callable[[Stack], sfn.Parallel]
) -> None:
    state = make(stack)

    ANY_FAILURE.add_to(state)

    (retrier,) = state.to_state_json()["Retry"]
    assert retrier["ErrorEquals"] == ["States.TaskFailed", "States.Timeout"]


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        ({"errors": []}, "errors must be a list of one or more error names"),
        ({"errors": "States.Timeout"}, "errors must be a list of one or more error names"),
        ({"interval_seconds": 0}, "interval_seconds must be between 1"),
        ({"backoff_rate": 0.5}, "backoff_rate must be between 1"),
        ({"interval_seconds": 5, "max_delay_seconds": 5}, "max_delay_seconds must be between 6"),
        ({"max_attempts": 0}, "max_attempts must be between 1"),
        ({"max_attempts": 21}, "max_attempts must be between 1"),
    ],
)
def test_a_policy_that_aws_refuses_or_that_hardly_ends_is_refused(
    arguments: Mapping[str, Any], rule: str
) -> None:
    with pytest.raises(ConfigError, match=rule):
        RetryPolicy(**{"errors": ["Bank.Closed"], **arguments})


def _task(stack: Stack) -> sfn.TaskStateBase:
    return tasks.CallAwsService.jsonata(
        stack, "Task", service="s3", action="getObject", iam_resources=["*"]
    )
