"""Branches and items work at once; what one does when another fails or the execution is stopped.

Each test holds a call of one branch until the other has failed. The canaries do so with single
changes to moto left out, and fail once moto has closed the gap itself.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from unittest import mock

import boto3
import pytest
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component import eval_component
from moto.stepfunctions.parser.asl.component.common.retry.backoff_rate_decl import BackoffRateDecl
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branch_worker import (
    BranchWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branches_decl import (
    BranchWorkerPool,
)
from moto.stepfunctions.parser.asl.eval.program_state import ProgramError

from constructs_lib.demo.waiting import wait_for
from constructs_lib.testing import JsonValue, _jsonata
from constructs_lib.testing.moto_engine import StartedWorkflow, WorkflowEngine, moto_workflows
from tests.moto.asl import (
    Asl,
    answer,
    engine_without,
    jsonata,
    make_table,
    waiting_for_an_answer,
)

PATIENCE_SECONDS = 60


class HeldCall:
    """Holds the workflow's PutItem calls until released, and can refuse them then."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.released = threading.Event()
        self.refused = False
        self.answered = False

    def await_it(self, **_: object) -> None:
        """Keeps the other branch's call until this one is held."""
        assert self.reached.wait(PATIENCE_SECONDS)

    def __call__(self, **_: object) -> tuple[SimpleNamespace, dict[str, Any]] | None:
        self.reached.set()
        assert self.released.wait(PATIENCE_SECONDS)
        self.answered = True
        if not self.refused:
            return None
        error = {"Code": "InternalServerError", "Message": "refused"}
        return SimpleNamespace(status_code=400), {
            "Error": error,
            "ResponseMetadata": {"HTTPStatusCode": 400, "RequestId": "none"},
        }


@contextmanager
def held_put_item(*patches: str) -> Iterator[tuple[WorkflowEngine, HeldCall]]:
    with engine_without(*patches) as engine:
        make_table()
        session = boto3.DEFAULT_SESSION
        assert session is not None
        held = HeldCall()
        put, delete = "before-call.dynamodb.PutItem", "before-call.dynamodb.DeleteItem"
        session.events.register(put, held)  # type: ignore[arg-type]  # an answer stops the call
        session.events.register(delete, held.await_it)
        try:
            yield engine, held
        finally:
            held.released.set()
            session.events.unregister(put, held)  # type: ignore[arg-type]  # as above
            session.events.unregister(delete, held.await_it)


PUT: Asl = {
    "Type": "Task",
    "Resource": "arn:aws:states:::aws-sdk:dynamodb:putItem",
    "Arguments": {"TableName": "reservations", "Item": {"pk": {"S": "put"}}},
    "End": True,
}
DELETE: Asl = {
    "Type": "Task",
    "Resource": "arn:aws:states:::aws-sdk:dynamodb:deleteItem",
    "Arguments": {"TableName": "reservations", "Key": {"pk": {"S": "other"}}},
    "Next": "Fail",
}
FAIL: Asl = {"Type": "Fail", "Error": "Own"}
CAUGHT: Any = {
    "Catch": [{"ErrorEquals": ["Own"], "Next": "Undo"}],
    "End": True,
}
UNDO: Asl = {"Type": "Fail", "Error": "Undone"}


def one_fails_beside_a_put() -> Asl:
    fail = jsonata({"Delete": DELETE, "Fail": FAIL})
    both: Asl = {"Type": "Parallel", "Branches": [jsonata({"Put": PUT}), fail], **CAUGHT}
    return jsonata({"Both": both, "Undo": UNDO})


def one_item_fails_beside_a_put() -> Asl:
    choose: Asl = {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $states.input = 'put' %}", "Next": "Put"}],
        "Default": "Delete",
    }
    states: Asl = {"Choose": choose, "Put": PUT, "Delete": DELETE, "Fail": FAIL}
    item: Asl = {"StartAt": "Choose", "States": states}
    each: Asl = {"Type": "Map", "Items": ["put", "fail"], "ItemProcessor": item, **CAUGHT}
    return jsonata({"Each": each, "Undo": UNDO})


@pytest.fixture(params=[one_fails_beside_a_put, one_item_fails_beside_a_put])
def definition(request: pytest.FixtureRequest) -> Asl:
    made: Asl = request.param()
    return made


def types(started: StartedWorkflow) -> list[str]:
    return [str(event["type"]) for event in started.history()]


