"""Secrets and SSM parameters that templates read and do not make: refused by name, or given."""

from __future__ import annotations

import json
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.local import DeployError, EmbeddedAccount, deploy
from constructs_lib.local.deployment.assembly import read_assembly
from constructs_lib.local.given_values import GivenValues, keep_values
from tests.assemblies import Assembly, queue, stack_names

_ARN = ["arn:", {"Ref": "AWS::Partition"}, ":secretsmanager:", {"Ref": "AWS::Region"}, ":"]
_OF_CRM = ["{{resolve:secretsmanager:", *_ARN, {"Ref": "AWS::AccountId"}, ":secret:crm:"]


@pytest.fixture
def assembly(tmp_path: Path) -> Assembly:
    return Assembly(tmp_path)


def _reader(value: object, **more: object) -> dict[str, Any]:
    """A parameter that takes what it reads as its value, so that it can be seen."""
    name = f"/read/{uuid.uuid4()}"
    return {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Name": name, "Type": "String", "Value": value},
        **more,
    }


def _value_of(reader: dict[str, Any], place: EmbeddedAccount) -> str:
    with closing(place.client("ssm")) as ssm:
        return ssm.get_parameter(Name=reader["Properties"]["Name"])["Parameter"]["Value"]


def _stack(assembly: Assembly, **resources: Any) -> None:
    """All ways to read one: put together, in a text, typed."""
    assembly.stack(
        "Shop",
        {
            "Key": _reader({"Fn::Join": ["", [*_OF_CRM, "SecretString:key::}}"]]}),
            "Tax": _reader("{{resolve:ssm:/shop/tax:3}}"),
            "Stage": _reader({"Fn::Sub": "in {{resolve:ssm:/${Area}/stage}}"}),
            **resources,
        },
        Parameters={
            "Area": {"Type": "String", "Default": "shop"},
            "Zones": {
                "Type": "AWS::SSM::Parameter::Value<CommaDelimitedList>",
                "Default": "/shop/zones",
            },
            "Version": {
                "Type": "AWS::SSM::Parameter::Value<String>",
                "Default": "/cdk-bootstrap/hnb659fds/version",
            },
        },
    )


def _bootstrapped(assembly: Assembly) -> None:
    manifest = json.loads((assembly.folder / "manifest.json").read_text())
    manifest["artifacts"]["Shop"]["properties"]["requiresBootstrapStackVersion"] = 6
    (assembly.folder / "manifest.json").write_text(json.dumps(manifest))


def test_all_that_are_missing_are_named_before_anything_is_made(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    _stack(assembly)
    _bootstrapped(assembly)

    with pytest.raises(DeployError, match="4 do not; nothing was created; give duet up") as caught:
        deploy(assembly.folder, place)

    assert [(each.path, each.reason) for each in caught.value.failures] == [
        ("Shop:Zones", "the SSM parameter /shop/zones does not exist"),
        ("Shop/Key/Resource", "the secret crm with a key key does not exist"),
        ("Shop/Tax/Resource", "the SSM parameter /shop/tax in version 3 does not exist"),
        ("Shop/Stage/Resource", "the SSM parameter /shop/stage does not exist"),
    ]
    assert stack_names(place) == set()


def test_given_values_are_what_the_templates_read(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    _stack(assembly, Zone=_reader({"Fn::Select": [1, {"Ref": "Zones"}]}))
    _bootstrapped(assembly)
    given = GivenValues(
        secrets={"crm": '{"key": "open sesame"}'},
        ssm={"/shop/tax": "19", "/shop/stage": "dev", "/shop/zones": "a,b", "/other": "x"},
    )

    kept = keep_values(place, read_assembly(assembly.folder), {}, given)
    deploy(assembly.folder, place)

    resources = read_assembly(assembly.folder)[0].template["Resources"]
    assert kept == ["crm", "/shop/tax", "/shop/stage", "/shop/zones", "/other"]
    assert {name: _value_of(each, place) for name, each in resources.items()} == {
        "Key": "open sesame",
        "Tax": "19",
        "Stage": "in dev",
        "Zone": "b",
    }


def test_what_is_there_stays_as_it_is(assembly: Assembly, place: EmbeddedAccount) -> None:
    assembly.stack("Shop", {"Tax": _reader("{{resolve:ssm:/shop/tax}}")})
    stacks = read_assembly(assembly.folder)
    keep_values(place, stacks, {}, GivenValues(secrets={"crm": "a"}, ssm={"/shop/tax": "19"}))

    again = keep_values(
        place, stacks, {}, GivenValues(secrets={"crm": "b"}, ssm={"/shop/tax": "7"})
    )
    deploy(assembly.folder, place)

    assert again == []
    assert _value_of(stacks[0].template["Resources"]["Tax"], place) == "19"


def test_a_secret_read_by_its_whole_arn_is_given_by_its_name(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    arn = f"arn:aws:secretsmanager:us-east-1:{place.account_id}:secret:crm-AbCdEf"
    assembly.stack("Shop", {"Key": _reader(f"{{{{resolve:secretsmanager:{arn}}}}}")})
    stacks = read_assembly(assembly.folder)

    keep_values(place, stacks, {}, GivenValues(secrets={"crm": "open sesame"}))
    deploy(assembly.folder, place)

    assert _value_of(stacks[0].template["Resources"]["Key"], place) == "open sesame"


def test_what_a_stack_makes_or_may_never_read_is_not_missed(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    tax = _reader("19")
    tax["Properties"]["Name"] = "/shop/tax"
    secret = {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": "s"}}
    of_secret = ["{{resolve:secretsmanager:", {"Ref": "Secret"}, ":SecretString:::}}"]
    assembly.stack("Before", {"Tax": tax})
    assembly.stack(
        "Shop",
        {
            "Tax": _reader("{{resolve:ssm:/shop/tax}}"),
            "Secret": secret,
            "Own": _reader({"Fn::Join": ["", of_secret]}),
            "Never": _reader("{{resolve:ssm:/nowhere}}", Condition="No"),
        },
        needs=("Before",),
        Conditions={"No": {"Fn::Equals": ["a", "b"]}},
    )

    deploy(assembly.folder, place)

    resources = read_assembly(assembly.folder)[1].template["Resources"]
    assert [_value_of(resources[name], place) for name in ("Tax", "Own")] == ["19", "s"]


def test_values_are_not_in_what_is_printed_of_them() -> None:
    assert "sesame" not in repr(GivenValues(secrets={"crm": "sesame"}, ssm={"/tax": "sesame"}))


def test_a_reference_without_a_text_is_left_to_cloudformation(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    broken = {"Fn::Join": ["{{resolve:ssm:", 7]}
    assembly.stack("Shop", {"Queue": queue(QueueName=broken)})

    with pytest.raises(DeployError) as caught:
        deploy(assembly.folder, place)

    assert "must exist" not in str(caught.value)
