"""The comparison of the designs: one table of stated, measured quantities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from constructs_lib.insight.compare.computed_rows import computed_rows
from constructs_lib.insight.compare.designs import DESIGNS
from constructs_lib.insight.compare.measured_rows import measured_rows
from constructs_lib.insight.compare.monthly_rows import MONTHLY_PRICES, monthly_rows
from constructs_lib.insight.compare.observed import Experiment
from constructs_lib.insight.compare.published import Latency, Quota, published
from constructs_lib.insight.compare.rows import TOPICS, Row
from constructs_lib.insight.compare.troubles import TROUBLES
from constructs_lib.insight.model import Assembly
from constructs_lib.insight.prices import Price, prices


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The designs, what they are, and how they compare.

    Args:
        sign_ups: How many went through each design, and through each trouble.
        measured: When they did.
    """

    rows: Sequence[Row]
    sign_ups: int
    measured: datetime

    @property
    def designs(self) -> Mapping[str, str]:
        """What each design is, by its name."""
        return {design.name: design.what for design in DESIGNS}

    def sources(self) -> list[str]:
        """Where published figures are from."""
        facts = published()
        quotas = [
            _source(f"{each.what}, {each.per_second} a second", each)
            for each in facts.quotas.values()
        ]
        others = [_source(each.what, each) for each in facts.latencies.values()]
        monthly = [prices()[id_] for id_ in MONTHLY_PRICES]
        return [*quotas, *others, *(_source(each.what, each) for each in monthly)]

    def to_json(self) -> dict[str, object]:
        """What ``duet compare --json`` prints."""
        return {
            "designs": self.designs,
            "signUps": self.sign_ups,
            "troubles": {each.name: each.what for each in TROUBLES},
            "rows": [row.to_json() for row in self.rows],
            "sources": self.sources(),
        }


def _source(what: str, figure: Quota | Latency | Price) -> str:
    note = f"; {figure.note}" if figure.note else ""
    return f"{what}: {figure.page} (read {figure.read_on}){note}"


def comparison_of(assembly: Assembly, seen: Experiment, *, sign_ups: int) -> Comparison:
    """Put together what the templates say and what was seen, by topic."""
    rows = [*computed_rows(assembly), *measured_rows(assembly, seen), *monthly_rows(assembly)]
    return Comparison(
        rows=sorted(rows, key=lambda row: TOPICS.index(row.topic)),
        sign_ups=sign_ups,
        measured=datetime.now(UTC),
    )
