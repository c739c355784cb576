"""The scaled clock: waits, retries, task tokens with their timeouts and heartbeats."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from unittest import mock

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_callback,
)

from constructs_lib.demo.waiting import wait_for
from constructs_lib.testing._moto_patches import clock
from constructs_lib.testing.moto_engine import (
    FaultError,
    StartedWorkflow,
    WorkflowDeadlineError,
    WorkflowEngine,
    WorkflowRun,
    moto_workflows,
)
from tests.moto.asl import (
    A_DAY_SECONDS,
    ANNOUNCE,
    Asl,
    engine_without,
    jsonata,
    make_table,
    waiting,
    waiting_for_an_answer,
)
from tests.moto.small_world import SmallWorld, make_small_world


@pytest.fixture
def engine() -> Iterator[WorkflowEngine]:
    with moto_workflows() as made:
        yield made


@pytest.fixture
def world(engine: WorkflowEngine) -> SmallWorld:
    return make_small_world(engine)


# --- waits and retries ----------------------------------------------------------------------------


def test_a_wait_of_a_day_takes_no_time(engine: WorkflowEngine) -> None:
    assert engine.run(waiting(A_DAY_SECONDS), {}, within_seconds=60).status == "SUCCEEDED"


def test_the_time_scale_says_how_long_a_second_takes() -> None:
    with moto_workflows(time_scale=0.000_002) as engine:
        history = engine.run(waiting(A_DAY_SECONDS), {}, within_seconds=60).history

    at = {event["type"]: event["timestamp"] for event in history}
    entered, exited = at["WaitStateEntered"], at["WaitStateExited"]
    assert isinstance(entered, datetime)
    assert isinstance(exited, datetime)
    assert 0.17 <= (exited - entered).total_seconds() < A_DAY_SECONDS


def test_a_negative_time_scale_is_refused() -> None:
    with pytest.raises(ValueError, match="time_scale must be 0 or more"), moto_workflows(-1):
        pass


def announce_retried(**retrier: object) -> Asl:
    retry: Any = {"ErrorEquals": ["EventBridge.InternalException"], **retrier}
    return jsonata({"Announce": {**ANNOUNCE, "Retry": [retry]}})


def test_the_delay_of_each_retry_is_what_the_rule_of_step_functions_allows(
    engine: WorkflowEngine,
) -> None:
    engine.fail(service="events", operation="PutEvents", error="InternalException", times=None)

    @given(
        interval=st.integers(1, 60),
        rate=st.integers(4, 16).map(lambda quarters: quarters / 4),
        max_delay=st.integers(61, 600),
        attempts=st.integers(1, 6),
        jitter=st.sampled_from(["NONE", "FULL"]),
    )
    @settings(max_examples=30, deadline=None, database=None, derandomize=True)
    def delays_follow_the_rule(
        interval: int, rate: float, max_delay: int, attempts: int, jitter: str
    ) -> None:
        definition = announce_retried(
            IntervalSeconds=interval,
            BackoffRate=rate,
            MaxDelaySeconds=max_delay,
            MaxAttempts=attempts,
            JitterStrategy=jitter,
        )

        delays = engine.run(definition, {}).retry_delays_seconds

        longest = [min(max_delay, interval * rate**retry) for retry in range(attempts)]
        assert len(delays) == attempts
        for delay, most in zip(delays, longest, strict=True):
            assert delay == most if jitter == "NONE" else 0 <= delay < most

    delays_follow_the_rule()


# --- task tokens ----------------------------------------------------------------------------------


class ManualClock:
    """A clock that stands still until it is set, for engines with a time scale."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._looks = 0

    def __call__(self) -> float:
        self._looks += 1
        return self._seconds

    def set(self, seconds: float, started: StartedWorkflow) -> None:
        """Set the clock, and wait until what waits has noticed, or has ended."""
        self._seconds = seconds
        self.is_seen(started)

    def is_seen(self, started: StartedWorkflow) -> None:
        looks = self._looks
        enough = looks + 6  # two rounds of three looks: the second began after the change
        wait_for(lambda: started.has_ended or self._looks >= enough, until=bool, within_seconds=30)


