"""All costs of an assembly at a mix: the result that the command shows and other views draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from constructs_lib.insight.cost.assumptions import DEFAULTS, Assumptions
from constructs_lib.insight.cost.event_flows import EventFlow, EventFlows
from constructs_lib.insight.cost.mix import mix_of, require_known
from constructs_lib.insight.cost.monthly import monthly_units
from constructs_lib.insight.cost.units import (
    NOTHING,
    Bill,
    Units,
    bill_of_a_month,
    total,
    usd_per_million,
)
from constructs_lib.insight.cost.workflow_cost import PathCost, WorkflowCost, WorkflowCosts
from constructs_lib.insight.errors import InsightError
from constructs_lib.insight.model import Assembly
from constructs_lib.insight.prices import Price, prices

_ALWAYS_SAID = (
    "prices of us-east-1, before taxes, discounts, data transfer and storage",
    "an execution on a path has no retry, unless retry_share says so; each retry is a transition",
    "a failed call counts where AWS bills it: DynamoDB, functions, and tasks that waited",
    "when one branch of a Parallel fails, the others are counted as having come to their end",
    "what a rule asks of an event's detail is taken to hold",
    "what functions do inside is not in a template: state it, or measure a run",
    "a price 'a million' is that of the first tier, without free tier",
)


@dataclass(frozen=True, kw_only=True)
class WorkflowAtMix:
    """A workflow, the shares of its paths, and what one execution takes on average.

    ``consumers`` is what becomes of the events that it publishes.
    """

    cost: WorkflowCost
    shares: Mapping[str, Decimal]
    units: Units
    consumers: Units

    @property
    def most_likely(self) -> PathCost | None:
        """The path with the greatest share."""
        if not self.shares:
            return None
        likely = max(self.shares, key=lambda each: self.shares[each])
        return next(path for path in self.cost.paths if path.id == likely)

    @property
    def usd_per_million(self) -> Decimal:
        """A million executions at the mix, what follows their events left aside."""
        return usd_per_million(self.units)

    @property
    def usd_per_million_with_consumers(self) -> Decimal:
        """A million executions at the mix, and what follows their events."""
        return usd_per_million(self.units + self.consumers)


@dataclass(frozen=True, kw_only=True)
class CostReport:
    """What an assembly costs.

    Args:
        monthly: Units billed by the month, used or not.
        month: The bill of one month; None unless it is said how many runs that has.
    """

    assembly: str
    workflows: tuple[WorkflowAtMix, ...]
    flows: tuple[EventFlow, ...]
    monthly: Units
    assumptions: Assumptions
    runs_per_month: int | None
    with_free_tier: bool
    month: Bill | None

    def prices_used(self) -> tuple[Price, ...]:
        """The prices of all units in it."""
        used = total(
            [
                self.monthly,
                *(flow.units for flow in self.flows),
                *(path.units for each in self.workflows for path in each.cost.paths),
            ]
        )
        return tuple(prices()[key] for key in used.counts)

    def said(self) -> tuple[str, ...]:
        """What is taken for granted."""
        return (*_ALWAYS_SAID, *self.assumptions.sentences())

    def not_priced(self) -> Iterator[str]:
        """What could not be priced, and why."""
        for price in self.prices_used():
            if not price.is_known:
                yield f"{price.service}, {price.what}: {price.missing}"
        for each in self.workflows:
            for note in each.cost.notes:
                yield f"{each.cost.name}: {note}"
        for flow in self.flows:
            for note in flow.notes:
                yield f"{flow.name}: {note}"


def cost_report(
    assembly: Assembly,
    *,
    assumptions: Assumptions = DEFAULTS,
    shares: Mapping[str, Decimal] | None = None,
    workflow: str | None = None,
    runs_per_month: int | None = None,
    with_free_tier: bool = False,
) -> CostReport:
    """Count and price an assembly.

    Args:
        shares: Of paths, by name or id; a workflow without any runs on its happy path.
        workflow: Only workflows with this in their name or key, and no event flows.
        runs_per_month: Executions of each workflow a month; gives the bill of the month.
    Raises:
        InsightError: There is no such workflow or path, or shares do not make 1.
    """
    counted = WorkflowCosts(assembly, assumptions)
    chosen = [
        each
        for each in counted.all
        if workflow is None
        or workflow in (each.name, each.workflow.resource.key)
        or workflow.casefold() in each.name.casefold()
    ]
    if workflow is not None and not chosen:
        raise InsightError(
            f"workflow must be one of {', '.join(each.name for each in counted.all) or 'none'}, "
            f"got {workflow!r}"
        )
    require_known(chosen, shares or {})
    flows = EventFlows(assembly, assumptions, counted)
    at_mix = tuple(_at_mix(each, shares or {}, flows, assembly) for each in chosen)
    monthly = monthly_units(assembly.resources.values()) if workflow is None else NOTHING
    month = None
    if runs_per_month is not None:
        a_run = total(each.units + each.consumers for each in at_mix)
        month = bill_of_a_month(
            a_run.times(runs_per_month) + monthly, with_free_tier=with_free_tier
        )
    return CostReport(
        assembly=assembly.path,
        workflows=at_mix,
        flows=flows.all() if workflow is None else (),
        monthly=monthly,
        assumptions=assumptions,
        runs_per_month=runs_per_month,
        with_free_tier=with_free_tier,
        month=month,
    )


def _at_mix(
    cost: WorkflowCost, stated: Mapping[str, Decimal], flows: EventFlows, assembly: Assembly
) -> WorkflowAtMix:
    shares = mix_of(cost, stated)
    paths = {path.id: path for path in cost.paths}
    return WorkflowAtMix(
        cost=cost,
        shares=shares,
        units=total(paths[id_].units.times(share) for id_, share in shares.items()),
        consumers=total(
            _consumers(paths[id_], cost, flows, assembly).times(share)
            for id_, share in shares.items()
        ),
    )


def _consumers(path: PathCost, cost: WorkflowCost, flows: EventFlows, assembly: Assembly) -> Units:
    """What becomes of the events of one execution."""
    published = {
        (each.source, each.detail_type): each.bus
        for each in assembly.publications
        if each.publisher == cost.workflow.resource.key
    }
    return total(_flow_units(path.events, published, flows))


def _flow_units(
    events: Mapping[tuple[str | None, str | None], int],
    published: Mapping[tuple[str | None, str | None], str | None],
    flows: EventFlows,
) -> Iterator[Units]:
    for (source, detail_type), times in events.items():
        bus = published.get((source, detail_type))
        if bus and source and detail_type:
            consumers = flows.consumers_of(bus=bus, source=source, detail_type=detail_type)
            yield consumers.times(times)
