"""What holds of the costs of any workflow."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.insight.asl import read_machine
from constructs_lib.insight.cost.extent import Extent, extent
from constructs_lib.insight.cost.units import Units, total, usd_per_million
from constructs_lib.insight.cost.walks import Travel, Visit, Walks
from constructs_lib.insight.model import Reference, StateMachine
from constructs_lib.insight.prices import prices

_COUNTS = st.decimals(min_value=0, max_value=10**6, places=2)
_UNITS = st.builds(Units, st.dictionaries(st.sampled_from(sorted(prices().by_id)), _COUNTS))
#: A price of so much for 3,600 has no end as a decimal number.
_ROUNDING = Decimal("1e-9")
_TRAVEL = Travel(items=lambda _state: 2, loop_passes=0, limit=5000)


class _NoReferrer:
    def of_text(self, text: str) -> Reference:
        return Reference(text=text)

    def type_of(self, reference: Reference) -> str | None:
        del reference
        return None


@st.composite
def _machines(draw: st.DrawFn) -> StateMachine:
    """State machines without loops: each state leads to later ones."""
    size = draw(st.integers(min_value=1, max_value=6))
    states: dict[str, Mapping[str, Any]] = {f"S{size}": {"Type": "Succeed"}}
    for number in range(size):
        later = st.sampled_from([f"S{n}" for n in range(number + 1, size + 1)])
        targets = draw(st.lists(later, min_size=1, max_size=3, unique=True))
        choices = [{"Variable": "$.x", "IsNull": True, "Next": target} for target in targets[1:]]
        states[f"S{number}"] = (
            {"Type": "Choice", "Choices": choices, "Default": targets[0]}
            if choices
            else {"Type": "Pass", "Next": targets[0]}
        )
    return read_machine({"StartAt": "S0", "States": states}, _NoReferrer())


def _price(visit: Visit) -> Decimal:
    """Any price that differs from state to state."""
    return Decimal(int(visit.state.name[1:]) ** 2 + 1)


def _cost(walk: Any) -> Decimal:
    return sum((_price(visit) for visit in walk.visits), Decimal(0))


def _both(machine: StateMachine) -> tuple[Walks, Extent]:
    bounds = extent(machine, travel=_TRAVEL, usd=_price)
    assert bounds is not None
    return _TRAVEL.walks(machine), bounds


@given(_machines())
def test_ways_are_counted_as_they_are_listed(machine: StateMachine) -> None:
    walks, bounds = _both(machine)

    assert bounds.count == len(walks.found)


@given(_machines())
def test_the_bounds_are_the_cheapest_and_the_dearest_listed(machine: StateMachine) -> None:
    walks, bounds = _both(machine)
    costs = [_cost(walk) for walk in walks.found]

    assert (_cost(bounds.cheapest), _cost(bounds.dearest)) == (min(costs), max(costs))


@given(_machines())
def test_no_way_is_listed_twice(machine: StateMachine) -> None:
    walks = _TRAVEL.walks(machine)
    names = [tuple(visit.state.name for visit in walk.visits) for walk in walks.found]

    assert len(set(names)) == len(names)


@given(_machines(), st.integers(min_value=1, max_value=5))
def test_a_limit_is_kept_and_said(machine: StateMachine, limit: int) -> None:
    walks = Travel(items=lambda _state: 2, loop_passes=0, limit=limit).walks(machine)
    in_all = len(_TRAVEL.walks(machine).found)

    assert len(walks.found) <= limit
    assert walks.is_complete or in_all >= limit


@given(st.lists(_UNITS))
def test_units_add_up_in_any_order(parts: list[Units]) -> None:
    assert total(parts) == total(reversed(parts)) == sum(parts, Units())


@given(_UNITS, _UNITS)
def test_prices_are_additive(one: Units, other: Units) -> None:
    apart = usd_per_million(one) + usd_per_million(other)
    assert abs(apart - usd_per_million(one + other)) < _ROUNDING


@given(_UNITS, st.integers(min_value=0, max_value=1000))
def test_so_many_times_the_units_cost_so_many_times_as_much(used: Units, times: int) -> None:
    assert abs(usd_per_million(used.times(times)) - times * usd_per_million(used)) < _ROUNDING