@contextmanager
def waiting_by_a_clock(**state: object) -> Iterator[tuple[StartedWorkflow, ManualClock, str]]:
    """An execution that waits for its token, the clock that it waits by, and the token."""
    manual = ManualClock()
    definition = waiting_for_an_answer(**{"Catch": [], **state})  # type: ignore[arg-type]  # JSON
    with moto_workflows(time_scale=1) as engine, mock.patch.object(clock, "_now", manual):
        make_table()
        started = engine.start(definition, {})
        started.until_waiting(state="Ask", within_seconds=60)
        yield started, manual, token()


def token() -> str:
    [item] = boto3.client("dynamodb").scan(TableName="reservations")["Items"]
    return item["token"]["S"]


def test_a_task_token_can_be_answered_while_the_workflow_waits(world: SmallWorld) -> None:
    started = world.engine.start(waiting_for_an_answer(), {})
    started.until_waiting(state="Ask")

    boto3.client("stepfunctions").send_task_success(
        taskToken=token(), output=json.dumps({"answer": "yes"})
    )

    run = started.result()
    assert (run.status, run.output) == ("SUCCEEDED", {"answer": "yes"})


def test_a_task_that_nobody_answers_times_out_on_request_after_its_call_was_made(
    world: SmallWorld,
) -> None:
    world.engine.time_out(state="Ask")

    run = world.engine.run(waiting_for_an_answer(), {})

    assert run.error == "SignUp.NotConfirmed"
    assert [item["pk"] for item in world.reserved()] == [{"S": "code"}]


def test_a_task_that_nobody_answers_times_out_by_the_scaled_clock() -> None:
    with waiting_by_a_clock(TimeoutSeconds=100) as (started, manual, _):
        manual.set(99, started)
        assert not started.has_ended
        manual.set(100, started)

        assert started.result().error == "States.Timeout"


def test_a_heartbeat_that_stays_away_is_a_timeout_as_on_aws() -> None:
    with waiting_by_a_clock(HeartbeatSeconds=60) as (started, manual, _):
        manual.set(59, started)
        assert not started.has_ended
        manual.set(60, started)

        run = started.result()
        assert run.error == "States.Timeout"
        assert "TaskTimedOut" in [event["type"] for event in run.history]


def test_a_heartbeat_gives_the_task_its_heartbeat_seconds_anew() -> None:
    with waiting_by_a_clock(HeartbeatSeconds=60) as (started, manual, task_token):
        manual.set(50, started)
        boto3.client("stepfunctions").send_task_heartbeat(taskToken=task_token)
        manual.is_seen(started)
        manual.set(109, started)
        assert not started.has_ended
        manual.set(110, started)

        assert started.result().error == "States.Timeout"


def test_heartbeats_do_not_put_off_the_timeout() -> None:
    with waiting_by_a_clock(HeartbeatSeconds=60, TimeoutSeconds=100) as (started, manual, its):
        manual.set(50, started)
        boto3.client("stepfunctions").send_task_heartbeat(taskToken=its)
        manual.is_seen(started)
        manual.set(100, started)

        assert started.result().error == "States.Timeout"


@pytest.mark.parametrize("name", ["States.Timeout", "States.HeartbeatTimeout"])
def test_a_heartbeat_can_stay_away_on_request_and_be_caught_by_either_name(
    world: SmallWorld, name: str
) -> None:
    caught: Any = [{"ErrorEquals": [name], "Next": "Not confirmed"}]
    world.engine.time_out(state="Ask")

    run = world.engine.run(waiting_for_an_answer(HeartbeatSeconds=60, Catch=caught), {})

    assert run.error == "SignUp.NotConfirmed"


# --- tasks without a token ------------------------------------------------------------------------


