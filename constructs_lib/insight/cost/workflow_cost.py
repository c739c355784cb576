"""What a workflow costs: each way through it, and all of them at a given mix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from constructs_lib.insight.cost.assumptions import Assumptions
from constructs_lib.insight.cost.break_even import (
    BreakEven,
    break_even,
    express_memory_mb,
    express_seconds,
)
from constructs_lib.insight.cost.distributed_map import batch_size, child_kind
from constructs_lib.insight.cost.extent import Extent, extent
from constructs_lib.insight.cost.path_names import path_names
from constructs_lib.insight.cost.task_units import (
    function_units,
    is_billed_although_it_fails,
    task_units,
)
from constructs_lib.insight.cost.units import NOTHING, Units, total, units, usd_per_million
from constructs_lib.insight.cost.walks import Inner, Travel, Visit, Walk, Walks
from constructs_lib.insight.model import Assembly, State, Task, Workflow

#: Start another workflow through its plain API.
_STARTS = {("sfn", "startExecution"), ("sfn", "startSyncExecution")}
_NEXT_TO_NOTHING = Decimal("1e-20")


@dataclass(frozen=True, kw_only=True)
class PathCost:
    """One way through a workflow and the units that one execution of it is billed.

    ``ways`` is how many there are that end in the same state and are billed the same; ``walk`` is
    the one of them on which least fails. ``units_at_worst`` has every retry used that its states
    allow. ``events`` are the source and detail-type of what it publishes, as far as they are
    written down, and how many times it does.
    """

    id: str
    name: str
    walk: Walk
    units: Units
    units_at_worst: Units
    events: Mapping[tuple[str | None, str | None], int]
    ways: int = 1

    @property
    def ends_in(self) -> str:
        """The name of the last state."""
        return self.walk.visits[-1].state.name if self.walk.visits else ""

    @property
    def usd_per_million(self) -> Decimal:
        """A million such executions, at the first tier's prices."""
        return usd_per_million(self.units)


@dataclass(frozen=True, kw_only=True)
class WorkflowCost:
    """The ways through a workflow.

    ``paths`` are all of them if ``is_complete``; else the first ones, and ``extent`` tells how many
    there are and bounds what they cost. ``notes`` say what could not be counted.
    """

    workflow: Workflow
    paths: tuple[PathCost, ...]
    is_complete: bool
    extent: Extent | None
    cheapest: PathCost | None
    dearest: PathCost | None
    happy: PathCost | None
    break_even: BreakEven | None
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """How the workflow is called in the assembly."""
        return self.workflow.resource.name


