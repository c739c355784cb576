"""Names and causes of errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    ILLEGAL_CUSTOM_ERROR_PREFIX,
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import iteration_worker
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branches_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_callback,
    state_task_service_dynamodb,
    state_task_service_events,
)
from moto.stepfunctions.parser.asl.component.state.fail import state_fail
from moto.stepfunctions.parser.asl.eval.callback.callback import HeartbeatTimeoutError

from constructs_lib.testing._moto_patches.values import failure


@contextmanager
def nested_error_names() -> Iterator[None]:
    """Gap: an error States.… of a branch, of a Map's item or of a Fail state that passes it on
    becomes States.Runtime, because moto allows no such name in these places.

    That AWS lets a Fail state pass such a name on is inferred.
    """

    def named(error_name: str | None) -> ErrorName:
        if error_name is not None and error_name.startswith(ILLEGAL_CUSTOM_ERROR_PREFIX):
            return StatesErrorName.from_name(error_name)
        return CustomErrorName(error_name)

    with ExitStack() as stack:
        for module in (branches_decl, iteration_worker, state_fail):
            stack.enter_context(mock.patch.object(module, "CustomErrorName", named))
        yield


@contextmanager
def put_events_errors() -> Iterator[None]:
    """Gap: optimized putEvents reports failed entries with a cause that is no text, and any other
    refusal as States.Runtime, which nothing can catch.

    The prefix EventBridge. of the latter is inferred from EventBridge.FailedEntry.
    """
    events = state_task_service_events.StateTaskServiceEvents
    original = events._from_error

    def from_error(
        self: state_task_service_events.StateTaskServiceEvents, env: Any, ex: Exception
    ) -> FailureEvent:
        if isinstance(ex, ClientError):
            error = f"EventBridge.{ex.response['Error']['Code']}"
            details: dict[str, Any] = {
                "error": error,
                "cause": ex.response["Error"]["Message"],
                "resource": self._get_sfn_resource(),
                "resourceType": self._get_sfn_resource_type(),
            }
            name = CustomErrorName(error)
            event = HistoryEventType.TaskFailed
            return failure(env, name, event, {"taskFailedEventDetails": details})
        failed = original(self, env, ex)
        reported: Any = dict(failed.event_details or {}).get("taskFailedEventDetails") or {}
        if not isinstance(reported.get("cause", ""), str):
            reported["cause"] = json.dumps(reported["cause"])
        return failed

    with mock.patch.object(events, "_from_error", from_error):
        yield


@contextmanager
def dynamodb_errors() -> Iterator[None]:
    """Gap: whatever befalls an optimized DynamoDB task, a timeout or an expression that fails, is
    called DynamoDB.AmazonDynamoDBException."""
    dynamodb = state_task_service_dynamodb.StateTaskServiceDynamoDB
    original = dynamodb._from_error

    def from_error(
        self: state_task_service_dynamodb.StateTaskServiceDynamoDB, env: Any, ex: Exception
    ) -> FailureEvent:
        if isinstance(ex, ClientError):
            return original(self, env, ex)
        return super(dynamodb, self)._from_error(env, ex)

    with mock.patch.object(dynamodb, "_from_error", from_error):
        yield


class _HeartbeatTimeout(StatesErrorName):
    """What AWS calls a heartbeat that stays away, which may be caught by either name."""

    def __init__(self) -> None:
        super().__init__(typ=StatesErrorNameType.StatesTimeout)

    def __eq__(self, other: object) -> bool:
        names = ("States.Timeout", "States.HeartbeatTimeout")
        return isinstance(other, ErrorName) and other.error_name in names

    __hash__ = None  # type: ignore[assignment]  # like all of moto's names


@contextmanager
def heartbeat_errors() -> Iterator[None]:
    """Gap: a heartbeat that stays away cannot be caught as States.HeartbeatTimeout.

    Sources: Step Functions developer guide, "Handling errors in Step Functions workflows"; answers
    of AWS that LocalStack records, where the error is States.Timeout (both read 2026-11-27).
    """
    callback = state_task_service_callback.StateTaskServiceCallback
    original = callback._from_error

    def from_error(
        self: state_task_service_callback.StateTaskServiceCallback, env: Any, ex: Exception
    ) -> FailureEvent:
        if not isinstance(ex, HeartbeatTimeoutError):
            return original(self, env, ex)
        name = _HeartbeatTimeout()
        details = {
            "error": name.error_name,
            "resource": self._get_sfn_resource(),
            "resourceType": self._get_sfn_resource_type(),
        }
        event = HistoryEventType.TaskTimedOut
        return failure(env, name, event, {"taskTimedOutEventDetails": details})

    with mock.patch.object(callback, "_from_error", from_error):
        yield


@contextmanager
def quiet_failures() -> Iterator[None]:
    """Gap: every error of a workflow, expected or not, is logged with all of the definition around
    it, at every level that it passes; writing that takes longer than handling the error."""

    def log_nothing(*_: object, **__: object) -> None:
        """The history has the error."""

    with (
        mock.patch.object(EvalComponent, "_log_failure_event_exception", log_nothing),
        mock.patch.object(EvalComponent, "_log_exception", log_nothing),
    ):
        yield