@pytest.mark.parametrize(("reached", "items"), [(True, 1), (False, 0)])
def test_a_call_can_go_unanswered_whether_or_not_it_had_its_effect(
    world: SmallWorld, reached: bool, items: int
) -> None:
    world.engine.time_out(state="Reserve email", reached=reached)

    run = world.sign_up()

    assert (run.status, run.error) == ("FAILED", "States.Timeout")
    assert len(world.reserved()) == items
    types = [event["type"] for event in run.history]
    assert ("TaskTimedOut" in types, "TaskSucceeded" in types) == (True, False)


def test_a_task_times_out_as_often_as_asked(engine: WorkflowEngine) -> None:
    retry: Any = {"ErrorEquals": ["States.Timeout"], "MaxAttempts": 3}
    engine.time_out(state="Announce", times=2)

    run: WorkflowRun = engine.run(jsonata({"Announce": {**ANNOUNCE, "Retry": [retry]}}), {})

    assert (run.status, run.retries) == ("SUCCEEDED", 2)


def test_an_error_that_is_the_answer_is_lost_as_well(engine: WorkflowEngine) -> None:
    engine.fail(service="events", operation="PutEvents", error="InternalException")
    engine.time_out(state="Announce")

    assert engine.run(jsonata({"Announce": ANNOUNCE}), {}).error == "States.Timeout"


def test_calls_that_always_time_out_are_answered_again_once_healed(engine: WorkflowEngine) -> None:
    definition = jsonata({"Announce": ANNOUNCE})
    engine.time_out(state="Announce", times=None, reached=False)

    errors = [engine.run(definition, {}).error for _ in range(2)]
    engine.heal()

    assert errors == ["States.Timeout"] * 2
    assert engine.run(definition, {}).status == "SUCCEEDED"


def test_a_timeout_that_never_happens_is_refused(engine: WorkflowEngine) -> None:
    with pytest.raises(FaultError, match="times must be at least 1, got 0"):
        engine.time_out(state="Announce", times=0)


# --- canaries: each fails once moto has closed the gap --------------------------------------------


def test_canary_moto_really_sleeps_before_a_retry() -> None:
    with engine_without("scaled_retries") as engine:
        engine.fail(service="events", operation="PutEvents", error="InternalException")
        started = engine.start(announce_retried(IntervalSeconds=5, MaxAttempts=1), {})
        with pytest.raises(WorkflowDeadlineError):
            started.result(within_seconds=0.5)


def test_canary_moto_really_waits_in_a_wait_state() -> None:
    with engine_without("scaled_waits") as engine, pytest.raises(WorkflowDeadlineError):
        engine.run(waiting(A_DAY_SECONDS), {}, within_seconds=0.5)


def test_canary_moto_lets_a_stopped_execution_wait_for_its_token() -> None:
    with engine_without("task_token_waits") as engine:
        engine.time_out(state="Ask")
        make_table()
        started = engine.start(waiting_for_an_answer(), {})
        started.until_waiting(state="Ask", within_seconds=60)

        started.stop(within_seconds=0.3)

        assert not started.has_ended
        boto3.client("stepfunctions").send_task_failure(taskToken=token(), error="Own")


def test_canary_moto_catches_no_heartbeat_that_stays_away_by_its_own_name() -> None:
    caught: Any = [{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Not confirmed"}]
    with engine_without("heartbeat_errors") as engine:
        make_table()
        engine.time_out(state="Ask")
        run = engine.run(waiting_for_an_answer(HeartbeatSeconds=60, Catch=caught), {})
        assert run.error == "States.Timeout"


def test_canary_moto_lets_no_call_go_unanswered() -> None:
    with engine_without("task_time_outs") as engine:
        engine.time_out(state="Announce")
        assert engine.run(jsonata({"Announce": ANNOUNCE}), {}).status == "SUCCEEDED"


def test_canary_moto_looks_twice_a_second_for_the_end_of_another_execution() -> None:
    assert state_task_service_callback._DELAY_SECONDS_SYNC_CONDITION_CHECK == 0.5
