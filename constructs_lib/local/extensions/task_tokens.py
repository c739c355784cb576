"""Upstream gap: tasks that wait for their token know real time only, and no heartbeats.

* ``TimeoutSeconds`` of a ``.waitForTaskToken`` task runs on the account's clock, but leaves one
  second of real time to answer: at scale 0.0001 a day's confirmation takes 8.64 s; at 0 the clock
  jumps to it after a second in which nothing was at work. Without it there is no limit.
  It, and ``HeartbeatSeconds``, may be JSONata expressions, or come from ``TimeoutSecondsPath``.
* ``HeartbeatSeconds``, by the same rule, ends the task with ``States.Timeout``, as AWS calls it in
  what it answers; retriers and catchers may call it ``States.HeartbeatTimeout`` as well. No timeout
  has a cause.
* A token whose task is over answers ``TaskTimedOut``, one that never was ``InvalidToken``, output
  that is no JSON ``InvalidOutput``. MiniStack says ``TaskDoesNotExist``, or accepts.

MiniStack keeps one token for all
attempts of a task, where AWS makes one for each; so a token is open again during a retry.
Source: Step Functions API reference, SendTaskSuccess (read 2026-11-23); developer guide, "Handling
errors in Step Functions workflows", and answers of AWS that LocalStack records (read 2026-11-27).
"""

import contextvars
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import cast

from ministack.core.responses import error_response_json
from ministack.services import stepfunctions

from constructs_lib.local.extensions import clock, current_run
from constructs_lib.local.extensions.clock_threads import with_answer_limit
from constructs_lib.local.extensions.state_errors import runtime_error
from constructs_lib.local.extensions.task_timeouts import NO_CAUSE, TIMEOUT

_State = Mapping[str, object]
_Context = dict[str, object]
_Answer = Callable[[Mapping[str, object]], object]
_Callback = Callable[[str, object, str, _State], object]
_Task = Callable[[_State, object, object, _Context], object]
_Matches = Callable[[Sequence[str], str], bool]

_CAUSE_OF_MINISTACK = "Task timed out waiting for callback"

_hearts: dict[str, "_Heart"] = {}
_closed: set[str] = set()
# The state with its limits evaluated.
_task: contextvars.ContextVar[_State] = contextvars.ContextVar("task", default=MappingProxyType({}))


def register() -> None:
    """Put the rules around tasks and around the answers to them."""
    stepfunctions._error_matches = _by_either_name(stepfunctions._error_matches)
    stepfunctions._execute_task = _with_evaluated_limits(stepfunctions._execute_task)
    stepfunctions._invoke_with_callback = _limited(stepfunctions._invoke_with_callback)
    stepfunctions._send_task_success = _checking_output(_closing(stepfunctions._send_task_success))
    stepfunctions._send_task_failure = _closing(stepfunctions._send_task_failure)
    stepfunctions._send_task_heartbeat = _noting_beats(stepfunctions._send_task_heartbeat)


def _with_evaluated_limits(execute_task: _Task) -> _Task:
    def execute(state: _State, state_input: object, execution: object, context: _Context) -> object:
        limits: dict[str, object] = {}
        for field in ("TimeoutSeconds", "HeartbeatSeconds"):
            path = state.get(f"{field}Path")
            if path is not None:
                found = stepfunctions._resolve_path_or_ctx(path, state_input, context)
                limits[field] = _whole_seconds(f"{field}Path", str(path), found)
            elif isinstance(state.get(field), str):
                limits[field] = stepfunctions._jsonata_state_field(
                    state, field, "number", state_input, context
                )
        outer = _task.set({**state, **limits})
        try:
            return execute_task(_task.get(), state_input, execution, context)
        finally:
            _task.reset(outer)

    return execute


