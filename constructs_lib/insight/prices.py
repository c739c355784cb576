"""What AWS charges: one table, ``prices.json``, with the page and the day of each figure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any


class UnknownPriceError(LookupError):
    """The table has no such item: a mistake of the caller's, unlike a price that is not known."""


@dataclass(frozen=True, kw_only=True)
class Tier:
    """A price, for units up to ``up_to`` a month; None: for all that are left."""

    usd_per_unit: Decimal
    up_to: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class OtherFigure:
    """What another page says about the same price."""

    usd_per_unit: Decimal
    page: str
    read_on: date
    note: str


@dataclass(frozen=True, kw_only=True)
class Price:
    """What one billable unit costs, and where that is written.

    ``tiers`` is empty where no page that was read names the price; ``missing`` says so.
    ``block_bytes`` is the size of what is billed as one unit, where size matters.
    """

    id: str
    service: str
    what: str
    unit: str
    tiers: tuple[Tier, ...]
    block_bytes: int | None
    free_per_month: Decimal
    missing: str
    note: str
    others: tuple[OtherFigure, ...]
    page: str
    read_on: date

    @property
    def is_known(self) -> bool:
        """Whether the table has a figure."""
        return bool(self.tiers)

    @property
    def usd_per_unit(self) -> Decimal | None:
        """The first tier's price, which all but the largest accounts pay; None if not known."""
        return self.tiers[0].usd_per_unit if self.tiers else None

    def usd(self, units: Decimal, *, with_free_tier: bool = False) -> Decimal | None:
        """What ``units`` of one month cost, tier by tier; None if the price is not known.

        Raises:
            ValueError: ``units`` is negative.
        """
        if units < 0:
            raise ValueError(f"units must be 0 or more, got {units}; pass what was used")
        if not self.tiers:
            return None
        left = max(Decimal(0), units - self.free_per_month) if with_free_tier else units
        total = Decimal(0)
        below = Decimal(0)
        for tier in self.tiers:
            in_tier = left if tier.up_to is None else min(left, tier.up_to - below)
            total += in_tier * tier.usd_per_unit
            left -= in_tier
            below = tier.up_to or below
        return total

    def units_of(self, size_bytes: int) -> int:
        """How many units one piece of this size is billed as; an empty one is one.

        Raises:
            ValueError: ``size_bytes`` is negative.
        """
        if size_bytes < 0:
            raise ValueError(f"size_bytes must be 0 or more, got {size_bytes}; pass the size")
        if self.block_bytes is None:
            return 1
        return max(1, -(-size_bytes // self.block_bytes))


@dataclass(frozen=True, kw_only=True)
class PriceList:
    """The prices of one region."""

    region: str
    currency: str
    by_id: Mapping[str, Price]

    def __getitem__(self, price_id: str) -> Price:
        """The price of an item.

        Raises:
            UnknownPriceError: There is no such item.
        """
        try:
            return self.by_id[price_id]
        except KeyError:
            raise UnknownPriceError(
                f"the price list must hold {price_id!r}, it has {', '.join(self.by_id)}; add it"
            ) from None

    def __iter__(self) -> Iterator[Price]:
        return iter(self.by_id.values())


@cache
def prices() -> PriceList:
    """The prices that come with Duet: us-east-1, before taxes, discounts and data transfer."""
    text = resources.files(__package__).joinpath("prices.json").read_text(encoding="utf-8")
    data = json.loads(text)
    return PriceList(
        region=data["region"],
        currency=data["currency"],
        by_id={item["id"]: _price(item) for item in data["items"]},
    )


def _price(item: Mapping[str, Any]) -> Price:
    return Price(
        id=item["id"],
        service=item["service"],
        what=item["what"],
        unit=item["unit"],
        tiers=tuple(
            Tier(
                usd_per_unit=_per_unit(tier),
                up_to=Decimal(tier["up_to"]) if "up_to" in tier else None,
            )
            for tier in item["tiers"]
        ),
        block_bytes=item.get("block_bytes"),
        free_per_month=Decimal(item.get("free_per_month", 0)),
        missing=item.get("missing", ""),
        note=item.get("note", ""),
        others=tuple(
            OtherFigure(
                usd_per_unit=_per_unit(other),
                page=other["page"],
                read_on=date.fromisoformat(other["read_on"]),
                note=other["note"],
            )
            for other in item.get("disagreeing", ())
        ),
        page=item["page"],
        read_on=date.fromisoformat(item["read_on"]),
    )


def _per_unit(quoted: Mapping[str, Any]) -> Decimal:
    """Prices are written as the pages quote them: so much for so many."""
    return Decimal(quoted["usd"]) / Decimal(quoted["per"])