def entered(started: StartedWorkflow) -> list[str]:
    return [
        str(event["stateEnteredEventDetails"])
        for event in started.history()
        if "stateEnteredEventDetails" in event
    ]


def start_held(engine: WorkflowEngine, held: HeldCall, definition: Asl) -> StartedWorkflow:
    """Start, and wait until the call is held and the other branch, if any, is at its end."""
    started = engine.start(definition, {})
    assert held.reached.wait(PATIENCE_SECONDS)
    if "Undo" in str(definition):
        started.until(lambda: "FailStateEntered" in types(started), within_seconds=PATIENCE_SECONDS)
    return started


def test_the_error_of_one_is_caught_when_the_call_of_another_has_come_back(
    definition: Asl,
) -> None:
    with held_put_item() as (engine, held):
        started = start_held(engine, held, definition)
        undone_meanwhile = started.until(
            lambda: "Undo" in str(entered(started)), within_seconds=0.3
        )
        held.released.set()

        run = started.result(within_seconds=PATIENCE_SECONDS)

    assert not undone_meanwhile
    assert (run.status, run.error, run.path[-1]) == ("FAILED", "Undone", "Undo")
    assert run.history[-1]["type"] == "ExecutionFailed"


def test_canary_moto_undoes_while_another_branch_is_at_work(definition: Asl) -> None:
    with held_put_item("awaited_branches") as (engine, held):
        started = start_held(engine, held, definition)
        assert started.result(within_seconds=PATIENCE_SECONDS).path[-1] == "Undo"
        assert not held.released.is_set()


def test_a_history_stays_as_it_is_after_its_last_event(definition: Asl) -> None:
    with held_put_item("awaited_branches") as (engine, held):
        started = start_held(engine, held, definition)
        run = started.result(within_seconds=PATIENCE_SECONDS)
        held.released.set()
        wait_for(lambda: held.answered, until=bool)
        wait_for(threads_at_work, until=lambda names: not names)

        assert started.history() == run.history


def threads_at_work() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "_exec_and_notify" in thread.name]


def test_canary_moto_writes_events_after_the_last_one(definition: Asl) -> None:
    with held_put_item("awaited_branches", "late_events") as (engine, held):
        started = start_held(engine, held, definition)
        started.result(within_seconds=PATIENCE_SECONDS)
        held.released.set()
        last = wait_for(lambda: types(started)[-1], until=lambda event: event != "ExecutionFailed")
    assert last != "ExecutionFailed"


@pytest.mark.parametrize(
    ("patches", "status"), [(["ends_that_stay"], "FAILED"), ([], "ABORTED")], ids=["moto", "engine"]
)
def test_canary_moto_turns_an_aborted_execution_into_a_failed_one(
    patches: list[str], status: str
) -> None:
    with held_put_item(*patches) as (engine, held):
        held.refused = True
        started = start_held(engine, held, jsonata({"Put": PUT}))
        started.stop(within_seconds=0)
        held.released.set()
        assert started.result(within_seconds=PATIENCE_SECONDS).status == status


@pytest.mark.parametrize(
    ("patches", "tells"), [(["late_events"], True), ([], False)], ids=["moto", "engine"]
)
def test_canary_moto_tells_what_came_of_a_call_after_the_execution_was_stopped(
    patches: list[str], tells: bool
) -> None:
    with held_put_item(*patches) as (engine, held):
        started = start_held(engine, held, jsonata({"Put": PUT}))
        started.stop(within_seconds=0)
        held.released.set()
        started.result(within_seconds=PATIENCE_SECONDS)
        assert ("TaskSucceeded" in types(started)) is tells
        assert types(started)[-1] == "ExecutionAborted"


@pytest.mark.parametrize(
    ("patches", "tells"), [(["late_events"], True), ([], False)], ids=["moto", "engine"]
)
def test_canary_moto_tells_what_begins_in_a_stopped_execution(
    patches: list[str], tells: bool
) -> None:
    with engine_without(*patches) as engine:
        make_table()
        started = engine.start(waiting_for_an_answer(), {})
        started.until_waiting(state="Ask", within_seconds=PATIENCE_SECONDS)
        started.stop(within_seconds=PATIENCE_SECONDS)
        env: Any = started._execution.exec_worker.env  # type: ignore[union-attr]  # it has begun

        frame = env.open_frame()
        env.event_manager.add_event(frame.event_history_context, HistoryEventType.PassStateEntered)

        assert ("PassStateEntered" in types(started)) is tells


