"""Error names of SDK integrations, from botocore's models."""

import pytest

from constructs_lib.service_models.error_names import declared_errors, error_prefix, java_name
from constructs_lib.service_models.service_errors import SERVICE_ERRORS, ServiceErrors

_SDK = [row for row in SERVICE_ERRORS if row.integration.startswith("aws-sdk:")]


@pytest.mark.parametrize("row", _SDK, ids=lambda row: row.integration)
def test_the_prefix_is_that_of_the_table_of_errors(row: ServiceErrors) -> None:
    assert error_prefix(row.integration.removeprefix("aws-sdk:")) == row.prefix


@pytest.mark.parametrize("row", _SDK, ids=lambda row: row.integration)
def test_the_errors_of_the_table_are_declared_or_the_sdks_own(row: ServiceErrors) -> None:
    names = {*row.transient, *row.permanent, *row.mixed}

    assert names - declared_errors(row.integration.removeprefix("aws-sdk:")) <= {
        "SdkClientException",
        f"{row.prefix}Exception",
    }


@pytest.mark.parametrize(
    ("name", "java"),
    [
        ("DynamoDB", "DynamoDb"),
        ("SESv2", "SesV2"),
        ("EC2", "Ec2"),
        ("API Gateway", "ApiGateway"),
        ("IoT", "Iot"),
        ("KMSThrottlingException", "KmsThrottlingException"),
        ("BucketAlreadyOwnedByYou", "BucketAlreadyOwnedByYou"),
    ],
)
def test_words_are_put_together_as_the_sdk_for_java_does(name: str, java: str) -> None:
    assert java_name(name) == java


def test_a_service_that_the_models_do_not_know_has_no_prefix() -> None:
    assert error_prefix("telepathy") is None
