"""Stacks that name their account go to the account of a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from constructs_lib.local import DeployError
from constructs_lib.local.deployment.assembly import read_assembly
from constructs_lib.testing.deployed.relocation import relocated
from tests.assemblies import Assembly, queue

_HERE, _THERE = "123456789012", "700000000001"
_ENVIRONMENT = f"aws://{_HERE}/eu-central-1"


@pytest.fixture
def assembly(tmp_path: Path) -> Assembly:
    return Assembly(tmp_path)


def test_a_stack_for_any_account_stays_as_it_is(assembly: Assembly) -> None:
    assembly.stack("Shop", {"Orders": queue()})
    read = read_assembly(assembly.folder)

    assert relocated(read, _THERE, stacks=None) == read


def test_the_account_is_replaced_in_template_assets_and_parameters(assembly: Assembly) -> None:
    bucket = f"cdk-hnb659fds-assets-{_HERE}-eu-central-1"
    assembly.stack(
        "Shop",
        {"Orders": queue(Policy=f"arn:aws:iam::{_HERE}:root", Number=f"9{_HERE}")},
        environment=_ENVIRONMENT,
        properties={
            "parameters": {"Owner": _HERE},
            "stackTemplateAssetObjectUrl": f"s3://{bucket}/template.json",
        },
        files={
            "code": {
                "source": {"path": "asset.code", "packaging": "zip"},
                "destinations": {"here": {"bucketName": bucket, "objectKey": "code.zip"}},
            }
        },
    )

    (moved,) = relocated(read_assembly(assembly.folder), _THERE, stacks=None)

    assert (moved.account, moved.region) == (_THERE, "eu-central-1")
    assert moved.template["Resources"]["Orders"]["Properties"] == {
        "Policy": f"arn:aws:iam::{_THERE}:root",
        "Number": f"9{_HERE}",
    }
    assert moved.assets[0].bucket == bucket.replace(_HERE, _THERE)
    assert moved.parameters == {"Owner": _THERE}
    assert moved.template_bucket_and_key == (bucket.replace(_HERE, _THERE), "template.json")
    assert moved.path_of("Orders") == "Shop/Orders/Resource"


def test_stacks_of_several_accounts_are_refused_unless_those_of_one_are_named(
    assembly: Assembly,
) -> None:
    assembly.stack("Shop", {"Orders": queue()}, environment=_ENVIRONMENT)
    assembly.stack("Bank", {"Orders": queue()}, environment="aws://210987654321/us-east-1")
    read = read_assembly(assembly.folder)

    with pytest.raises(DeployError, match=f"must be for one account, got {_HERE}, 210987654321;"):
        relocated(read, _THERE, stacks=None)
    shop, bank = relocated(read, _THERE, stacks=["Shop"])
    assert (shop.account, bank.account) == (_THERE, "210987654321")
