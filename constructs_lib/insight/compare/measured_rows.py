"""The rows that sign-ups on the embedded AWS tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from constructs_lib.insight.compare.designs import (
    CONFIRMATION,
    DESIGNS,
    ORCHESTRATED,
    Design,
)
from constructs_lib.insight.compare.observed import Experiment, Observed, Survived
from constructs_lib.insight.compare.rows import Cell, How, Row
from constructs_lib.insight.compare.structure import Ceiling, ceilings
from constructs_lib.insight.cost.assumptions import DEFAULTS
from constructs_lib.insight.cost.beside import countable
from constructs_lib.insight.cost.tables import dollars, units_text
from constructs_lib.insight.cost.task_units import function_units
from constructs_lib.insight.cost.units import NOTHING, Units, total, units, usd_per_million
from constructs_lib.insight.cost.workflow_cost import WorkflowCosts
from constructs_lib.insight.model import Assembly

_RETRY = "error handling and retry"


def measured_rows(assembly: Assembly, seen: Experiment) -> list[Row]:
    """How sign-ups ended, how many there may be, how long they took and what they cost."""
    observed = seen.observed

    def row(
        topic: str, quantity: str, cell: Callable[[Design, Observed], Cell], how: How = "measured"
    ) -> Row:
        cells = {design.name: cell(design, observed[design.name]) for design in DESIGNS}
        return Row(topic=topic, quantity=quantity, how=how, cells=cells)

    confirmation = _confirmation(assembly)
    durations = _durations(assembly)
    return [
        *_survived(seen),
        row("scalability", "sign-ups a second that quotas allow", _lowest_ceiling, "published"),
        row("scalability", "the same, with that quota raised", _next_ceiling, "published"),
        row("latency", "median from request to end, on this machine", _local, "local"),
        row("cost", "billable units of a sign-up", lambda _, each: _units(each.itself)),
        row("cost", "billable units of what follows it", lambda _, each: _units(each.followers)),
        row("cost", "USD, a million sign-ups", lambda _, each: _usd(durations(each.itself))),
        row(
            "cost",
            "USD, a million with their followers",
            lambda _, each: _usd(durations(each.itself + each.followers)),
        ),
        row(
            "cost",
            "USD, a million without followers and confirmation",
            lambda _, each: _usd(durations(_without(each.itself, confirmation))),
        ),
    ]


def _survived(seen: Experiment) -> Iterator[Row]:
    """For each trouble, the share that ended all done or all undone."""
    for index, first in enumerate(seen.survived[DESIGNS[0].name]):
        yield Row(
            topic=_RETRY,
            quantity=f"ended right while {first.trouble.what}",
            how="measured",
            cells={design.name: _share(seen.survived[design.name][index]) for design in DESIGNS},
        )


def _share(survived: Survived) -> Cell:
    in_all = survived.done + survived.undone + survived.wrong
    right = survived.done + survived.undone
    text = f"{right} of {in_all} ({survived.done} all done, {survived.undone} all undone)"
    return Cell(text=text, value=Decimal(str(survived.share_right)))


def _lowest_ceiling(_design: Design, observed: Observed) -> Cell:
    return _per_second(_ceilings(observed)[0])


def _next_ceiling(_design: Design, observed: Observed) -> Cell:
    return _per_second(_ceilings(observed)[1])


def _ceilings(observed: Observed) -> tuple[Ceiling, ...]:
    used = observed.itself
    return ceilings(
        {
            "user-creations": used["cognito-users"],
            "workflow-starts": Decimal(1 if used["standard-transitions"] else 0),
            "state-transitions": used["standard-transitions"],
            "events-put": used["custom-events"],
            # What rules send to queues: the rest of the requests are the pollers'.
            "rule-invocations": max(
                Decimal(0), used["queue-requests"] - 2 * used["lambda-requests"]
            ),
        }
    )


def _per_second(ceiling: Ceiling) -> Cell:
    text = f"{ceiling.per_second:.0f} by {ceiling.quota.what}"
    return Cell(text=text, value=ceiling.per_second)


def _local(_design: Design, observed: Observed) -> Cell:
    text = f"{observed.median_seconds:.2f} s (local, of {observed.sign_ups})"
    return Cell(text=text, value=Decimal(str(round(observed.median_seconds, 3))))


def _units(used: Units) -> Cell:
    return Cell(text=units_text(countable(used)))


def _usd(used: Units) -> Cell:
    usd = usd_per_million(used)
    return Cell(text=dollars(usd), value=round(usd, 2))


def _durations(assembly: Assembly) -> Callable[[Units], Units]:
    """Units with the durations that ``duet cost`` assumes: those measured here are not AWS's."""
    of_runs = [function_units(each, DEFAULTS) for each in assembly.functions]
    gb_seconds = total(run.only(set(run.counts) - {"lambda-requests"}) for run in of_runs)
    a_run = gb_seconds.times(1 / Decimal(len(of_runs))) if of_runs else NOTHING
    express = units("express-gb-seconds", DEFAULTS.express_seconds / 16)

    def with_durations(used: Units) -> Units:
        return (
            countable(used)
            + a_run.times(used["lambda-requests"])
            + express.times(used["express-requests"])
        )

    return with_durations


def _confirmation(assembly: Assembly) -> Units:
    """What confirming an address is billed: its states, and the run that takes the code."""
    costs = WorkflowCosts(assembly, DEFAULTS)
    used = NOTHING
    for cost in costs.all:
        happy = cost.happy
        path = cost.workflow.resource.place.construct_path
        if happy is None or not ORCHESTRATED.has(path, of_followers=False):
            continue
        if cost.workflow.kind == "EXPRESS":
            used += countable(happy.units)
            continue
        used += total(
            costs.visit_units(cost.workflow, visit)
            for visit in happy.walk.visits
            if visit.state.name in CONFIRMATION
        )
    return used


def _without(used: Units, part: Units) -> Units:
    """The units without a part of them, which a design may not have."""
    if not used["standard-transitions"]:
        return used
    keys = set(used.counts)
    return Units({key: max(Decimal(0), used[key] - part[key]) for key in keys})
