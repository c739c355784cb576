"""Schemas that are discovered of events, and the policies of registries."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from botocore.exceptions import ClientError

from constructs_lib.local import EmbeddedAccount, EmbeddedAws

if TYPE_CHECKING:
    from tests.local.conftest import Stack

REGISTRY = "discovered-schemas"
_POLICY = {"Version": "2012-10-17", "Statement": []}


@pytest.fixture
def schemas(place: EmbeddedAccount) -> Iterator[Any]:
    with closing(place.client("schemas")) as client:  # type: ignore[call-overload]  # no stubs
        yield client


@pytest.fixture
def bus(place: EmbeddedAccount) -> str:
    with closing(place.client("events")) as events:
        return events.create_event_bus(Name="orders")["EventBusArn"]


def _publish(place: EmbeddedAccount, *details: object, bus: str = "orders") -> None:
    with closing(place.client("events")) as events:
        for detail in details:
            answer = events.put_events(
                Entries=[
                    {
                        "EventBusName": bus,
                        "Source": "shop",
                        "DetailType": "Order placed",
                        "Detail": json.dumps(detail),
                    }
                ]
            )
            assert answer["FailedEntryCount"] == 0


def _versions(schemas: Any) -> list[str]:
    found = schemas.list_schema_versions(RegistryName=REGISTRY, SchemaName="shop@OrderPlaced")
    return [each["SchemaVersion"] for each in found["SchemaVersions"]]


def _names(schemas: Any) -> list[str]:
    return [each["SchemaName"] for each in schemas.list_schemas(RegistryName=REGISTRY)["Schemas"]]


def test_what_comes_to_the_bus_becomes_a_schema_that_it_follows(
    place: EmbeddedAccount, schemas: Any, bus: str
) -> None:
    schemas.create_discoverer(SourceArn=bus)
    detail = {"id": "1", "lines": [{"sku": "a", "count": 2}, {"sku": "b"}], "note": None}

    _publish(place, detail)

    found = schemas.describe_schema(RegistryName=REGISTRY, SchemaName="shop@OrderPlaced")
    exported = schemas.export_schema(
        RegistryName=REGISTRY, SchemaName="shop@OrderPlaced", Type="JSONSchemaDraft4"
    )
    components = json.loads(found["Content"])["components"]["schemas"]
    assert (found["Type"], found["SchemaVersion"]) == ("OpenApi3", "1")
    assert components["AWSEvent"]["x-amazon-events-detail-type"] == "Order placed"
    assert components["LinesItem"]["required"] == ["sku"]
    event = {"detail-type": "Order placed", "source": "shop", "resources": [], "detail": detail}
    whole = {**event, **dict.fromkeys(("id", "time", "region", "version", "account"), "x")}
    jsonschema.Draft4Validator(json.loads(exported["Content"])).validate(whole)


def test_another_shape_is_a_new_version_and_other_values_are_not(
    place: EmbeddedAccount, schemas: Any, bus: str
) -> None:
    schemas.create_discoverer(SourceArn=bus)

    _publish(place, {"id": "1", "total": 3}, {"total": 4, "id": "2"})
    _publish(place, {"id": "1"}, {"id": "3", "total": 5})

    assert _versions(schemas) == ["1", "2"]


def test_nothing_is_discovered_while_it_is_stopped_nor_on_other_buses(
    place: EmbeddedAccount, schemas: Any, bus: str
) -> None:
    id_ = schemas.create_discoverer(SourceArn=bus)["DiscovererId"]
    stopped = schemas.stop_discoverer(DiscovererId=id_)

    _publish(place, {"id": "1"})
    _publish(place, {"id": "1"}, bus="default")
    before = _names(schemas)
    started = schemas.start_discoverer(DiscovererId=id_)
    _publish(place, {"id": "1"})

    assert (stopped["State"], started["State"]) == ("STOPPED", "STARTED")
    assert before == []
    assert _names(schemas) == ["shop@OrderPlaced"]


def test_a_discoverer_is_told_of_changed_and_deleted(schemas: Any, bus: str) -> None:
    made = schemas.create_discoverer(SourceArn=bus, Description="Orders", CrossAccount=False)
    id_ = made["DiscovererId"]
    changed = schemas.update_discoverer(DiscovererId=id_, Description="All", CrossAccount=True)
    described = schemas.describe_discoverer(DiscovererId=id_)
    listed = schemas.list_discoverers(SourceArnPrefix=bus)["Discoverers"]
    none = schemas.list_discoverers(DiscovererIdPrefix="other")["Discoverers"]
    schemas.delete_discoverer(DiscovererId=id_)

    assert made["DiscovererArn"].endswith(":discoverer/events-event-bus-orders")
    assert (made["State"], made["CrossAccount"]) == ("STARTED", False)
    assert (described["Description"], described["CrossAccount"]) == ("All", True)
    assert {**changed, "ResponseMetadata": 0} == {**described, "ResponseMetadata": 0}
    assert [each["DiscovererId"] for each in listed] == [id_]
    assert none == []
    assert schemas.list_discoverers()["Discoverers"] == []


@pytest.mark.parametrize(
    ("action", "request_", "code"),
    [
        ("describe_discoverer", {"DiscovererId": "nobodys"}, "NotFoundException"),
        ("start_discoverer", {"DiscovererId": "nobodys"}, "NotFoundException"),
        (
            "create_discoverer",
            {"SourceArn": "arn:aws:events:us-east-1:1:event-bus/no"},
            "BadRequestException",
        ),
        ("get_resource_policy", {"RegistryName": "nobodys"}, "NotFoundException"),
        ("get_discovered_schema", {"Type": "OpenApi3", "Events": ["7"]}, "BadRequestException"),
    ],
)
def test_what_is_not_there_is_refused(
    schemas: Any, action: str, request_: dict[str, object], code: str
) -> None:
    with pytest.raises(ClientError) as refusal:
        getattr(schemas, action)(**request_)

    assert refusal.value.response["Error"]["Code"] == code


def test_a_bus_has_one_discoverer(schemas: Any, bus: str) -> None:
    schemas.create_discoverer(SourceArn=bus)

    with pytest.raises(ClientError, match="ConflictException"):
        schemas.create_discoverer(SourceArn=bus)


def test_the_schema_of_an_event_in_hand_can_be_asked_for(schemas: Any) -> None:
    event = {"detail-type": "Order placed", "source": "shop", "detail": {"id": 1}}

    found = schemas.get_discovered_schema(Type="OpenApi3", Events=[json.dumps(event)])

    components = json.loads(found["Content"])["components"]["schemas"]
    assert components["OrderPlaced"]["properties"] == {"id": {"type": "integer", "format": "int64"}}


def test_the_emulator_s_reset_forgets_discoverers_and_schemas() -> None:
    with EmbeddedAws() as own, closing(own.client("schemas")) as schemas:  # type: ignore[call-overload]  # no stubs
        schemas.create_discoverer(
            SourceArn=f"arn:aws:events:us-east-1:{own.account_id}:event-bus/default"
        )
        urllib.request.urlopen(f"{own.endpoint_url}/_ministack/reset", data=b"").close()  # noqa: S310 - http on loopback

        assert schemas.list_discoverers()["Discoverers"] == []
        assert schemas.list_registries()["Registries"] == []


def _discoverer(**properties: object) -> dict[str, object]:
    source = {"Fn::GetAtt": ["Bus", "Arn"]}
    return {
        "Type": "AWS::EventSchemas::Discoverer",
        "Properties": {"SourceArn": source, **properties},
    }


def test_a_discoverer_of_a_stack_discovers_and_goes_with_it(stack: Stack, aws: EmbeddedAws) -> None:
    name = f"bus-{uuid.uuid4()}"
    bus = {"Type": "AWS::Events::EventBus", "Properties": {"Name": name}}

    assert stack.create(Bus=bus, Discoverer=_discoverer()) == "CREATE_COMPLETE"
    assert stack.update(Bus=bus, Discoverer=_discoverer(CrossAccount="false")) == "UPDATE_COMPLETE"

    id_ = f"events-event-bus-{name}"
    with closing(aws.client("schemas")) as schemas:  # type: ignore[call-overload]  # no stubs
        found = schemas.describe_discoverer(DiscovererId=id_)
        stack.delete()
        left = schemas.list_discoverers(DiscovererIdPrefix=id_)["Discoverers"]
    assert found["CrossAccount"] is False
    assert found["DiscovererArn"].endswith(f":discoverer/{id_}")
    assert left == []


def _policy(**properties: object) -> dict[str, object]:
    registry = {"Fn::GetAtt": ["Registry", "RegistryName"]}
    return {
        "Type": "AWS::EventSchemas::RegistryPolicy",
        "Properties": {"RegistryName": registry, "Policy": _POLICY, **properties},
    }


def test_a_registry_s_policy_is_kept_changed_and_deleted(stack: Stack, aws: EmbeddedAws) -> None:
    registry = {"Type": "AWS::EventSchemas::Registry", "Properties": {}}
    stack.create(Registry=registry, Policy=_policy())
    name = stack.physical_id("Policy")

    with closing(aws.client("schemas")) as schemas:  # type: ignore[call-overload]  # no stubs
        first = schemas.get_resource_policy(RegistryName=name)
        changed = {**_POLICY, "Id": "other"}
        schemas.put_resource_policy(
            RegistryName=name, Policy=json.dumps(changed), RevisionId=first["RevisionId"]
        )
        second = schemas.get_resource_policy(RegistryName=name)
        with pytest.raises(ClientError, match="PreconditionFailedException"):
            schemas.put_resource_policy(
                RegistryName=name, Policy="{}", RevisionId=first["RevisionId"]
            )
        schemas.delete_resource_policy(RegistryName=name)
        with pytest.raises(ClientError, match="has no policy"):
            schemas.get_resource_policy(RegistryName=name)

    assert json.loads(first["Policy"]) == _POLICY
    assert json.loads(second["Policy"]) == changed


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        (_policy(RegistryName="nobodys"), "NotFoundException: registry nobodys does not exist"),
        (_policy(Policy="no JSON"), "BadRequestException: Policy must be a JSON object"),
        (_discoverer(SourceArn="no-bus"), "SourceArn must be an event bus, got no-bus"),
    ],
    ids=["registry", "policy", "bus"],
)
def test_what_aws_refuses_fails_its_stack(
    stack: Stack, resource: dict[str, object], reason: str
) -> None:
    registry = {"Type": "AWS::EventSchemas::Registry", "Properties": {}}
    bus = {"Type": "AWS::Events::EventBus", "Properties": {"Name": f"bus-{uuid.uuid4()}"}}

    assert stack.create(Registry=registry, Bus=bus, It=resource).startswith("ROLLBACK")

    assert reason in stack.reasons()


def test_canary_plain_ministack_discovers_nothing() -> None:
    program = (
        "from ministack.services import eventbridge; import inspect; "
        "print('iscover' in inspect.getsource(eventbridge))"
    )

    output = subprocess.check_output(
        [sys.executable, "-c", program], text=True, stderr=subprocess.DEVNULL
    )

    assert output.strip() == "False"