class WorkflowCosts:
    """Counts the workflows of an assembly.

    Args:
        limit: Most ways that are listed of one workflow.
    """

    def __init__(self, assembly: Assembly, assumptions: Assumptions, *, limit: int = 500) -> None:
        self._assumptions = assumptions
        self._functions = {each.resource.key: each for each in assembly.functions}
        self._workflows = {each.resource.key: each for each in assembly.workflows}
        self._travel = Travel(
            items=lambda state: assumptions.items.get(state.name, assumptions.map_items),
            loop_passes=assumptions.loop_passes,
            limit=limit,
        )
        self._under_way: set[str] = set()
        self._happy: dict[str, Units] = {}
        self._notes: dict[str, list[str]] = {}
        self._plain_visits: dict[tuple[str, str, str, bool, bool], Units] = {}

    @cached_property
    def all(self) -> tuple[WorkflowCost, ...]:
        """Those of all workflows, in the order of the assembly."""
        return tuple(self.of(workflow) for workflow in self._workflows.values())

    def happy_units(self, key: str) -> Units | None:
        """What one execution costs on its happy way; None if no such workflow is known here."""
        if key in self._under_way or key not in self._workflows:
            return None
        if key not in self._happy:
            self._under_way.add(key)
            workflow = self._workflows[key]
            walk = self._travel.walks(workflow.machine).happy
            self._happy[key] = self._execution(workflow, walk) if walk else NOTHING
            self._under_way.discard(key)
        return self._happy[key]

    def of(self, workflow: Workflow) -> WorkflowCost:
        """The ways through one workflow."""
        self._under_way.add(workflow.resource.key)
        self._notes.setdefault(workflow.resource.key, [])
        walks = self._travel.walks(workflow.machine)
        paths = self._paths(workflow, walks)
        happy_walk = walks.happy
        happy = next((path for path in paths if path.walk is happy_walk), None)
        by_price = sorted(paths, key=lambda path: path.usd_per_million)
        bounds = None
        cheapest, dearest = by_price[:1], by_price[-1:]
        if not walks.is_complete:
            bounds = extent(
                workflow.machine,
                travel=self._travel,
                usd=lambda visit: usd_per_million(self.visit_units(workflow, visit)),
            )
            if bounds:
                cheapest = [self._path(workflow, bounds.cheapest, name="cheapest")]
                dearest = [self._path(workflow, bounds.dearest, name="dearest")]
        self._under_way.discard(workflow.resource.key)
        return WorkflowCost(
            workflow=workflow,
            paths=paths,
            is_complete=walks.is_complete,
            extent=bounds,
            cheapest=next(iter(cheapest), None),
            dearest=next(iter(dearest), None),
            happy=happy,
            break_even=break_even(workflow, happy_walk, self._assumptions) if happy_walk else None,
            notes=tuple(dict.fromkeys(self._notes[workflow.resource.key])),
        )

    def _paths(self, workflow: Workflow, walks: Walks) -> tuple[PathCost, ...]:
        alike: dict[tuple[str, bool, Units, Units], list[PathCost]] = {}
        for walk in walks.found:
            path = self._path(workflow, walk)
            key = path.ends_in, walk.fails, path.units, path.units_at_worst
            alike.setdefault(key, []).append(path)
        happy = walks.happy
        # The happy one speaks for those that cost the same.
        told = [
            next((path for path in group if path.walk is happy), group[0])
            for group in alike.values()
        ]
        names = path_names([path.walk for path in told], happy=happy)
        return tuple(
            replace(path, id=f"p{number}", name=name, ways=len(group))
            for number, (path, name, group) in enumerate(
                zip(told, names, alike.values(), strict=True), start=1
            )
        )

    def _path(self, workflow: Workflow, walk: Walk, *, name: str = "") -> PathCost:
        return PathCost(
            id=name,
            name=name,
            walk=walk,
            units=self._execution(workflow, walk),
            units_at_worst=self._execution(workflow, walk, at_worst=True),
            events=_published_on(walk),
        )

    def _execution(self, workflow: Workflow, walk: Walk, *, at_worst: bool = False) -> Units:
        used = total(self.visit_units(workflow, visit, at_worst=at_worst) for visit in walk.visits)
        if workflow.kind == "EXPRESS":
            used += self._express(workflow, walk)
        return used

    def _express(self, workflow: Workflow, walk: Walk) -> Units:
        """Request and duration of an Express execution; a transition costs nothing in it."""
        gb = Decimal(express_memory_mb(workflow, walk, self._assumptions)) / 1024
        seconds = express_seconds(workflow, self._assumptions)
        return units("express-requests") + units("express-gb-seconds", seconds * gb)

    def visit_units(self, workflow: Workflow, visit: Visit, *, at_worst: bool = False) -> Units:
        """One state: its transition, its call, its retries, and what runs inside of it."""
        used = self._plain_visit(workflow, visit, at_worst=at_worst)
        if not visit.inner:
            return used
        return used + total(
            self._inner(workflow, visit.state, inner, at_worst=at_worst) for inner in visit.inner
        )

    def _plain_visit(self, workflow: Workflow, visit: Visit, *, at_worst: bool) -> Units:
        """One state without what runs inside of it; many ways lead through each."""
        state, fails = visit.state, bool(visit.caught)
        key = (workflow.resource.key, workflow.kind, state.full_name, fails, at_worst)
        if key not in self._plain_visits:
            once = units("standard-transitions") if workflow.kind == "STANDARD" else NOTHING
            task = state.task
            if task is not None and (not fails or is_billed_although_it_fails(task)):
                once += self._call(workflow, state, task)
            self._plain_visits[key] = once.times(self._attempts(state, at_worst=at_worst))
        return self._plain_visits[key]

    def _inner(self, workflow: Workflow, state: State, inner: Inner, *, at_worst: bool) -> Units:
        child = child_kind(state)
        if child is None:
            return total(
                self.visit_units(workflow, visit, at_worst=at_worst) for visit in inner.walk.visits
            ).times(inner.times)
        for field, does in (("ItemReader", "reads its items"), ("ResultWriter", "writes results")):
            if field in state.fields:
                self._note(workflow, state, f"{does} by S3, which has no line in the price list")
        batch = batch_size(state)
        if batch is None:
            self._note(
                workflow, state, "has batches of unknown size: a child for each item is counted"
            )
        # Each child of a Distributed Map is an execution of its own, of the kind that it names.
        as_child = Workflow(resource=workflow.resource, kind=child, machine=state.branches[0])
        return self._execution(as_child, inner.walk, at_worst=at_worst).times(
            -(-inner.times // (batch or 1))
        )

    def _attempts(self, state: State, *, at_worst: bool) -> Decimal:
        retries = sum(max(0, retry.max_attempts) for retry in state.retries)
        if at_worst:
            return Decimal(1 + retries)
        attempts, each = Decimal(1), self._assumptions.retry_share
        # The language takes 99,999,999 attempts: what adds nothing any more is not added.
        while retries and each > _NEXT_TO_NOTHING:
            attempts, each = attempts + each, each * self._assumptions.retry_share
            retries -= 1
        return attempts

    def _call(self, workflow: Workflow, state: State, task: Task) -> Units:
        target = task.target.key if task.target else None
        call = (task.service, task.action)
        if task.kind == "lambda" or call == ("lambda", "invoke"):
            if target in self._functions:
                return function_units(self._functions[target], self._assumptions)
            self._note(workflow, state, "calls a function outside of the assembly")
            return units("lambda-requests")
        counted = task_units(task, self._assumptions)
        if task.kind == "nested" or call in _STARTS:
            nested = self.happy_units(target) if target else None
            if nested is None:
                self._note(workflow, state, "starts a workflow that is not counted with it")
            return nested or NOTHING
        if counted is None:
            said = ":".join(call).strip(":") or task.resource_text
            self._note(workflow, state, f"calls {said}, which has no line in the price list")
        return counted or NOTHING

    def _note(self, workflow: Workflow, state: State, text: str) -> None:
        self._notes.setdefault(workflow.resource.key, []).append(f"{state.full_name} {text}")


def _published_on(walk: Walk) -> Counter[tuple[str | None, str | None]]:
    # Counted, not listed: maps within maps publish more than memory holds.
    counted: Counter[tuple[str | None, str | None]] = Counter()
    for visit, times in walk.entered():
        for event in () if visit.caught else _published(visit.state):
            counted[event] += times
    return counted


def _published(state: State) -> tuple[tuple[str | None, str | None], ...]:
    task = state.task
    if task is None or task.action != "putEvents":
        return ()
    written = task.parameters.get("Entries")
    entries = written if isinstance(written, list) else [{}]
    return tuple((_text(entry, "Source"), _text(entry, "DetailType")) for entry in entries)


def _text(entry: object, name: str) -> str | None:
    value = entry.get(name) if isinstance(entry, Mapping) else None
    return value if isinstance(value, str) and not value.startswith("{%") else None
