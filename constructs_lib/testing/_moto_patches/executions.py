"""Executions as a whole: how they start, go on, and end."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast
from unittest import mock

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.asl.eval.program_state import ProgramEnded, ProgramError
from moto.stepfunctions.parser.backend.execution import (
    BaseExecutionWorkerCommunication,
    Execution,
)
from moto.stepfunctions.parser.models import (
    StepFunctionsParserBackend,
    stepfunctions_parser_backends,
)

from constructs_lib.testing._moto_patches.observer import Observer
from constructs_lib.testing._moto_patches.values import json_only

HistoryEvent = dict[str, Any]


def execution_of(execution_arn: str) -> Execution:
    """Moto's own object, which costs nothing to look at; an API call takes milliseconds."""
    region = execution_arn.split(":")[3]
    backend = stepfunctions_parser_backends[DEFAULT_ACCOUNT_ID][region]
    return cast(Execution, backend.describe_execution(execution_arn))


def history_of(execution: Execution) -> list[HistoryEvent]:
    """The events so far, as GetExecutionHistory gives them."""
    env = execution.exec_worker.env if execution.exec_worker else None
    if env is None:
        return []
    return [
        {
            **event,
            "type": HistoryEventType(event["type"]).value,
            "timestamp": datetime.fromisoformat(str(event["timestamp"])),  # text, whatever its type
        }
        for event in list(env.event_manager._history_event_list)
    ]


@contextmanager
def json_start_time() -> Iterator[None]:
    """Gap: the context's Execution.StartTime is a Python date, not AWS's ISO 8601 text."""
    original = Execution.get_start_execution_details

    def details(self: Execution) -> Any:
        made: Any = original(self)
        made.start_time = json_only(made.start_time)
        return made

    with mock.patch.object(Execution, "get_start_execution_details", details):
        yield


@contextmanager
def unnamed_executions() -> Iterator[None]:
    """Gap: an execution started without a name is called None, so that a second one collides."""
    original = StepFunctionsParserBackend.start_execution

    def start(
        self: StepFunctionsParserBackend, arn: str, name: str | None = None, *rest: Any
    ) -> Any:
        return original(self, arn, name or str(uuid.uuid4()), *rest)

    with mock.patch.object(StepFunctionsParserBackend, "start_execution", start):
        yield


@contextmanager
def whole_ends(observer: Observer) -> Iterator[None]:
    """Gap: an execution is SUCCEEDED or FAILED for a moment before it has its output or error."""
    communication = BaseExecutionWorkerCommunication
    original: Any = communication._reflect_execution_status

    def reflect(self: BaseExecutionWorkerCommunication) -> None:
        execution: Any = self.execution
        env = execution.exec_worker.env
        state = env.program_state()
        if isinstance(state, ProgramEnded):
            execution.output = env.states.get_input()
        elif isinstance(state, ProgramError) and state.error is not None:
            execution.error, execution.cause = state.error.get("error"), state.error.get("cause")
        original(self)
        observer.note_end(execution.exec_arn)

    with mock.patch.object(communication, "_reflect_execution_status", reflect):
        yield


@contextmanager
def told_progress(observer: Observer) -> Iterator[None]:
    """Gap: moto tells nobody that an execution goes on; one can only ask again and again."""
    original = EventManager.add_event

    def add(self: EventManager, *args: Any, **others: Any) -> int:
        event_id = original(self, *args, **others)
        observer.note_change()
        return event_id

    with mock.patch.object(EventManager, "add_event", add):
        yield
