"""The rows of what is billed by the month: sums that no number of sign-ups changes, and logs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from constructs_lib.insight.compare.designs import DESIGNS, SHARED, Design, standing_at
from constructs_lib.insight.compare.rows import Cell, Row
from constructs_lib.insight.cost.monthly import monthly_units
from constructs_lib.insight.cost.tables import dollars, units_text
from constructs_lib.insight.cost.units import bill_of_a_month
from constructs_lib.insight.model import Assembly, Resource
from constructs_lib.insight.prices import Price, prices

#: Items of the price list that the rows name, each with its page in the comparison's sources.
MONTHLY_PRICES = ("alarms", "dashboards", "keys", "secrets", "log-gigabytes", "log-storage")


def monthly_rows(assembly: Assembly) -> list[Row]:
    """Alarms, dashboards, keys and secrets of each design and of what all share; log groups."""
    written, kept = prices()["log-gigabytes"], prices()["log-storage"]
    a_gigabyte = f"{_each(written)} a GB written, {_each(kept)} kept"
    return [
        _row("USD a month, whether used or not", lambda design: _both(design, assembly, _billed)),
        _row("USD a month, what all share", lambda _: _billed(standing_at(assembly, SHARED))),
        _row(
            f"log groups: {a_gigabyte} a month",
            lambda design: _both(design, assembly, _log_groups),
        ),
    ]


def _row(quantity: str, cell: Callable[[Design], Cell]) -> Row:
    cells = {design.name: cell(design) for design in DESIGNS}
    return Row(topic="cost", quantity=quantity, how="templates", cells=cells)


def _billed(resources: Iterable[Resource]) -> Cell:
    used = monthly_units(resources)
    bill = bill_of_a_month(used, with_free_tier=False)
    missing = [line.price.what for line in bill.unpriced]
    lacks = f", without {', '.join(missing)}, whose price is not known" if missing else ""
    return Cell(text=f"{dollars(bill.usd)}: {units_text(used)}{lacks}", value=bill.usd)


def _log_groups(resources: Iterable[Resource]) -> Cell:
    count = sum(each.type == "AWS::Logs::LogGroup" for each in resources)
    return Cell(text=str(count), value=Decimal(count))


def _both(design: Design, assembly: Assembly, cell: Callable[[Iterable[Resource]], Cell]) -> Cell:
    """The cell of a design's own resources, and of its followers' where there are any."""
    own = cell(design.standing(assembly, of_followers=False))
    following = cell(design.standing(assembly, of_followers=True))
    if not following.value:
        return own
    return Cell(
        text=f"{own.text}, and {following.text} of the followers",
        value=(own.value or Decimal(0)) + following.value,
    )


def _each(price: Price) -> str:
    return "an unknown price" if price.usd_per_unit is None else dollars(price.usd_per_unit)
