"""What a definition has and what a history took of it, and how both are summed up."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.coverage_table import (
    Coverage,
    CoverageLog,
    Excepted,
    Row,
    disagreements,
    table,
    united,
    workflow_of,
)
from tests.workflow_coverage import Paths, Transition, all_paths, paths_taken

Json = dict[str, Any]
_SQS, _SNS = "arn:aws:states:::aws-sdk:sqs:sendMessage", "arn:aws:states:::sns:publish"


def machine(**states: Json) -> Json:
    return {"StartAt": next(iter(states)), "States": states}


def task(resource: str = _SQS, *, catches: dict[str, str] | None = None, **fields: object) -> Json:
    catch = [
        {"ErrorEquals": [error], "Next": following} for error, following in (catches or {}).items()
    ]
    return {"Type": "Task", "Resource": resource, "Catch": catch, **fields}


def parallel(*branches: Json, catches: dict[str, str], **fields: object) -> Json:
    catch = task(catches=catches)["Catch"]
    return {"Type": "Parallel", "Branches": list(branches), "Catch": catch, **fields}


END: Json = {"Type": "Pass", "End": True}
FAIL: Json = {"Type": "Fail", "Error": "No"}


def history(*events: str) -> list[Json]:
    """A history as MiniStack gives it: ``>A`` enters, ``A>`` leaves, ``!E`` fails the newest task
    and ``resource!E`` that of a resource, ``?`` schedules another attempt."""
    made: list[Json] = []
    for number, event in enumerate(events, 1):
        kind = "TaskScheduled"
        details: Json = {"taskScheduledEventDetails": {}}
        if event.startswith(">"):
            kind, details = "AnyStateEntered", {"stateEnteredEventDetails": {"name": event[1:]}}
        elif event.endswith(">"):
            kind, details = "AnyStateExited", {"stateExitedEventDetails": {"name": event[:-1]}}
        elif "!" in event:
            resource, _, error = event.partition("!")
            failure = {"error": error} | ({"resource": resource} if resource else {})
            kind, details = "TaskFailed", {"taskFailedEventDetails": failure}
        made.append({"id": number, "type": kind, **details})
    return made


def taken(definition: Json, *events: str) -> list[str]:
    return sorted(map(str, paths_taken(definition, history(*events)).transitions))


# ── What a definition has ────────────────────────────────────────────────────────────────────────


def test_states_of_branches_and_of_item_processors_count() -> None:
    each = {"Type": "Map", "ItemProcessor": machine(Item=END), "End": True}

    whole = all_paths(machine(Both=parallel(machine(A=END), machine(Each=each), catches={})))

    assert whole.states == {"Both", "A", "Each", "Item"}


def test_rules_of_a_choice_that_lead_to_one_state_are_one_transition() -> None:
    rules = [{"Next": "B"}, {"Next": "B"}, {"Next": "C"}]
    choice = {"Type": "Choice", "Choices": rules, "Default": "D"}

    whole = all_paths(machine(A=choice, B=END, C=END, D=END))

    assert whole.transitions == {Transition("A", "Choice", to) for to in ("B", "C", "D")}


def test_each_catcher_is_a_transition_and_a_catch() -> None:
    whole = all_paths(machine(A=task(catches={"X": "B", "States.ALL": "B"}, Next="B"), B=END))

    assert len(whole.transitions) == 3
    assert whole.catches == {Transition("A", "X", "B"), Transition("A", "States.ALL", "B")}


# ── What a history took ──────────────────────────────────────────────────────────────────────────

_CAUGHT = machine(A=task(catches={"X": "B", "States.ALL": "B"}, Next="B"), B=END)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([">A", "?", "A>", ">B"], ["A -> B on Next"]),
        ([">A", "?", "!X", "A>", ">B"], ["A -> B on X"]),
        ([">A", "?", "!Y", "A>", ">B"], ["A -> B on States.ALL"]),
        ([">A", "?", "!X", "?", "A>", ">B"], ["A -> B on Next"]),
        ([">A", "?", "!X", "?", "!Y", "A>", ">B"], ["A -> B on States.ALL"]),
        ([">A", "?", "!States.DataLimitExceeded"], []),
        ([">A", "?", "!States.DataLimitExceeded", "A>", ">B"], []),
        ([">A"], []),
    ],
    ids=["next", "by name", "any", "retried", "retried in vain", "uncaught", "never", "running"],
)
def test_the_last_attempt_tells_by_which_transition_a_task_was_left(
    events: Sequence[str], expected: Sequence[str]
) -> None:
    assert taken(_CAUGHT, *events) == expected


def test_a_choice_is_told_by_where_it_led() -> None:
    choice = {"Type": "Choice", "Choices": [{"Next": "B"}], "Default": "C"}

    found = taken(machine(A=choice, B=END, C=END), ">A", "A>", ">C", "C>")

    assert found == ["A -> C on Choice"]


def test_a_loop_is_one_transition_and_its_end_another() -> None:
    choice = {"Type": "Choice", "Choices": [{"Next": "A"}], "Default": "C"}
    looped = machine(A={"Type": "Pass", "Next": "B"}, B=choice, C=END)

    found = taken(looped, ">A", "A>", ">B", "B>", ">A", "A>", ">B", "B>", ">C")

    assert found == ["A -> B on Next", "B -> A on Choice", "B -> C on Choice"]


_BRANCHED = machine(
    P=parallel(
        machine(A=task(_SQS, Next="A2"), A2=END),
        machine(B=task(_SNS, catches={"X": "B2"}, Next="B3"), B2=FAIL, B3=END),
        catches={"No": "C", "States.ALL": "D"},
        Next="E",
    ),
    C=END,
    D=END,
    E=END,
)


def test_events_of_branches_are_told_apart_by_state_and_resource() -> None:
    found = taken(
        _BRANCHED, ">P", ">A", ">B", f"{_SNS}!X", f"{_SQS}!Y", "?", "B>", ">B2", "P>", ">C"
    )

    assert found == ["B -> B2 on X", "P -> C on No"]


def test_a_branch_that_ends_well_leads_on_from_its_parallel() -> None:
    found = taken(_BRANCHED, ">P", ">A", ">B", "A>", ">A2", "B>", ">B3", "A2>", "B3>", "P>", ">E")

    assert found == ["A -> A2 on Next", "B -> B3 on Next", "P -> E on Next"]


def test_a_task_that_fails_inside_fails_its_parallel_with_its_error() -> None:
    found = taken(_BRANCHED, ">P", ">A", ">B", f"{_SQS}!Y", "P>", ">D")

    assert found == ["P -> D on States.ALL"]


def test_a_failure_that_an_inner_parallel_catches_is_none_of_the_outer_one() -> None:
    inner = parallel(machine(No=FAIL), catches={"States.ALL": "After"}, Next="After")
    outer = parallel(machine(Inner=inner, After=END), catches={"States.ALL": "Z"}, Next="Y")

    found = taken(
        machine(Outer=outer, Y=END, Z=END),
        *(">Outer", ">Inner", ">No", "Inner>", ">After", "After>", "Outer>", ">Y"),
    )

    assert found == ["Inner -> After on States.ALL", "Outer -> Y on Next"]


def test_an_error_that_is_caught_inside_is_none_of_the_parallel() -> None:
    branch = machine(B=task(catches={"X": "C"}, Next="C"), C=END)
    caught = machine(P=parallel(branch, catches={"X": "Z"}, Next="Y"), Y=END, Z=END)

    found = taken(caught, ">P", ">B", "!X", "B>", "P>", ">Y")

    assert found == ["P -> Y on Next"]


def test_a_parallel_that_failed_for_an_unnamed_reason_is_caught_by_who_catches_all() -> None:
    events = history(">P", ">A", "!", "P>", ">D")
    events[2] = {"id": 3, "type": "ParallelStateFailed"}

    found = paths_taken(_BRANCHED, events)

    assert {str(each) for each in found.transitions} == {"P -> D on States.ALL"}


def test_each_iteration_of_a_map_goes_on_once() -> None:
    choice = {"Type": "Choice", "Choices": [{"Next": "A"}], "Default": "B"}
    item = machine(
        S=choice, A={"Type": "Pass", "Next": "C"}, B={"Type": "Pass", "Next": "C"}, C=END
    )
    each = {"Type": "Map", "ItemProcessor": item, "End": True}

    found = taken(machine(M=each), ">M", ">S", ">S", "S>", "S>", ">A", ">B", "B>", "A>", ">C", ">C")

    assert found == ["A -> C on Next", "B -> C on Next", "S -> A on Choice", "S -> B on Choice"]


def test_numbers_of_previous_events_tell_iterations_of_a_map_apart() -> None:
    item = machine(A=task(catches={"X": "B"}, Next="C"), B=END, C=END)
    each = {"Type": "Map", "ItemProcessor": item, "End": True}
    events = history(">M", ">A", ">A", "!X", "A>", ">B", "A>", ">C")
    for event, previous in zip(events, (0, 1, 1, 2, 4, 5, 3, 7), strict=True):
        event["previousEventId"] = previous

    found = paths_taken(machine(M=each), events)

    assert {str(each) for each in found.transitions} == {"A -> B on X", "A -> C on Next"}


# ── Summing up ───────────────────────────────────────────────────────────────────────────────────

_WORKFLOW = machine(
    **{"Find earlier sign-up": task(catches={"X": "B", "Y": "B"}, Next="B"), "B": END}
)
_ROW = Row("bulk-sign-up", "c")


def test_a_workflow_is_known_by_a_state_of_its_own() -> None:
    assert workflow_of(_WORKFLOW) == "bulk-sign-up"
    assert workflow_of(machine(Other=END)) is None


def test_what_processes_hand_on_adds_up_to_what_all_took() -> None:
    news = []
    for events in ([">Find earlier sign-up", "Find earlier sign-up>", ">B"], [">B"]):
        log = CoverageLog()
        log.note_history("c", _WORKFLOW, history(*events))
        news += log.take()
        assert log.take() == []

    coverage = united(news)[_ROW]

    assert coverage.whole == all_paths(_WORKFLOW)
    assert coverage.taken.states == {"Find earlier sign-up", "B"}
    assert {each.on for each in coverage.taken.transitions} == {"Next"}
    assert coverage.executions == 2


def test_executions_of_other_workflows_leave_no_trace() -> None:
    log = CoverageLog()

    log.note_history("b", machine(Other=END), history(">Unknown"))

    assert log.take() == []


def test_the_table_counts_what_was_taken_of_what_there_is() -> None:
    whole = all_paths(_WORKFLOW)
    some = Paths(frozenset({"B"}), whole.catches)

    _, line = table({_ROW: Coverage(whole, some, 7)})

    assert line.split() == ["bulk-sign-up", "(c)", "embedded", "AWS", "1/2", "2/3", "2/2", "7"]


_ON_Y = Transition("Find earlier sign-up", "Y", "B")


def _but(*transitions: Transition) -> Coverage:
    whole = all_paths(_WORKFLOW)
    return Coverage(whole, whole - Paths(frozenset(), frozenset(transitions)), 1)


def test_what_is_missing_with_a_reason_is_no_disagreement() -> None:
    assert disagreements(_but(_ON_Y), [Excepted("why", Transition("", "Y", ""))]) == []


@pytest.mark.parametrize(
    ("coverage", "exception", "expected"),
    [
        (_but(_ON_Y), None, "not taken: Find earlier sign-up -> B on Y"),
        (_but(), _ON_Y, "taken, though excepted: Find earlier sign-up -> B on Y"),
        (
            _but(),
            Transition("", "Z", ""),
            "excepted, though there is no such transition: any -> any on Z: why",
        ),
        (
            Coverage(all_paths(machine(A=END)), Paths(), 1),
            None,
            "state not entered: A",
        ),
    ],
    ids=["missing", "stale", "unknown", "state"],
)
def test_a_list_of_exceptions_that_is_not_exact_is_told(
    coverage: Coverage, exception: Transition | None, expected: str
) -> None:
    excepted = [] if exception is None else [Excepted("why", exception)]

    assert disagreements(coverage, excepted) == [expected]
