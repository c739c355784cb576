"""Histories read: who belongs to which state, branch and iteration."""

from __future__ import annotations

import pytest

from constructs_lib.operations.trace_history import Group, Visit, read_history
from constructs_lib.operations.trace_states import state_nodes
from tests.unit.histories import MAP, PARALLEL, START, event


def _names(group: Group) -> list[str]:
    return [visit.name for visit in group.visits]


def _visit(name: str, group: Group) -> Visit:
    for visit in group.visits:
        if visit.name == name:
            return visit
        for inner in visit.groups:
            if name in _names(inner):
                return _visit(name, inner)
    raise AssertionError(name)


def test_the_states_of_a_parallel_stand_in_its_branches() -> None:
    states = read_history(PARALLEL).states

    assert _names(states) == ["Both", "Done"]
    assert [(branch.title, _names(branch)) for branch in states.visits[0].groups] == [
        ("branch 1", ["Left", "Left again"]),
        ("branch 2", ["Right"]),
    ]


def test_the_states_of_a_map_stand_in_its_iterations() -> None:
    states = read_history(MAP).states

    assert _names(states) == ["Each", "Sorry"]
    assert [(each.title, _names(each)) for each in states.visits[0].groups] == [
        ("iteration 0", ["Item"]),
        ("iteration 1", ["Item"]),
    ]


def test_an_error_belongs_to_the_branch_it_occurred_in() -> None:
    right = _visit("Right", read_history(PARALLEL).states)

    assert [(attempt.error, attempt.cause) for attempt in right.attempts] == [
        ("Busy", "c"),
        ("", ""),
    ]


def test_an_error_belongs_to_the_iteration_it_occurred_in() -> None:
    each = read_history(MAP).states.visits[0]

    assert [group.visits[0].error for group in each.groups] == ["", "Bad"]


def test_a_task_is_called_by_its_service_and_action() -> None:
    assert _visit("Right", read_history(PARALLEL).states).task == "dynamodb putItem"


def test_a_history_ends_as_its_last_event_says() -> None:
    run = read_history(MAP)

    assert (run.status, run.error, run.cause) == ("FAILED", "Shop.Closed", "come again")


def test_a_history_without_a_last_event_still_runs() -> None:
    assert read_history(PARALLEL[:-1]).status == "RUNNING"


def test_a_redriven_execution_runs_again() -> None:
    run = read_history((*MAP, event(16, 15, "ExecutionRedriven")))

    assert (run.status, run.ended, run.error) == ("RUNNING", None, "")


def test_a_container_fails_by_what_failed_inside() -> None:
    each = read_history(MAP).states.visits[0]

    assert each.error == "Bad"


def test_of_a_fail_state_in_a_branch_the_history_has_no_error() -> None:
    branch = (event(4, 3, "FailStateEntered", name="Left"), event(5, 4, "ParallelStateFailed"))

    both = read_history((*PARALLEL[:3], *branch)).states.visits[0]

    assert both.error == "error of a Fail state"


def test_a_parallel_that_is_tried_again_counts_its_branches_anew() -> None:
    again = [
        *PARALLEL[:3],
        event(4, 3, "FailStateEntered", name="Left"),
        event(5, 4, "ParallelStateFailed"),
        event(6, 5, "ParallelStateStarted"),
        event(7, 6, "PassStateEntered", name="Left"),
    ]

    both = read_history(again).states.visits[0]

    assert [branch.title for branch in both.groups] == ["branch 1", "branch 1"]
    assert len(both.attempts) == 2


def test_a_state_without_links_follows_the_one_before() -> None:
    plain = [{k: v for k, v in each.items() if k != "previousEventId"} for each in PARALLEL[-3:]]

    assert _names(read_history(plain).states) == ["Done"]


@pytest.mark.parametrize(
    ("title", "status"), [("Both", "ok"), ("Right", "ok"), ("attempt 1", "retried")]
)
def test_what_was_tried_again_is_no_failure(title: str, status: str) -> None:
    nodes = state_nodes(read_history(PARALLEL), (), lambda _deed: ())

    assert {node.status for top in nodes for node in top.walk() if node.title == title} == {status}


def test_what_a_container_has_caught_is_no_failure() -> None:
    each, sorry = state_nodes(read_history(MAP), (), lambda _deed: ())

    assert {node.status for node in each.walk()} <= {"ok", "retried"}
    assert sorry.status == "failed"


def test_a_fail_state_tells_its_error() -> None:
    _each, sorry = state_nodes(read_history(MAP), (), lambda _deed: ())

    assert sorry.detail == "Fail, Shop.Closed"


def test_a_state_lasts_from_its_entry_to_its_exit() -> None:
    both, _done = state_nodes(read_history(PARALLEL), (), lambda _deed: ())

    assert both.at is not None
    assert ((both.at - START).total_seconds(), both.duration_ms) == (0.2, 1300)


def test_what_has_not_ended_runs() -> None:
    (both,) = state_nodes(read_history(PARALLEL[:6]), (), lambda _deed: ())

    assert {node.status for node in both.walk() if node.kind == "state"} == {"running"}
