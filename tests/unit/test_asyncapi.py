"""The AsyncAPI document of a bus says what its contracts say."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from pydantic import BaseModel

from constructs_lib.contracts import EventContract, asyncapi_document
from constructs_lib.rules import ConfigError
from tests.unit.order_placed import DETAIL, order_placed


class _Shipped(BaseModel):
    parcel: str


PLACED = order_placed(version="2.1")
SHIPPED = EventContract(name="OrderShipped", source="shop", detail_model=_Shipped)


def _document(**changes: Any) -> dict[str, Any]:
    return asyncapi_document(
        **{
            "title": "Shop",
            "version": "1.0.0",
            "bus_name": "shop/bus",
            "publishers": {"checkout": [PLACED], "warehouse": [SHIPPED]},
            "consumers": {"warehouse": [PLACED], "mail": [PLACED, SHIPPED]},
            **changes,
        }
    )


def _references(document: object) -> Iterator[str]:
    if isinstance(document, Mapping):
        if isinstance(document.get("$ref"), str):
            yield document["$ref"]
        for part in document.values():
            yield from _references(part)
    elif isinstance(document, list):
        for part in document:
            yield from _references(part)


def test_the_bus_is_the_one_channel_and_carries_every_event_once() -> None:
    ((channel_id, channel),) = _document()["channels"].items()

    assert channel_id == "shop-bus"
    assert channel["address"] == "shop/bus"
    assert list(channel["messages"]) == ["OrderPlaced.v2", "OrderShipped"]


def test_each_service_has_an_operation_for_each_event() -> None:
    operations = _document()["operations"]

    assert {
        name: (operation["action"], operation["messages"][0]["$ref"].rpartition("/")[2])
        for name, operation in operations.items()
    } == {
        "checkout-send-OrderPlaced.v2": ("send", "OrderPlaced.v2"),
        "warehouse-send-OrderShipped": ("send", "OrderShipped"),
        "warehouse-receive-OrderPlaced.v2": ("receive", "OrderPlaced.v2"),
        "mail-receive-OrderPlaced.v2": ("receive", "OrderPlaced.v2"),
        "mail-receive-OrderShipped": ("receive", "OrderShipped"),
    }


def test_a_message_is_the_whole_event_with_its_examples() -> None:
    message = _document()["components"]["messages"]["OrderPlaced.v2"]

    assert message["title"] == "OrderPlaced 2.1"
    assert message["summary"] == "An order has been placed and paid."
    fields = message["payload"]["properties"]
    assert fields["source"]["enum"] == ["shop/checkout"]
    assert fields["detail-type"]["enum"] == ["OrderPlaced.v2"]
    assert fields["detail"] == {"$ref": "#/components/schemas/OrderPlaced.v2"}
    assert [example["payload"]["detail"] for example in message["examples"]] == [DETAIL]


def test_every_reference_leads_somewhere_in_the_document() -> None:
    document = _document()

    references = set(_references(document))

    assert "#/components/schemas/OrderPlaced.v2_Line" in references
    for reference in references:
        found = document
        for name in reference.removeprefix("#/").split("/"):
            found = found[name]


@pytest.mark.parametrize("services", ["publishers", "consumers"])
def test_a_service_whose_name_asyncapi_refuses_is_refused(services: str) -> None:
    with pytest.raises(ConfigError, match="service must be letters, digits, hyphens"):
        _document(**{services: {"the shop": [PLACED]}})


def test_two_contracts_of_one_detail_type_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"contracts must have detail types of their own"):
        _document(consumers={"mail": [order_placed(version="2.0")]})
