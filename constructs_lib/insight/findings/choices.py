"""Ways through a workflow that are missing, or that nobody takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from constructs_lib.insight.findings.finding import FindingRule, Hit
from constructs_lib.insight.findings.states import machines_of, ways_of
from constructs_lib.insight.findings.ways import reachable
from constructs_lib.insight.model import Assembly, State
from constructs_lib.templates.json_value import JsonValue

_COMPLEMENTS = ("BooleanEquals", "IsPresent", "IsNull", "IsBoolean", "IsNumeric", "IsString")


def _choices(assembly: Assembly) -> Iterator[Hit]:
    for workflow in assembly.workflows:
        for state in workflow.machine.all_states():
            if state.type != "Choice" or any(way.kind == "default" for way in state.transitions):
                continue
            if state.transitions and not _covers_everything(state):
                yield Hit(
                    place=workflow.resource.place,
                    state=state.full_name,
                    what=f"choice {state.name!r} has no Default",
                )


def _covers_everything(state: State) -> bool:
    """Whether some pair of rules, or one, holds for any input."""
    choices = state.fields.get("Choices")
    seen: set[tuple[str, str, bool]] = set()
    for rule in choices if isinstance(choices, list) else []:
        if not isinstance(rule, Mapping):
            continue
        if str(rule.get("Condition")).replace(" ", "") in ("{%true%}", "True"):
            return True
        one = _simple(rule)
        if one is not None:
            variable, operator, wanted = one
            if (variable, operator, not wanted) in seen:
                return True
            seen.add(one)
    return False


def _simple(rule: Mapping[str, JsonValue]) -> tuple[str, str, bool] | None:
    """A rule that only tests one thing for true or false."""
    inner = rule.get("Not")
    if isinstance(inner, Mapping):
        found = _simple(inner)
        return (found[0], found[1], not found[2]) if found else None
    tests = [name for name in rule if name not in ("Variable", "Next", "Comment", "Assign")]
    if len(tests) != 1 or tests[0] not in _COMPLEMENTS or not isinstance(rule[tests[0]], bool):
        return None
    return str(rule.get("Variable")), tests[0], bool(rule[tests[0]])


def _unreachable(assembly: Assembly) -> Iterator[Hit]:
    for workflow in assembly.workflows:
        for machine in machines_of(workflow):
            ways = ways_of(machine)
            if machine.start_at not in ways:
                continue  # said as a problem of the definition
            reached = reachable(ways, [machine.start_at])
            led_to = {target for following in ways.values() for target in following}
            for state in machine.states:
                if state.name not in reached:
                    yield Hit(
                        place=workflow.resource.place,
                        state=state.full_name,
                        what=f"state {state.name!r} is never come to from {machine.start_at!r}",
                        severity="warning" if state.name in led_to else None,
                    )


RULES = (
    FindingRule(
        id="choice-without-default",
        severity="warning",
        title="A Choice without Default",
        why="Input that no rule fits ends the execution in an error that no Catch can take.",
        remedy="add a Default; where nothing else can come, to a Fail state that says so",
        link="https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html",
        find=_choices,
        together="resource",
    ),
    FindingRule(
        id="unreachable-state",
        severity="error",
        title="An unreachable state",
        why="It never runs: a transition to it was forgotten, or it is left over. Step Functions "
        "refuses a definition in which nothing at all leads to a state.",
        remedy="lead a transition to it, or delete it",
        link="https://docs.aws.amazon.com/step-functions/latest/dg/statemachine-structure.html",
        find=_unreachable,
        milder="warning where only unreachable states lead to it",
    ),
)
