"""The price table: whole, sourced, and right by the worked examples of AWS's own pages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.insight.prices import Price, UnknownPriceError, prices

PRICES = prices()
_EACH = pytest.mark.parametrize("price", list(PRICES), ids=lambda price: price.id)
_FEW = st.decimals(min_value=0, max_value=10**10, places=0)


@_EACH
def test_a_price_names_the_page_and_the_day_on_which_it_was_read(price: Price) -> None:
    assert price.page.startswith("https://aws.amazon.com/")
    assert date(2026, 11, 22) <= price.read_on <= date(2026, 11, 27)


@_EACH
def test_a_price_has_a_figure_or_says_why_it_has_none(price: Price) -> None:
    assert price.is_known is not bool(price.missing)


def test_a_missing_price_is_no_price() -> None:
    missing = PRICES["cognito-users"]

    assert missing.usd(Decimal(1_000_000)) is None


def test_sources_that_disagree_are_kept_beside_the_price() -> None:
    writes = PRICES["dynamodb-writes"]

    assert [other.usd_per_unit for other in writes.others] == [Decimal("0.00000125")]


def test_an_item_that_nobody_priced_is_a_mistake() -> None:
    with pytest.raises(UnknownPriceError, match="'dynamodb-scans'"):
        PRICES["dynamodb-scans"]


def test_negative_units_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="units must be 0 or more, got -1"):
        PRICES["mails"].usd(Decimal(-1))


def test_express_workflows_cost_what_the_example_of_their_page_says() -> None:
    # 100 million executions of 10 s at 64 MB: 62,500,000 GB-s in three tiers.
    requests = PRICES["express-requests"].usd(Decimal(100_000_000))
    duration = PRICES["express-gb-seconds"].usd(Decimal(62_500_000))

    assert requests == 100
    assert duration is not None
    assert round(duration, 2) == Decimal("382.97")


def test_the_first_transitions_of_a_month_are_free() -> None:
    # 100,000 executions of 4 transitions: 396,000 are billed, $0.025 for 1,000.
    assert PRICES["standard-transitions"].usd(Decimal(400_000), with_free_tier=True) == Decimal(
        "9.90"
    )


def test_functions_cost_what_the_example_of_their_page_says() -> None:
    # 3 million runs of 1 s at 512 MB: 1,100,000 GB-s are billed. The page says $18.34, at the
    # price rounded to $0.00001667.
    duration = PRICES["lambda-gb-seconds"].usd(Decimal(1_500_000), with_free_tier=True)
    requests = PRICES["lambda-requests"].usd(Decimal(3_000_000), with_free_tier=True)

    assert duration is not None
    assert requests is not None
    assert abs(duration - Decimal("18.34")) < Decimal("0.01")
    assert requests == Decimal("0.40")


def test_traces_cost_what_the_example_of_their_page_says() -> None:
    # 2,000 requests an hour for 31 days, 10 % of them traced.
    traces = PRICES["traces"].usd(Decimal(148_800), with_free_tier=True)

    assert traces is not None
    assert round(traces, 2) == Decimal("0.24")


@pytest.mark.parametrize(
    ("price_id", "size_bytes", "units"),
    [
        # EventBridge: "an event with a payload of 256 KB is charged as 4 events".
        ("custom-events", 256 * 1024, 4),
        ("custom-events", 64 * 1024, 1),
        ("custom-events", 64 * 1024 + 1, 2),
        ("custom-events", 0, 1),
        # DynamoDB: "a write request of a 3 KB item requires three", a read of 8 KB two.
        ("dynamodb-writes", 3 * 1024, 3),
        ("dynamodb-reads", 8 * 1024, 2),
        ("mails", 10_000_000, 1),
    ],
)
def test_a_large_piece_is_billed_in_blocks(price_id: str, size_bytes: int, units: int) -> None:
    assert PRICES[price_id].units_of(size_bytes) == units


@given(price=st.sampled_from([p for p in PRICES if p.is_known]), few=_FEW, more=_FEW)
def test_more_units_never_cost_less(price: Price, few: Decimal, more: Decimal) -> None:
    cost, cost_of_all = price.usd(few), price.usd(few + more)

    assert cost is not None
    assert cost_of_all is not None
    assert cost <= cost_of_all


@given(price=st.sampled_from([p for p in PRICES if p.is_known]), units=_FEW)
def test_the_free_tier_never_costs_more_and_saves_no_more_than_it_holds(
    price: Price, units: Decimal
) -> None:
    full, freed = price.usd(units), price.usd(units, with_free_tier=True)

    assert full is not None
    assert freed is not None
    assert price.usd_per_unit is not None
    assert 0 <= full - freed <= price.free_per_month * price.usd_per_unit
