"""The schema registry that Duet adds to MiniStack, made by CloudFormation and read by its API."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from constructs_lib.contracts import registry_schema
from constructs_lib.local import EmbeddedAws
from tests.unit.order_placed import order_placed

if TYPE_CHECKING:
    from tests.local.conftest import Stack

REGISTRY = {"Type": "AWS::EventSchemas::Registry", "Properties": {"Description": "Orders"}}
NAME = "shop-checkout@OrderPlaced"


def schema(content: str, **properties: object) -> dict[str, object]:
    return {
        "Type": "AWS::EventSchemas::Schema",
        "Properties": {
            "RegistryName": {"Fn::GetAtt": ["Registry", "RegistryName"]},
            "SchemaName": NAME,
            "Type": "JSONSchemaDraft4",
            "Content": content,
            **properties,
        },
    }


@pytest.fixture
def schemas(aws: EmbeddedAws) -> Iterator[Any]:
    with closing(aws.client("schemas")) as client:  # type: ignore[call-overload]  # no stubs
        yield client


def registry_name(stack: Stack) -> str:
    return stack.physical_id("Registry").rpartition("/")[2]


def test_a_contract_can_be_read_from_the_registry_of_a_stack(stack: Stack, schemas: Any) -> None:
    content = registry_schema(order_placed())

    assert stack.create(Registry=REGISTRY, Schema=schema(content, Description="d")) == (
        "CREATE_COMPLETE"
    )

    registry = registry_name(stack)
    about = schemas.describe_registry(RegistryName=registry)
    found = schemas.describe_schema(RegistryName=registry, SchemaName=NAME)
    assert about["Description"] == "Orders"
    assert stack.physical_id("Schema") == found["SchemaArn"]
    assert found["SchemaArn"].endswith(f":schema/{registry}/{NAME}")
    assert (found["Content"], found["Description"]) == (content, "d")
    assert (found["Type"], found["SchemaVersion"]) == ("JSONSchemaDraft4", "1")


def test_registries_and_schemas_are_listed(stack: Stack, schemas: Any) -> None:
    stack.create(Registry=REGISTRY, Schema=schema("{}"))
    registry = registry_name(stack)

    registries = schemas.list_registries()["Registries"]
    listed = schemas.list_schemas(RegistryName=registry)["Schemas"]
    none = schemas.list_schemas(RegistryName=registry, SchemaNamePrefix="other")["Schemas"]

    assert registry in {entry["RegistryName"] for entry in registries}
    assert [entry["SchemaName"] for entry in listed] == [NAME]
    assert none == []


def test_new_content_is_a_new_version_and_the_old_one_stays(stack: Stack, schemas: Any) -> None:
    stack.create(Registry=REGISTRY, Schema=schema('{"title": "1"}'))
    registry = registry_name(stack)

    status = stack.update(Registry=REGISTRY, Schema=schema('{"title": "2"}'))

    assert status == "UPDATE_COMPLETE"
    name = {"RegistryName": registry, "SchemaName": NAME}
    versions = schemas.list_schema_versions(**name)["SchemaVersions"]
    assert [version["SchemaVersion"] for version in versions] == ["1", "2"]
    assert schemas.describe_schema(**name)["Content"] == '{"title": "2"}'
    assert schemas.describe_schema(**name, SchemaVersion="1")["Content"] == '{"title": "1"}'


def test_another_description_is_no_new_version(stack: Stack, schemas: Any) -> None:
    stack.create(Registry=REGISTRY, Schema=schema("{}"))

    stack.update(
        Registry={**REGISTRY, "Properties": {}}, Schema=schema("{}", Description="changed")
    )

    registry = registry_name(stack)
    found = schemas.describe_schema(RegistryName=registry, SchemaName=NAME)
    assert (found["SchemaVersion"], found["Description"]) == ("1", "changed")
    assert "Description" not in schemas.describe_registry(RegistryName=registry)


def test_a_registry_goes_with_its_stack(stack: Stack, schemas: Any) -> None:
    stack.create(Registry=REGISTRY, Schema=schema("{}"))
    registry = registry_name(stack)

    stack.delete()

    with pytest.raises(ClientError) as refusal:
        schemas.describe_registry(RegistryName=registry)
    assert refusal.value.response["Error"]["Code"] == "NotFoundException"


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"Content": "no JSON"}, "Content must be a JSON object"),
        ({"Type": "JSONSchemaDraft202012"}, "Type must be one of"),
        ({"RegistryName": "nobodys"}, "registry nobodys does not exist"),
    ],
)
def test_a_schema_that_aws_refuses_fails_its_stack(
    stack: Stack, properties: dict[str, object], reason: str
) -> None:
    wrong = schema("{}", **properties)

    assert stack.create(Registry=REGISTRY, Schema=wrong).startswith("ROLLBACK")

    assert reason in stack.reasons()


def test_what_is_not_emulated_is_said_to_be(schemas: Any) -> None:
    with pytest.raises(ClientError, match="is not emulated"):
        schemas.search_schemas(RegistryName="shop", Keywords="order")


def test_canary_plain_ministack_has_no_schema_registry() -> None:
    program = (
        "from ministack import app; from ministack.services.cloudformation import provisioners; "
        "print('schemas' in app.SERVICE_HANDLERS, "
        "[name for name in provisioners._RESOURCE_HANDLERS if 'EventSchemas' in name])"
    )

    output = subprocess.check_output(
        [sys.executable, "-c", program], text=True, stderr=subprocess.DEVNULL
    )

    assert output.split() == ["False", "[]"]
