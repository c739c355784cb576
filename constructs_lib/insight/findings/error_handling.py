"""Failures that end green."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.insight.findings.finding import FindingRule, Hit
from constructs_lib.insight.findings.states import ways_of
from constructs_lib.insight.findings.ways import backwards, reachable
from constructs_lib.insight.model import Assembly, Catch, StateMachine, Workflow

_ALL_PERCENT = 100
#: Catches of these take whatever went wrong; one that names an error has it understood.
_WHATEVER = frozenset({"States.ALL", "States.TaskFailed"})


def _green_failures(assembly: Assembly) -> Iterator[Hit]:
    """Error paths of their own that all end in success.

    Not meant: paths that come back to the normal way (best effort), that ask a Choice, that lie in
    a branch or an item's processor (the state around it goes on with their result), and Express
    workflows that are called for their answer, which tells of the failure.
    """
    started = {target.destination.key for rule in assembly.rules for target in rule.targets}
    started |= {pipe.target.key for pipe in assembly.pipes}
    for workflow in assembly.workflows:
        if workflow.kind == "EXPRESS" and workflow.resource.key not in started:
            continue
        yield from _all_items_may_fail(workflow)
        green = _ending_green(workflow.machine)
        for state in workflow.machine.states:
            for catch in state.catches:
                if catch.target in green and _WHATEVER & set(catch.errors):
                    green.remove(catch.target)  # said once
                    yield _hit(workflow, state.full_name, catch)


def _all_items_may_fail(workflow: Workflow) -> Iterator[Hit]:
    for state in workflow.machine.all_states():
        if state.fields.get("ToleratedFailurePercentage") == _ALL_PERCENT:
            yield Hit(
                place=workflow.resource.place,
                state=state.full_name,
                subject="ToleratedFailurePercentage",
                severity="note",
                what=f"{state.name!r} goes on as if nothing were wrong although all items may have "
                "failed",
                remedy="tolerate fewer failures, or count them in the result before going on",
            )


def _hit(workflow: Workflow, state: str, catch: Catch) -> Hit:
    return Hit(
        place=workflow.resource.place,
        state=state,
        subject=catch.target,
        what=f"{state!r} catches {', '.join(catch.errors)} into {catch.target!r}, and every way on "
        "from there ends the execution as succeeded",
    )


def _ending_green(machine: StateMachine) -> set[str]:
    """States from which every way on leaves the normal one and ends in success."""
    ways = ways_of(machine)
    normal = reachable(ways_of(machine, over_errors=False), [machine.start_at])
    back = backwards(ways)
    decides = [state.name for state in machine.states if state.type in ("Fail", "Choice")]
    otherwise = reachable(back, [*normal, *decides])
    return reachable(back, [state.name for state in machine.states if state.ends]) - otherwise


RULES = (
    FindingRule(
        id="failure-ends-green",
        severity="warning",
        title="A failure that ends green",
        why="The execution is reported as succeeded: no alarm on failed executions goes off, the "
        "caller goes on, redrive is not offered.",
        remedy="end the error path in a Fail state, after compensation and notice if need be",
        link="https://docs.aws.amazon.com/step-functions/latest/dg/state-fail.html",
        find=_green_failures,
        milder="note for a Map that tolerates that all items fail",
    ),
)
