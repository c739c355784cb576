"""Upstream gap: mocked tasks know no retries.

MiniStack looks a task's mocked response up once, so an error is thrown at every retry too, and the
responses of later attempts are never seen. A mocked task past its last response calls the service.
Here each attempt has a response of its own, and an attempt without one fails with
``States.Runtime``: on AWS's emulator a mocked task never calls the service either.

Source: Step Functions developer guide, "Testing with mocked service integrations" (read
2026-11-23).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import cast

from ministack.services import stepfunctions

_Object = Mapping[str, object]
_ExecuteTask = Callable[[_Object, object, object, _Object], object]


@dataclass(frozen=True, kw_only=True)
class _MockedTask:
    state_machine: str
    test_case: str
    state: str
    response: str
    attempts: dict[str, int]


_current: ContextVar[_MockedTask | None] = ContextVar("mocked_task", default=None)


def register() -> None:
    """Let mocks answer each attempt, instead of the whole task."""
    look_up = stepfunctions._get_mock_response
    stepfunctions._get_mock_response = lambda *_task: None
    stepfunctions._execute_task = _known(stepfunctions._execute_task)
    stepfunctions._invoke_resource = _mocked(stepfunctions._invoke_resource, look_up)
    stepfunctions._invoke_with_callback = _mocked(stepfunctions._invoke_with_callback, look_up)


def is_mocked() -> bool:
    """Whether the task that the current thread executes is."""
    return _current.get() is not None


def _known(execute_task: _ExecuteTask) -> _ExecuteTask:
    def execute(state: _Object, state_input: object, execution: object, context: _Object) -> object:
        token = _current.set(_mocked_task(execution, context))
        try:
            return execute_task(state, state_input, execution, context)
        finally:
            _current.reset(token)

    return execute


def _mocked_task(execution: object, context: _Object) -> _MockedTask | None:
    if not isinstance(execution, Mapping) or not execution.get("testCase"):
        return None
    machine = str(cast(_Object, context["StateMachine"])["Name"])
    state = str(cast(_Object, context["State"])["Name"])
    machines = stepfunctions._sfn_mock_config.get("StateMachines", {})
    cases = machines.get(machine, {}).get("TestCases", {})
    response = cases.get(execution["testCase"], {}).get(state)
    if response is None:
        return None
    return _MockedTask(
        state_machine=machine,
        test_case=str(execution["testCase"]),
        state=state,
        response=response,
        attempts=cast(dict[str, int], execution["mockAttempts"]),
    )


def _mocked(
    invoke: Callable[..., object], look_up: Callable[[str, str, str, int], _Object | None]
) -> Callable[..., object]:
    def answer(*arguments: object) -> object:
        task = _current.get()
        if task is None:
            return invoke(*arguments)
        attempt = task.attempts.get(task.state, 0)
        task.attempts[task.state] = attempt + 1
        mock = look_up(task.state_machine, task.test_case, task.state, attempt)
        if mock is None:
            raise stepfunctions._ExecutionError(
                "States.Runtime", f"{task.response} has no response for attempt {attempt}."
            )
        if "Throw" in mock:
            thrown = cast(Mapping[str, str], mock["Throw"])
            raise stepfunctions._ExecutionError(thrown.get("Error", ""), thrown.get("Cause", ""))
        return mock["Return"]

    return answer
