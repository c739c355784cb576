"""A cost report as JSON: plain numbers, US dollars."""

from __future__ import annotations

from decimal import Decimal

from constructs_lib.insight.cost.break_even import BreakEven
from constructs_lib.insight.cost.event_flows import EventFlow
from constructs_lib.insight.cost.report import CostReport, WorkflowAtMix
from constructs_lib.insight.cost.units import Bill
from constructs_lib.insight.cost.workflow_cost import PathCost
from constructs_lib.insight.prices import Price


def to_json(report: CostReport) -> dict[str, object]:
    """What ``duet cost --json`` prints."""
    return {
        "assembly": report.assembly,
        "workflows": [_workflow(each) for each in report.workflows],
        "eventFlows": [_flow(flow) for flow in report.flows],
        "monthlyUnits": report.monthly.to_json(),
        "month": _bill(report.month) if report.month else None,
        "runsPerMonth": report.runs_per_month,
        "freeTier": report.with_free_tier,
        "assumptions": list(report.said()),
        "notPriced": list(dict.fromkeys(report.not_priced())),
        "prices": [_price(price) for price in report.prices_used()],
    }


def _workflow(at_mix: WorkflowAtMix) -> dict[str, object]:
    cost = at_mix.cost
    return {
        "name": cost.name,
        "key": cost.workflow.resource.key,
        "kind": cost.workflow.kind,
        "paths": [_path(path) for path in cost.paths],
        "allPathsListed": cost.is_complete,
        "pathsWithoutLoops": cost.extent.count if cost.extent else None,
        "cheapest": _path(cost.cheapest) if cost.cheapest else None,
        "dearest": _path(cost.dearest) if cost.dearest else None,
        "happy": cost.happy.id if cost.happy else None,
        "mostLikely": at_mix.most_likely.id if at_mix.most_likely else None,
        "mix": {id_: float(share) for id_, share in at_mix.shares.items()},
        "unitsPerRun": at_mix.units.to_json(),
        "unitsOfConsumersPerRun": at_mix.consumers.to_json(),
        "usdPerMillionRuns": _usd(at_mix.usd_per_million),
        "usdPerMillionRunsWithConsumers": _usd(at_mix.usd_per_million_with_consumers),
        "breakEven": _break_even(cost.break_even) if cost.break_even else None,
    }


def _path(path: PathCost) -> dict[str, object]:
    return {
        "id": path.id,
        "name": path.name,
        "ways": path.ways,
        "fails": path.walk.fails,
        "statesEntered": path.walk.states_entered,
        "states": [visit.state.full_name for visit, times in path.walk.entered() if times],
        "units": path.units.to_json(),
        "unitsAtWorst": path.units_at_worst.to_json(),
        "usdPerMillion": _usd(path.usd_per_million),
    }


def _break_even(meets: BreakEven) -> dict[str, object]:
    return {
        "standardUsdPerMillion": _usd(meets.standard_usd_per_million),
        "expressUsdPerMillion": _usd(meets.express_usd_per_million),
        "expressIsCheaperUpToSeconds": float(meets.seconds) if meets.seconds is not None else None,
        "expressMemoryMb": meets.memory_mb,
        "obstaclesToExpress": list(meets.obstacles),
    }


def _flow(flow: EventFlow) -> dict[str, object]:
    return {
        "name": flow.name,
        "bus": flow.kind.bus if flow.kind else None,
        "publishers": list(flow.publishers),
        "parts": [{"what": part.what, "units": part.units.to_json()} for part in flow.parts],
        "units": flow.units.to_json(),
        "usdPerMillion": _usd(flow.usd_per_million),
    }


def _bill(bill: Bill) -> dict[str, object]:
    return {
        "usd": _usd(bill.usd),
        "lines": [
            {
                "price": line.price.id,
                "units": float(line.units),
                "usd": _usd(line.usd) if line.usd is not None else None,
            }
            for line in bill.lines
        ],
    }


def _price(price: Price) -> dict[str, object]:
    return {
        "id": price.id,
        "service": price.service,
        "what": price.what,
        "unit": price.unit,
        "usdPerUnit": float(price.usd_per_unit) if price.usd_per_unit is not None else None,
        "page": price.page,
        "readOn": price.read_on.isoformat(),
        "note": price.note or None,
        "missing": price.missing or None,
        "otherSources": [
            {
                "usdPerUnit": float(other.usd_per_unit),
                "page": other.page,
                "readOn": other.read_on.isoformat(),
                "note": other.note,
            }
            for other in price.others
        ],
    }


def _usd(amount: Decimal) -> float:
    """To a hundredth of a cent: more would be noise of the assumptions."""
    return round(float(amount), 4)
