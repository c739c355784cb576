"""Billable units, counted by item of the price list, and what they cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

from constructs_lib.insight.prices import Price, PriceList, prices

MILLION = Decimal(1_000_000)


@dataclass(frozen=True)
class Units:
    """How many of which billable unit; they add up.

    Args:
        counts: By id of the price list; zeros are left out.
    """

    counts: Mapping[str, Decimal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Keep what there is, in one order, unchangeable."""
        kept = {key: Decimal(self.counts[key]) for key in sorted(self.counts) if self.counts[key]}
        object.__setattr__(self, "counts", MappingProxyType(kept))

    def __add__(self, other: Units) -> Units:
        if not other.counts:
            return self
        if not self.counts:
            return other
        total = dict(self.counts)
        for key, count in other.counts.items():
            total[key] = total.get(key, Decimal(0)) + count
        return Units(total)

    def __hash__(self) -> int:
        return hash(tuple(self.counts.items()))

    def times(self, factor: Decimal | int) -> Units:
        """So many times as many."""
        return Units({key: count * factor for key, count in self.counts.items()})

    def only(self, ids: Iterable[str]) -> Units:
        """Those of some items."""
        wanted = set(ids)
        return Units({key: count for key, count in self.counts.items() if key in wanted})

    def __getitem__(self, price_id: str) -> Decimal:
        return self.counts.get(price_id, Decimal(0))

    def to_json(self) -> dict[str, float]:
        """As numbers by id."""
        return {key: float(count) for key, count in self.counts.items()}


NOTHING = Units()


def units(price_id: str, count: Decimal | int = 1) -> Units:
    """Units of one item."""
    return Units({price_id: Decimal(count)})


def total(parts: Iterable[Units]) -> Units:
    """All of them together."""
    whole: dict[str, Decimal] = {}
    for part in parts:
        for key, count in part.counts.items():
            whole[key] = whole.get(key, Decimal(0)) + count
    return Units(whole)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a bill; ``usd`` is None where the price is not known."""

    price: Price
    units: Decimal
    usd: Decimal | None


@dataclass(frozen=True, kw_only=True)
class Bill:
    """What units cost: line by line, and what could not be priced."""

    lines: tuple[Line, ...]

    @property
    def usd(self) -> Decimal:
        """All lines that have a price."""
        return sum((line.usd for line in self.lines if line.usd is not None), Decimal(0))

    @property
    def unpriced(self) -> tuple[Line, ...]:
        """The lines without a price: the sum is without them."""
        return tuple(line for line in self.lines if line.usd is None)


def bill_of_a_month(
    used: Units, *, with_free_tier: bool, price_list: PriceList | None = None
) -> Bill:
    """What the units of one month cost, tier by tier."""
    listed = price_list or prices()
    return Bill(
        lines=tuple(
            Line(
                price=listed[key],
                units=count,
                usd=listed[key].usd(count, with_free_tier=with_free_tier),
            )
            for key, count in used.counts.items()
        )
    )


def usd_per_million(used: Units, *, price_list: PriceList | None = None) -> Decimal:
    """What a million times these units cost at the first tier's prices, free tiers left aside.

    Items without a price count nothing; ``unpriced`` names them.
    """
    listed = price_list or prices()
    each = (count * (listed[key].usd_per_unit or Decimal(0)) for key, count in used.counts.items())
    return sum(each, Decimal(0)) * MILLION


def unpriced(used: Units, *, price_list: PriceList | None = None) -> tuple[Price, ...]:
    """The items among these units whose price is not known."""
    listed = price_list or prices()
    return tuple(listed[key] for key in used.counts if not listed[key].is_known)
