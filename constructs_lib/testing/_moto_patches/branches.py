"""Several threads in one execution: branches, items, and what goes on after its time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock
from weakref import WeakKeyDictionary, WeakSet

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel.branches_decl import (
    BranchWorkerPool,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import (
    EventHistoryContext,
    EventManager,
)
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped, ProgramTimedOut


def _tree(env: Environment) -> Iterator[Environment]:
    """An environment and all that run inside it: branches, items, states."""
    yield env
    for frame in list(env._frames):
        yield from _tree(frame)


@contextmanager
def late_events() -> Iterator[None]:
    """Gap: what was stopped, has failed beside another branch or has timed out still writes into
    the history: events after the execution's last one, or with another state's input where a
    number belongs, since a stopped state takes what lies on top of the stack for its own."""
    closed: WeakSet[EventHistoryContext] = WeakSet()
    lock = threading.RLock()  # taken before an environment's own
    add_event, set_stop = EventManager.add_event, Environment.set_stop
    close_frame = Environment.close_frame

    def close(env: Environment) -> None:
        closed.update(each.event_history_context for each in _tree(env))

    def add(self: EventManager, context: Any, event_type: HistoryEventType, **others: Any) -> int:
        with lock:
            if context in closed and event_type != HistoryEventType.ExecutionAborted:
                return int(context.last_published_event_id)
            return add_event(self, context, event_type, **others)

    def stop(self: Environment, stop_date: Any, cause: str | None, error: str | None) -> None:
        with lock, self._state_mutex:
            was_running = self.is_running()
            set_stop(self, stop_date, cause, error)
            if was_running:
                close(self)

    def close_frame_for_good(self: Environment, frame: Environment) -> None:
        with lock:
            close(frame)
        close_frame(self, frame)

    def opened(open_frame: Any) -> Any:
        def open_in(self: Environment, *args: Any, **others: Any) -> Environment:
            with lock:
                frame: Environment = open_frame(self, *args, **others)
                if self.event_history_context in closed:
                    close(frame)
                return frame

        return open_in

    with (
        mock.patch.object(EventManager, "add_event", add),
        mock.patch.object(Environment, "set_stop", stop),
        mock.patch.object(Environment, "close_frame", close_frame_for_good),
        mock.patch.object(Environment, "open_frame", opened(Environment.open_frame)),
        mock.patch.object(Environment, "open_inner_frame", opened(Environment.open_inner_frame)),
    ):
        yield


@contextmanager
def awaited_branches() -> Iterator[None]:
    """Gap: when a branch or an item fails, the state that catches it starts while the others are
    still at work; and a branch that starts in a stopped execution dies without a word, for which
    its Parallel state waits for ever."""
    ended: WeakKeyDictionary[Environment, threading.Event] = WeakKeyDictionary()
    lock = threading.Lock()
    eval_program, close_frame = Program.eval, Environment.close_frame

    def eval_once(self: Program, env: Environment) -> None:
        with lock:
            ended[env] = done = threading.Event()
        try:
            eval_program(self, env)
        except RuntimeError:  # its first state cannot be set any more
            if env.is_running():
                raise
        finally:
            done.set()

    def close_when_ended(self: Environment, frame: Environment) -> None:
        for each in _tree(frame):
            with lock:
                done = ended.get(each)
            if done is not None:
                done.wait()
        close_frame(self, frame)

    with (
        mock.patch.object(Program, "eval", eval_once),
        mock.patch.object(Environment, "close_frame", close_when_ended),
    ):
        yield


@contextmanager
def ends_that_stay() -> Iterator[None]:
    """Gap: a state that is stopped at work fails over it, which turns an execution that was
    ABORTED or TIMED_OUT into a FAILED one; of two failing branches the later can win."""
    set_error, set_timed_out = Environment.set_error, Environment.set_timed_out
    on_terminated = BranchWorkerPool.on_terminated
    lock = threading.Lock()

    def error_unless_ended(self: Environment, error: Any) -> None:
        with self._state_mutex:
            if not isinstance(self._program_state, ProgramStopped | ProgramTimedOut):
                set_error(self, error)

    def time_out_unless_ended(self: Environment) -> None:
        with self._state_mutex:
            if self.is_running():
                set_timed_out(self)

    def terminated(self: BranchWorkerPool, env: Environment) -> None:
        with lock:
            on_terminated(self, env)

    with (
        mock.patch.object(Environment, "set_error", error_unless_ended),
        mock.patch.object(Environment, "set_timed_out", time_out_unless_ended),
        mock.patch.object(BranchWorkerPool, "on_terminated", terminated),
    ):
        yield


@contextmanager
def stopped_calls() -> Iterator[None]:
    """Gap: a task that is stopped while it evaluates its arguments makes its call all the same,
    with whatever lies on top of the stack."""
    service = state_task_service.StateTaskService
    original = service._before_eval_execution

    def before_call(self: Any, env: Environment, **others: Any) -> None:
        if not env.is_running():
            raise RuntimeError("stopped before its call")
        original(self, env=env, **others)

    with mock.patch.object(service, "_before_eval_execution", before_call):
        yield


@contextmanager
def heap_keys() -> Iterator[None]:
    """Gap: a retrier makes the key that it counts its attempts by when first asked, so that two
    items of a Map, which share the retrier, can get two keys and one of them a retry too many."""
    key = property(lambda component: str(id(component)))
    with mock.patch.object(EvalComponent, "heap_key", key):
        yield
