"""One account and region of an embedded AWS, without an emulator."""

from contextlib import closing

import pytest

from constructs_lib.local import EmbeddedAccount


@pytest.fixture
def account() -> EmbeddedAccount:
    return EmbeddedAccount(
        account_id="111111111111", region="us-east-1", endpoint_url=lambda: "http://127.0.0.1:9"
    )


def test_another_account_keeps_the_region_and_the_endpoint(account: EmbeddedAccount) -> None:
    other = account.account("222222222222")

    assert (other.account_id, other.region, other.endpoint_url) == (
        "222222222222",
        "us-east-1",
        "http://127.0.0.1:9",
    )


def test_another_region_keeps_the_account(account: EmbeddedAccount) -> None:
    other = account.account(region="eu-west-1")

    assert (other.account_id, other.region) == ("111111111111", "eu-west-1")


def test_clients_and_environment_are_of_the_account_and_region(account: EmbeddedAccount) -> None:
    other = account.account("222222222222", region="eu-west-1")

    with closing(other.client("sqs")) as sqs:
        assert sqs.meta.region_name == "eu-west-1"
    environment = other.environment()
    assert environment["AWS_ACCESS_KEY_ID"] == "222222222222"
    assert environment["AWS_REGION"] == "eu-west-1"
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"


def test_an_account_id_that_is_not_12_digits_is_refused(account: EmbeddedAccount) -> None:
    with pytest.raises(ValueError, match=r"account_id must be 12 digits, got '22'; pass"):
        account.account("22")
