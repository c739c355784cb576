"""What ran on the embedded AWS beside what was computed for the same paths."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from constructs_lib.insight.cost.measured import LOCAL_TIMES, Measured, measured
from constructs_lib.insight.cost.report import CostReport
from constructs_lib.insight.cost.units import Units
from constructs_lib.insight.cost.workflow_cost import PathCost, WorkflowCost
from constructs_lib.insight.errors import InsightError
from constructs_lib.insight.model import Workflow
from constructs_lib.local.journal import ExecutionEnded, Journal, journal_from_json


@dataclass(frozen=True, kw_only=True)
class ExecutionBeside:
    """One execution: the units measured, and those of the path that it took.

    ``path`` is the first of those that enter as many states, end alike and, if one does, are billed
    alike; a journal does not name the states. It is None if no listed path is so, as when an
    execution ends amid its way.
    """

    execution_arn: str
    workflow: str
    path: PathCost | None
    measured: Units

    @property
    def computed(self) -> Units | None:
        """The path's units, but for durations, which differ between here and AWS."""
        return countable(self.path.units) if self.path else None

    @property
    def is_equal(self) -> bool:
        """Whether both are the same."""
        return self.computed == countable(self.measured)


@dataclass(frozen=True, kw_only=True)
class Beside:
    """A run beside the computed units; ``rest`` is what no execution did itself."""

    executions: tuple[ExecutionBeside, ...]
    rest: Units

    def to_json(self) -> dict[str, object]:
        """For ``duet cost --run FILE --json``."""
        return {
            "executions": [
                {
                    "execution": each.execution_arn,
                    "workflow": each.workflow,
                    "path": each.path.name if each.path else None,
                    "computed": each.computed.to_json() if each.computed is not None else None,
                    "measured": each.measured.to_json(),
                    "equal": each.is_equal,
                }
                for each in self.executions
            ],
            "rest": self.rest.to_json(),
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


def read_run(path: Path) -> Journal:
    """A journal from a file: as the embedded AWS answers it, or under the name ``journal``.

    Raises:
        InsightError: The file cannot be read, or holds no journal.
    """
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
        return journal_from_json(written.get("journal", written))
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        raise InsightError(
            f"a run must be a file with the journal of an embedded AWS, got {str(path)!r} "
            f"({type(error).__name__}: {error}); record one"
        ) from None


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
        used = found.executions[each.execution_arn]
        yield ExecutionBeside(
            execution_arn=each.execution_arn,
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
    alike = [
        path
        for path in cost.paths
        if path.walk.states_entered == ended.states_entered
        and path.walk.fails is (ended.status != "SUCCEEDED")
    ]
    same = [path for path in alike if countable(path.units) == countable(used)]
    return next(iter([*same, *alike]), None)
