"""Which AWS a command talks to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from constructs_lib.local.instance import Instance, claim, this_process_started_at
from constructs_lib.operations.partner_events import send_as_partner
from constructs_lib.operations.target import TargetError, find_target
from constructs_lib.partners import FRESHWORKS

HERE = "http://127.0.0.1:4566"
THERE = "https://vpce-1.example.com"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for which an instance runs."""
    with claim(tmp_path) as mine:
        mine.record(
            Instance(
                endpoint_url="http://127.0.0.1:1",
                pid=os.getpid(),
                started_at=this_process_started_at(),
                account_id="111111111111",
                region="eu-west-1",
                assembly=tmp_path / "out",
            )
        )
        yield tmp_path


def test_the_instance_of_the_folder_is_found(folder: Path) -> None:
    target = find_target(folder, environment={"AWS_ENDPOINT_URL": HERE})

    assert target.is_embedded
    assert (target.account_id, target.region) == ("111111111111", "eu-west-1")
    assert target.embedded.endpoint_url == "http://127.0.0.1:1"
    assert target.assembly == folder / "out"


def test_an_endpoint_that_is_given_goes_before_the_instance(folder: Path) -> None:
    target = find_target(folder, endpoint_url=HERE, environment={})

    assert target.embedded.endpoint_url == HERE
    assert target.instance is None


def test_the_endpoint_of_the_environment_is_the_last_resort(tmp_path: Path) -> None:
    environment = {
        "AWS_ENDPOINT_URL": HERE,
        "AWS_ACCESS_KEY_ID": "222222222222",
        "AWS_REGION": "us-west-2",
    }

    target = find_target(tmp_path, environment=environment)

    assert (target.account_id, target.region) == ("222222222222", "us-west-2")
    assert target.assembly == Path("cdk.out")


def test_a_key_that_is_no_account_gives_the_default_account(tmp_path: Path) -> None:
    environment = {"AWS_ENDPOINT_URL": HERE, "AWS_ACCESS_KEY_ID": "test"}

    assert find_target(tmp_path, environment=environment).account_id == "000000000000"


def test_nothing_at_all_names_both_remedies(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match=r"run: duet up, or name one by .*AWS_ENDPOINT_URL"):
        find_target(tmp_path, environment={})


@pytest.mark.parametrize(
    ("endpoint_url", "environment"), [(THERE, {}), (None, {"AWS_ENDPOINT_URL": THERE})]
)
def test_an_endpoint_elsewhere_is_refused_unless_a_real_account_is_meant(
    tmp_path: Path, endpoint_url: str | None, environment: dict[str, str]
) -> None:
    with pytest.raises(TargetError, match="pass --aws if a real account is meant"):
        find_target(tmp_path, endpoint_url=endpoint_url, environment=environment)


def test_a_real_account_is_that_of_the_session(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")

    target = find_target(folder, aws=True, environment={})

    assert not target.is_embedded
    assert target.region == "eu-north-1"
    with pytest.raises(TargetError, match="on the embedded AWS alone"):
        _ = target.embedded


def test_a_real_account_needs_a_region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)

    with pytest.raises(TargetError, match="set AWS_REGION"):
        find_target(tmp_path, aws=True, environment={})


def test_the_region_of_a_real_account_may_be_that_of_aws_region(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)

    target = find_target(tmp_path, aws=True, environment={"AWS_REGION": "eu-north-1"})

    assert target.region == "eu-north-1"


def test_a_profile_that_there_is_not_is_refused_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "left-long-ago")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)

    with pytest.raises(TargetError, match=r"left-long-ago.*; set AWS_PROFILE"):
        find_target(tmp_path, aws=True, environment={})


def test_a_real_account_and_an_endpoint_are_not_meant_at_once(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="leave one of them out"):
        find_target(tmp_path, aws=True, endpoint_url=HERE, environment={})


def test_a_real_account_is_not_reached_through_an_endpoint_on_this_machine(
    tmp_path: Path,
) -> None:
    with pytest.raises(TargetError, match="unset AWS_ENDPOINT_URL"):
        find_target(tmp_path, aws=True, environment={"AWS_ENDPOINT_URL": HERE})


def test_a_client_is_made_once_a_service_and_region(folder: Path) -> None:
    target = find_target(folder, environment={})

    assert target.client("sqs") is target.client("sqs", region_name="eu-west-1")
    assert target.client("sqs", region_name="us-east-1").meta.region_name == "us-east-1"


def test_nobody_plays_the_partner_on_a_real_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    target = find_target(tmp_path, aws=True, environment={})

    with pytest.raises(TargetError, match="on the embedded AWS alone"):
        send_as_partner(target, FRESHWORKS, FRESHWORKS.samples[0], None)
