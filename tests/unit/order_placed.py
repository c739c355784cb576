"""A contract with every kind of field that the tests of contracts need."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from constructs_lib.contracts import EventContract


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


class Channel(StrEnum):
    WEB = "web"
    SHOP = "shop"


class Card(_Part):
    kind: Literal["card"]
    last_digits: str = Field(pattern="^[0-9]{4}$")


class Invoice(_Part):
    kind: Literal["invoice"]
    due_on: date


class Line(_Part):
    product_id: str = Field(min_length=1)
    quantity: int = Field(ge=1, le=99)


class OrderPlaced(_Part):
    """What was ordered."""

    order_id: UUID
    placed_at: datetime
    channel: Channel
    lines: list[Line] = Field(min_length=1)
    payment: Card | Invoice = Field(discriminator="kind")
    total: float = Field(gt=0)
    size: tuple[int, int] | None = None
    note: str | None = None
    labels: dict[str, str] = {}


DETAIL: dict[str, object] = {
    "orderId": "0b5f6a3e-6f0e-4a53-9f1e-2f6f0a1f6f10",
    "placedAt": "2026-11-23T08:59:59Z",
    "channel": "web",
    "lines": [{"productId": "p-1", "quantity": 2}],
    "payment": {"kind": "card", "lastDigits": "4242"},
    "total": 12.5,
}


def order_placed(
    *,
    version: str = "1.0",
    source: str = "shop/checkout",
    detail_model: type = OrderPlaced,
    examples: tuple[object, ...] = (DETAIL,),
) -> EventContract:
    return EventContract(
        name="OrderPlaced",
        version=version,
        source=source,
        detail_model=detail_model,
        description="An order has been placed and paid.",
        examples=examples,
    )
