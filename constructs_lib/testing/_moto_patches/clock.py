"""The scaled clock: retries, waits, and the time that tasks take."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest import mock

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import EvalTimeoutError
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
    state_task_service_callback,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import (
    WaitFunction,
)
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackOutcomeSuccess,
    CallbackOutcomeTimedOut,
    HeartbeatTimedOut,
)

from constructs_lib.testing._moto_patches.observer import Observer

_LOOK_AGAIN_SECONDS = 0.01


def _now() -> float:
    return time.monotonic()


def _pause(env: Any, seconds: float) -> None:
    """Let time pass, unless the execution or its branch is stopped."""
    deadline = _now() + seconds
    while env.is_running() and (rest := deadline - _now()) > 0:
        # A stop between the look and the wait goes unheard, hence never the whole rest at once.
        env.program_state_event.wait(min(rest, _LOOK_AGAIN_SECONDS))


@contextmanager
def scaled_retries(observer: Observer) -> Iterator[None]:
    """Gap: the delay before a retry is really slept, so a policy of minutes takes minutes."""
    retrier = retrier_decl.RetrierDecl
    original = retrier._eval_body
    current = threading.local()

    def sleep(seconds: float) -> None:
        arn = current.env.states.context_object.context_object_data["Execution"]["Id"]
        observer.note_retry(arn, seconds)
        _pause(current.env, seconds * observer.time_scale)

    def eval_body(self: retrier_decl.RetrierDecl, env: Any) -> None:
        current.env = env
        original(self, env)

    with (
        mock.patch.object(retrier_decl, "time", SimpleNamespace(sleep=sleep)),
        mock.patch.object(retrier, "_eval_body", eval_body),
    ):
        yield


@contextmanager
def scaled_waits(observer: Observer) -> Iterator[None]:
    """Gap: Wait states wait in real time, and by whole seconds."""

    def eval_body(self: WaitFunction, env: Any) -> None:
        _pause(env, self._get_wait_seconds(env=env) * observer.time_scale)

    with mock.patch.object(WaitFunction, "_eval_body", eval_body):
        yield


@contextmanager
def task_token_waits(observer: Observer) -> Iterator[None]:
    """Gap: a task that waits for its token notices neither that the execution was stopped nor a
    timeout or a missed heartbeat before its real time, a day or more."""
    callback = state_task_service_callback.StateTaskServiceCallback

    def wait(
        self: state_task_service_callback.StateTaskServiceCallback,
        env: Any,
        timeout_seconds: int,
        callback_endpoint: Any,
        heartbeat_endpoint: Any,
    ) -> Any:
        scale = observer.time_scale or 1.0
        time_out_at = _now() + timeout_seconds * scale
        heartbeats = _Heartbeats(heartbeat_endpoint, scale)
        while True:
            # An answer that is there already beats a timeout.
            if outcome := callback_endpoint.wait(timeout=_LOOK_AGAIN_SECONDS):
                return outcome
            if not env.is_running():
                # The result of a stopped execution goes nowhere; a failure would be handled.
                return CallbackOutcomeSuccess(callback_endpoint.callback_id, "null")
            on_request = observer.takes_time_out(self.name, reached=True)
            if heartbeats.missed(on_request=on_request):
                return HeartbeatTimedOut()
            if on_request or _now() >= time_out_at:
                return CallbackOutcomeTimedOut(callback_id=callback_endpoint.callback_id)

    with mock.patch.object(callback, "_eval_wait_for_task_token", wait):
        yield


class _Heartbeats:
    """Whether a task that promised heartbeats still sends them; always, if it promised none."""

    def __init__(self, endpoint: Any, scale: float) -> None:
        self._endpoint = endpoint
        self._seconds = endpoint._heartbeat_seconds * scale if endpoint else 0.0
        self._due = _now() + self._seconds

    def missed(self, *, on_request: bool) -> bool:
        if self._endpoint is None:
            return False
        with self._endpoint._mutex:
            if self._endpoint._next_heartbeat_event.is_set():
                self._endpoint._next_heartbeat_event.clear()
                self._due = _now() + self._seconds
        return on_request or _now() >= self._due


@contextmanager
def task_time_outs(observer: Observer) -> Iterator[None]:
    """Gap: a task can only time out by really taking as long, which no emulated call does."""
    service = state_task_service.StateTaskService
    before, after = service._before_eval_execution, service._after_eval_execution
    execute = service._eval_execution

    def time_out(task: Any, env: Any, *, reached: bool) -> None:
        if observer.takes_time_out(task.name, reached=reached):
            task.timeout.eval(env=env)
            _pause(env, env.stack.pop() * observer.time_scale)
            raise EvalTimeoutError

    def before_call(self: Any, env: Any, **others: Any) -> None:
        before(self, env=env, **others)
        time_out(self, env, reached=False)

    def after_call(self: Any, env: Any, **others: Any) -> None:
        time_out(self, env, reached=True)
        after(self, env=env, **others)

    def execution(self: Any, env: Any) -> None:
        try:
            execute(self, env)
        except ClientError:  # an answer, too
            time_out(self, env, reached=True)
            raise

    with (
        mock.patch.object(service, "_eval_execution", execution),
        mock.patch.object(service, "_before_eval_execution", before_call),
        mock.patch.object(service, "_after_eval_execution", after_call),
    ):
        yield


@contextmanager
def nested_execution_polls() -> Iterator[None]:
    """Gap: a task that waits for another execution looks for its end twice a second."""
    seconds = "_DELAY_SECONDS_SYNC_CONDITION_CHECK"
    with mock.patch.object(state_task_service_callback, seconds, _LOOK_AGAIN_SECONDS):
        yield
