"""Schemas inferred of events, as AWS's own examples have them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.local.extensions.schema_inference import open_api, schema_name


def _components(detail: object, detail_type: str = "Order placed") -> dict[str, Any]:
    event = {"detail-type": detail_type, "source": "shop", "resources": [], "detail": detail}
    components: dict[str, Any] = json.loads(open_api(event))["components"]["schemas"]
    del components["AWSEvent"]
    return components


def test_the_event_of_the_user_guide_has_its_schema() -> None:
    # EventBridge user guide, "Creating a schema from the JSON of an event" (read 2026-11-27); there
    # the required names are in another order.
    event = {
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "resources": ["arn:aws:states:us-east-1:012345678912:execution:machine:name"],
        "detail": {"executionArn": "arn", "startDate": 1551225146847, "output": None},
    }

    found = json.loads(open_api(event))

    envelope = found["components"]["schemas"]["AWSEvent"]
    assert found["info"] == {"version": "1.0.0", "title": "StepFunctionsExecutionStatusChange"}
    assert envelope["properties"]["resources"] == {"type": "array", "items": {"type": "string"}}
    assert found["components"]["schemas"]["StepFunctionsExecutionStatusChange"] == {
        "type": "object",
        "required": ["executionArn", "output", "startDate"],
        "properties": {
            "executionArn": {"type": "string"},
            "output": {},
            "startDate": {"type": "integer", "format": "int64"},
        },
    }


def test_an_object_in_the_detail_is_a_component_of_its_own() -> None:
    # As in public code: users@UserCreated of discovered-schemas (read 2026-11-27).
    assert _components({"data": {"id": "1"}}, "userCreated") == {
        "UserCreated": {
            "type": "object",
            "required": ["data"],
            "properties": {"data": {"$ref": "#/components/schemas/Data"}},
        },
        "Data": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
    }


@pytest.mark.parametrize(
    ("value", "schema"),
    [
        (True, {"type": "boolean"}),
        (1.5, {"type": "number", "format": "double"}),
        ([], {"type": "array", "items": {"type": "object"}}),
        ([1, 2], {"type": "array", "items": {"type": "integer", "format": "int64"}}),
        ([1, "a"], {"type": "array", "items": {}}),
        ({}, {"$ref": "#/components/schemas/It"}),
    ],
    ids=repr,
)
def test_a_value_has_the_schema_of_its_type(value: object, schema: dict[str, object]) -> None:
    assert _components({"it": value})["OrderPlaced"]["properties"]["it"] == schema


def test_objects_of_one_name_are_one_component_if_they_are_of_one_shape() -> None:
    address = {"city": "Bern"}
    components = _components(
        {"buyer": {"address": address}, "payer": {"address": {"city": "Chur"}}, "address": {}}
    )

    assert sorted(components) == ["Address", "Address_1", "Buyer", "OrderPlaced", "Payer"]


def test_an_object_that_is_called_as_the_event_is_another() -> None:
    components = _components({"orderPlaced": {"id": 1}, "aWSEvent": {}})

    assert sorted(components) == ["AWSEvent_1", "OrderPlaced", "OrderPlaced_1"]


@pytest.mark.parametrize(
    ("source", "detail_type", "name"),
    [
        ("users", "userCreated", "users@UserCreated"),
        (
            "aws.ec2",
            "EC2 Instance State-change Notification",
            "aws.ec2@EC2InstanceStateChangeNotification",
        ),
        (
            "aws.partner/auth0.com/t/auth0.logs",
            "Auth0 log",
            "aws.partner-auth0.com-t-auth0.logs@Auth0Log",
        ),
        ("shop", "…", "shop@Event"),
    ],
)
def test_a_schema_is_named_after_source_and_detail_type(
    source: str, detail_type: str, name: str
) -> None:
    assert schema_name(source, detail_type) == name


_NAMES = st.sampled_from(["a", "A", "aItem", "b"])
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(detail=st.dictionaries(_NAMES, _JSON, max_size=4))
def test_every_reference_leads_to_a_component_and_every_component_is_led_to(
    detail: dict[str, object],
) -> None:
    text = open_api({"detail-type": "a", "source": "s", "resources": [], "detail": detail})

    components = json.loads(text)["components"]["schemas"]
    led_to = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert led_to == components.keys() - {"AWSEvent"}