@pytest.mark.parametrize(
    ("patches", "end"),
    [(["ends_that_stay"], "ProgramTimedOut"), ([], "ProgramEnded")],
    ids=["moto", "engine"],
)
def test_canary_moto_lets_what_has_ended_time_out(patches: list[str], end: str) -> None:
    with engine_without(*patches) as engine:
        started = engine.start(answer("1"), {})
        started.result(within_seconds=PATIENCE_SECONDS)
        env: Any = started._execution.exec_worker.env  # type: ignore[union-attr]  # it has begun

        env.set_timed_out()

        assert type(env.program_state()).__name__ == end


def errors_taken(*, when_all_have_looked: bool) -> int:
    """How many of two branches that fail at once get their error through to their Parallel."""
    looks = threading.Semaphore(0)

    class NotedLook(threading.Event):
        def is_set(self) -> bool:
            seen = super().is_set()
            looks.release()
            return seen

    pool = BranchWorkerPool(workers_num=2)
    failed = mock.Mock(program_state=mock.Mock(return_value=ProgramError({"error": "Own"})))
    threads = [threading.Thread(target=pool.on_terminated, args=(failed,)) for _ in range(2)]
    with mock.patch.object(pool, "_termination_event", NotedLook()):
        with pool._mutex:
            for thread in threads:
                thread.start()
                if when_all_have_looked:
                    assert looks.acquire(timeout=PATIENCE_SECONDS)
        for thread in threads:
            thread.join()
    return int(failed.program_state.call_count)


def test_canary_moto_lets_the_later_of_two_failing_branches_have_its_way() -> None:
    with engine_without("ends_that_stay"):
        assert errors_taken(when_all_have_looked=True) == 2
    with moto_workflows():
        assert errors_taken(when_all_have_looked=False) == 1


@pytest.mark.parametrize(
    ("patches", "items"), [(["stopped_calls"], 1), ([], 0)], ids=["moto", "engine"]
)
def test_canary_moto_makes_the_call_of_a_task_that_was_stopped_at_its_arguments(
    patches: list[str], items: int
) -> None:
    put: Asl = {
        **PUT,
        "Arguments": {"TableName": "reservations", "Item": {"pk": {"S": "{% 'stop' %}"}}},
    }
    evaluate = _jsonata.evaluate

    def stop_at_it(expression: str, bindings: Any) -> JsonValue:
        if expression == "'stop'":
            arn = bindings["states"]["context"]["Execution"]["Id"]
            boto3.client("stepfunctions").stop_execution(executionArn=arn)
        return evaluate(expression, bindings)

    with engine_without(*patches) as engine:
        make_table()
        with mock.patch.object(_jsonata, "evaluate", stop_at_it):
            run = engine.run(jsonata({"Put": put}), {})
        found = boto3.client("dynamodb").scan(TableName="reservations")["Items"]
    assert run.status == "ABORTED"
    assert len(found) == items


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(
    ("patches", "ends"), [(["awaited_branches"], False), ([], True)], ids=["moto", "engine"]
)
def test_canary_moto_waits_for_ever_for_a_branch_that_was_stopped_before_it_began(
    patches: list[str], ends: bool
) -> None:
    start = BranchWorker.start

    def stop_first(self: BranchWorker) -> None:
        self.env.set_stop(datetime.now(UTC), None, None)
        start(self)  # type: ignore[no-untyped-call]  # moto

    both: Asl = {"Type": "Parallel", "Branches": [answer("1"), answer("2")], "End": True}
    with (
        engine_without(*patches) as engine,
        mock.patch.object(BranchWorker, "start", stop_first),
    ):
        started = engine.start(jsonata({"Both": both}), {})
        started.until(lambda: False, within_seconds=PATIENCE_SECONDS if ends else 0.3)
        assert started.has_ended is ends


def test_canary_moto_makes_two_keys_for_what_two_items_of_a_map_share() -> None:
    at_once = threading.Barrier(2)

    def key() -> str:
        at_once.wait(PATIENCE_SECONDS)
        return "key"

    def keys_made() -> int:
        shared = BackoffRateDecl()
        with mock.patch.object(eval_component, "long_uid", side_effect=key) as made:
            threads = [threading.Thread(target=lambda: shared.heap_key) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        return made.call_count

    with engine_without("heap_keys"):
        assert keys_made() == 2
    with moto_workflows():
        assert keys_made() == 0
