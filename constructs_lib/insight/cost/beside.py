"""What ran on the embedded AWS beside what was computed for the same paths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from constructs_lib.insight.cost.measured import (
    LOCAL_TIMES,
    Measured,
    event_price,
    measured,
)
from constructs_lib.insight.cost.report import CostReport
from constructs_lib.insight.cost.units import NOTHING, Units, total, units
from constructs_lib.insight.cost.workflow_cost import PathCost, WorkflowCost
from constructs_lib.insight.model import Workflow
from constructs_lib.insight.prices import prices
from constructs_lib.insight.runs import Event, Execution, Run
from constructs_lib.local.journal import ExecutionEnded, Journal

#: What a run file of before calls were recorded tells of an execution: states and attempts.
_IN_OLD_RUN_FILES = frozenset({"standard-transitions", "express-requests"})
_OLD_RUN_FILE = (
    "the run file was recorded before calls were: transitions, retries and events are compared, "
    "and not what calls, functions, mails and deliveries are billed; record the run again"
)


@dataclass(frozen=True, kw_only=True)
class ExecutionBeside:
    """One execution: the units measured, and those of the path that it took.

    ``path`` is the one whose states it entered; where only their number is known, the first of
    those that enter as many, end alike and, if one does, are billed alike. It is None if no listed
    path is so, as when an execution ends amid its way. ``told`` are the items that the record tells
    of; None for all.
    """

    execution: str
    workflow: str
    path: PathCost | None
    measured: Units
    told: frozenset[str] | None = None

    @property
    def computed(self) -> Units | None:
        """The path's units, but for durations, which differ between here and AWS."""
        if self.path is None:
            return None
        used = countable(self.path.units)
        return used if self.told is None else used.only(self.told)

    @property
    def is_equal(self) -> bool:
        """Whether both are the same."""
        return self.computed == countable(self.measured)


@dataclass(frozen=True, kw_only=True)
class Beside:
    """A run beside the computed units.

    ``rest`` is what no execution did itself, ``lacks`` what the record does not tell, in words.
    """

    executions: tuple[ExecutionBeside, ...]
    rest: Units
    lacks: str = ""

    def to_json(self) -> dict[str, object]:
        """For ``duet cost --run FILE --json``."""
        return {
            "executions": [
                {
                    "execution": each.execution,
                    "workflow": each.workflow,
                    "path": each.path.name if each.path else None,
                    "computed": each.computed.to_json() if each.computed is not None else None,
                    "measured": each.measured.to_json(),
                    "equal": each.is_equal,
                }
                for each in self.executions
            ],
            "rest": self.rest.to_json(),
            "lacks": self.lacks,
        }


def beside(report: CostReport, journal: Journal, *, since: Journal | None = None) -> Beside:
    """Put the executions of a journal beside the paths of a report.

    Args:
        since: An earlier reading of the journal; only what came after it counts.
    """
    found = measured(journal, since=since)
    first = since.last_number if since else 0
    ended = [each for each in journal.of(ExecutionEnded) if each.number > first]
    costs = [each.cost for each in report.workflows]
    return Beside(executions=tuple(_executions(ended, found, costs)), rest=found.rest)


def beside_run(report: CostReport, run: Run) -> Beside:
    """Put the executions of a run file beside the paths of a report.

    A file of before calls were recorded has states, retries and events alone: the other units are
    left out on both sides. An execution that was still running took no path to its end, and is left
    out too.
    """
    costs = {each.cost.workflow.resource.key: each.cost for each in report.workflows}
    return Beside(
        executions=tuple(
            _from_run(costs[each.workflow], each)
            for each in run.executions
            if each.workflow in costs and each.status != "RUNNING"
        ),
        rest=total(
            map(_event_units, run.events) if run.units is None else map(Units, run.units.values())
        ),
        lacks=_OLD_RUN_FILE if run.units is None else "",
    )


def _from_run(cost: WorkflowCost, execution: Execution) -> ExecutionBeside:
    entered = Counter(step.state for step in execution.steps)
    by_names = [path for path in cost.paths if _states(path) == entered]
    alike = _alike(cost, states=len(execution.steps), fails=execution.status != "SUCCEEDED")
    used = _of_states(cost, execution) if execution.units is None else Units(execution.units)
    return ExecutionBeside(
        execution=execution.id,
        workflow=cost.name,
        path=next(iter(_same_bill_first(by_names or alike, used)), None),
        measured=used,
        told=_IN_OLD_RUN_FILES if execution.units is None else None,
    )


def _of_states(cost: WorkflowCost, execution: Execution) -> Units:
    """What the states of an execution are billed for themselves."""
    if cost.workflow.kind == "EXPRESS":
        return units("express-requests")
    retries = sum(max(0, len(step.attempts) - 1) for step in execution.steps)
    return units("standard-transitions", len(execution.steps) + retries)


def _states(path: PathCost) -> Counter[str]:
    entered: Counter[str] = Counter()
    for visit, times in path.walk.entered():
        entered[visit.state.full_name] += times
    return entered


def _event_units(event: Event) -> Units:
    price_id = "replayed-events" if event.replay else event_price(event.source)
    return units(price_id, prices()[price_id].units_of(event.size_bytes))


def countable(used: Units) -> Units:
    """Units that a run here and one on AWS have alike: all but durations."""
    return used.only(set(used.counts) - set(LOCAL_TIMES))


def _executions(
    ended: Iterable[ExecutionEnded], found: Measured, costs: Iterable[WorkflowCost]
) -> Iterator[ExecutionBeside]:
    by_machine: dict[str, WorkflowCost | None] = {}
    listed = tuple(costs)
    for each in ended:
        machine = each.state_machine_arn.rsplit(":", 1)[-1]
        if machine not in by_machine:
            by_machine[machine] = next(
                (cost for cost in listed if _is_deployed_as(cost.workflow, machine)), None
            )
        cost = by_machine[machine]
        if cost is None:
            continue
        used = found.executions.get(each.execution_arn, NOTHING)
        yield ExecutionBeside(
            execution=each.execution_arn,
            workflow=cost.name,
            path=_path(cost, each, used),
            measured=used,
        )


def _is_deployed_as(workflow: Workflow, physical_name: str) -> bool:
    """Whether CloudFormation gave the workflow this name, or the template does."""
    given = workflow.resource.properties.get("StateMachineName")
    place = workflow.resource.place
    return physical_name == given or physical_name.startswith(
        f"{place.stack}-{place.logical_id}"[: len(physical_name)]
    )


def _path(cost: WorkflowCost, ended: ExecutionEnded, used: Units) -> PathCost | None:
    """The path that enters as many states and ends alike; of several, the one billed the same."""
    alike = _alike(cost, states=ended.states_entered, fails=ended.status != "SUCCEEDED")
    return next(iter(_same_bill_first(alike, used)), None)


def _same_bill_first(paths: Iterable[PathCost], used: Units) -> list[PathCost]:
    return sorted(paths, key=lambda path: countable(path.units) != countable(used))


def _alike(cost: WorkflowCost, *, states: int, fails: bool) -> list[PathCost]:
    return [
        path
        for path in cost.paths
        if path.walk.states_entered == states and path.walk.fails is fails
    ]
