"""The executions that a journal and the histories tell of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from constructs_lib.insight.cost.measured import Measured
from constructs_lib.insight.cost.units import NOTHING
from constructs_lib.insight.recording.names import DeployedNames, last_part
from constructs_lib.insight.recording.steps import steps_of
from constructs_lib.insight.runs import Execution, Step
from constructs_lib.local.journal import (
    Caller,
    ExecutionEnded,
    ExecutionStarted,
    FaultStruck,
    Journal,
)

if TYPE_CHECKING:
    from constructs_lib.local.account import EmbeddedAccount

#: A history is one call or more; of more executions than these only start and end are kept.
HISTORIES_MAX = 500


def executions_of(
    account: EmbeddedAccount, journal: Journal, names: DeployedNames, billed: Measured
) -> Iterator[Execution]:
    """Those that began, with their states; one whose end the journal lacks is ``RUNNING``."""
    ended = {each.execution_arn: each for each in journal.of(ExecutionEnded)}
    faults = Counter(fault.caller.arn for fault in journal.of(FaultStruck))
    with closing(account.client("stepfunctions")) as workflows:
        for number, start in enumerate(journal.of(ExecutionStarted)):
            arn = start.execution_arn
            end = ended.get(arn)
            steps: tuple[Step, ...] = ()
            if number < HISTORIES_MAX:
                try:
                    pages = workflows.get_paginator("get_execution_history").paginate(
                        executionArn=arn
                    )
                    steps = steps_of([event for page in pages for event in page["events"]])
                # Deleted with its workflow, or an Express one: the journal alone tells of it.
                except (
                    workflows.exceptions.ExecutionDoesNotExist,
                    workflows.exceptions.InvalidArn,
                ):
                    steps = ()
            yield Execution(
                id=last_part(arn),
                workflow=names.of(start.state_machine_arn),
                status=end.status if end else "RUNNING",
                started=start.time,
                duration_ms=end.duration_ms if end else None,
                error=end.error if end else "",
                starter=_in_words(start.starter, names),
                input_bytes=start.input_bytes,
                faults=faults[arn],
                steps=steps,
                units=dict(billed.by_actor.get(arn, NOTHING).counts),
            )


def _in_words(caller: Caller, names: DeployedNames) -> str:
    if caller.kind == "outside":
        return "a client"
    name = last_part(names.of(caller.arn))
    return f"{caller.kind} {name}" + (f", {caller.state}" if caller.state else "")
