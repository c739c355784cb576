"""What an Express workflow is billed for, and where it costs as much as a Standard one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from constructs_lib.insight.cost.assumptions import Assumptions
from constructs_lib.insight.cost.distributed_map import child_kind
from constructs_lib.insight.cost.units import MILLION
from constructs_lib.insight.cost.walks import Walk
from constructs_lib.insight.model import Workflow
from constructs_lib.insight.prices import prices

#: How long an Express execution may run. Source: Step Functions quotas (read 2026-11-23).
EXPRESS_SECONDS = 300
_CHUNK_MB = 64
_BASE_MB = Decimal(50)
_MB = Decimal(1024 * 1024)


@dataclass(frozen=True, kw_only=True)
class BreakEven:
    """Standard against Express for one way: what both cost a million, and where they meet.

    ``seconds`` is the duration up to which Express is cheaper; None if it never is.
    ``obstacles`` are the states that Express does not take.
    """

    standard_usd_per_million: Decimal
    express_usd_per_million: Decimal
    seconds: Decimal | None
    memory_mb: int
    obstacles: tuple[str, ...]


def express_seconds(workflow: Workflow, assumptions: Assumptions) -> Decimal:
    """The duration of one execution as it is billed: in steps of 100 ms."""
    seconds = assumptions.seconds.get(workflow.resource.name, assumptions.express_seconds)
    return Decimal(math.ceil(seconds * 10)) / 10


def express_memory_mb(workflow: Workflow, walk: Walk, assumptions: Assumptions) -> int:
    """As the pricing page estimates it: 50 MB, the definition, and the data of each step."""
    definition = len(str(workflow.machine.definition))
    steps = sum(
        times * len(visit.inner) * max([each.times for each in visit.inner], default=0)
        for visit, times in walk.entered()
    )
    data = assumptions.data_bytes * max(1, steps)
    used = _BASE_MB + (Decimal(definition) + data) / _MB
    return math.ceil(used / _CHUNK_MB) * _CHUNK_MB


def break_even(workflow: Workflow, walk: Walk, assumptions: Assumptions) -> BreakEven:
    """Standard against Express for one way, without the calls, which cost the same in both."""
    memory = express_memory_mb(workflow, walk, assumptions)
    request = _price("express-requests")
    per_second = _price("express-gb-seconds") * memory / 1024
    standard = _price("standard-transitions") * walk.states_entered
    # Express bills whole tenths of a second.
    meet = Decimal(math.floor((standard - request) / per_second * 10)) / 10
    express = request + per_second * express_seconds(workflow, assumptions)
    return BreakEven(
        standard_usd_per_million=standard * MILLION,
        express_usd_per_million=express * MILLION,
        seconds=meet if meet > 0 else None,
        memory_mb=memory,
        obstacles=tuple(_obstacles(workflow)),
    )


def _price(price_id: str) -> Decimal:
    return prices()[price_id].usd_per_unit or Decimal(0)


def _obstacles(workflow: Workflow) -> Iterator[str]:
    """What Express workflows do not take. Source: developer guide, "Standard and Express"
    (read 2026-11-23)."""
    for state in workflow.machine.all_states():
        task = state.task
        if task is not None and task.pattern == "wait_for_task_token":
            yield f"{state.full_name} waits for a task token"
        elif task is not None and task.pattern == "sync":
            yield f"{state.full_name} waits for a job"
        elif task is not None and task.kind == "activity":
            yield f"{state.full_name} waits for an activity"
        elif child_kind(state) is not None:
            yield f"{state.full_name} is a Distributed Map"
        seconds = state.fields.get("Seconds")
        if state.type == "Wait" and isinstance(seconds, int | float) and seconds > EXPRESS_SECONDS:
            yield f"{state.full_name} waits longer than five minutes"