def _whole_seconds(field: str, path: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        raise runtime_error(
            f'The {field} field refers to value "{text}" which is not a valid integer: {path}'
        )
    if value < 0:
        raise runtime_error(f"Expected non-negative integer for {field}, got '{value}' instead.")
    return value


def _limited(invoke: _Callback) -> _Callback:
    def invoke_limited(resource: str, arguments: object, token: str, state: _State) -> object:
        with kept(token):
            expect_heartbeats(token)
            try:
                # Whoever ends the run from here on finds the token, and wakes the task.
                current_run.require_running()
                return with_answer_limit(
                    limit_seconds("TimeoutSeconds"),
                    lambda: invoke(resource, arguments, token, state),
                )
            except stepfunctions._ExecutionError as error:
                if error.error == TIMEOUT and error.cause == _CAUSE_OF_MINISTACK:
                    error.cause = NO_CAUSE
                raise

    return invoke_limited


@contextmanager
def kept(token: str) -> Iterator[None]:
    """For the block, the token is one that the current run waits for; afterwards it is closed."""
    run = current_run.current()
    if run:
        run.task_tokens.add(token)
    _closed.discard(token)
    try:
        yield
    finally:
        _closed.add(token)
        heart = _hearts.pop(token, None)
        if heart:
            heart.stop()
        if run:
            run.task_tokens.discard(token)


def expect_heartbeats(token: str) -> None:
    """Begin the ``HeartbeatSeconds`` of the current thread's task."""
    _hearts[token] = _Heart(token, limit_seconds("HeartbeatSeconds"))


def limit_seconds(field: str) -> float:
    """The limit of the current thread's task, infinite if it has none."""
    return float(cast(float, _task.get().get(field, math.inf)))


class _Heart:
    """The limit between the heartbeats of a task; each starts it anew."""

    def __init__(self, token: str, limit_seconds: float) -> None:
        self._token = token
        self._limit_seconds = limit_seconds
        self._timer: clock.Timer | None = None
        self.beat()

    def beat(self) -> None:
        self.stop()
        clock.current().stir()
        if self._limit_seconds < math.inf:
            self._timer = clock.call_later(
                self._limit_seconds, self._fail, answer_seconds=clock.ANSWER_SECONDS
            )

    def stop(self) -> None:
        if self._timer:
            self._timer.cancel()

    def _fail(self) -> None:
        waiting = stepfunctions._task_tokens.get(self._token)
        if waiting and _hearts.get(self._token) is self:
            waiting["error"] = {"Error": _HeartbeatTimeout(TIMEOUT), "Cause": NO_CAUSE}
            waiting["event"].set()


class _HeartbeatTimeout(str):
    """The name of the error of a task whose heartbeats stay away."""

    __slots__ = ()


def _by_either_name(matches: _Matches) -> _Matches:
    def matches_either(error_equals: Sequence[str], error: str) -> bool:
        is_heartbeat = isinstance(error, _HeartbeatTimeout)
        return (is_heartbeat and "States.HeartbeatTimeout" in error_equals) or matches(
            error_equals, error
        )

    return matches_either


def _closing(send: _Answer) -> _Answer:
    def answer(request: Mapping[str, object]) -> object:
        refusal = _refusal(request)
        if refusal is not None:
            return refusal
        response = send(request)
        if cast(tuple[int], response)[0] < 400:
            _closed.add(str(request["taskToken"]))
        return response

    return answer


def _checking_output(send: _Answer) -> _Answer:
    def answer(request: Mapping[str, object]) -> object:
        try:
            json.loads(str(request.get("output")))
        except ValueError:
            return error_response_json("InvalidOutput", "Invalid Output: not valid JSON", 400)
        return send(request)

    return answer


def _noting_beats(send: _Answer) -> _Answer:
    def beat(request: Mapping[str, object]) -> object:
        refusal = _refusal(request)
        if refusal is not None:
            return refusal
        # Nothing beats before the token is given out, or after the task is over.
        heart = _hearts.get(str(request["taskToken"]))
        if heart:
            heart.beat()
        return send(request)

    return beat


def _refusal(request: Mapping[str, object]) -> object:
    token = request.get("taskToken")
    if token in _closed:
        return error_response_json(
            "TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'", 400
        )
    if token not in stepfunctions._task_tokens:
        return error_response_json("InvalidToken", "Invalid Token: 'Invalid token'", 400)
    return None
