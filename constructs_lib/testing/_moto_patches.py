"""Every change to moto 5.2.5 that running Duet's workflows needs, one gap a function.

Each is a context manager that changes moto on entry and restores it on exit, and each has a canary
in ``tests/moto/test_moto_engine.py`` that fails once moto has closed the gap itself. Nothing
outside this file touches moto's insides.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any, cast
from unittest import mock

import boto3
from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.assign.assign_template_value_terminal import (
    AssignTemplateValueTerminalLit,
)
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    ILLEGAL_CUSTOM_ERROR_PREFIX,
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.intrinsic import jsonata as intrinsic_jsonata
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import iteration_worker
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branches_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
    state_task_service_aws_sdk,
    state_task_service_callback,
    state_task_service_events,
)
from moto.stepfunctions.parser.asl.component.state.fail import state_fail
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import (
    WaitFunction,
)
from moto.stepfunctions.parser.asl.eval import states, variable_store
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackOutcomeSuccess,
    CallbackOutcomeTimedOut,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.jsonata import jsonata as moto_jsonata
from moto.stepfunctions.parser.asl.parse import preprocessor
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from constructs_lib.testing import _jsonata
from constructs_lib.testing._faults import FaultPlan

# Step Functions names a service by its model's service id, boto by its folder; where they differ.
# Source: botocore service models (service_id, lower case, no spaces), read 2026-11-23.
SDK_TO_BOTO_SERVICE: Mapping[str, str] = {
    "cloudwatchlogs": "logs",
    "cognitoidentity": "cognito-identity",
    "cognitoidentityprovider": "cognito-idp",
    "eventbridge": "events",
}

# The first part of the errors of an aws-sdk task: the service id in the AWS SDK for Java's casing.
SDK_ERROR_PREFIX: Mapping[str, str] = {
    "cloudwatch": "CloudWatch",
    "cloudwatchlogs": "CloudWatchLogs",
    "cognitoidentity": "CognitoIdentity",
    "cognitoidentityprovider": "CognitoIdentityProvider",
    "eventbridge": "EventBridge",
    "kms": "Kms",
    "lambda": "Lambda",
    "s3": "S3",
    "scheduler": "Scheduler",
    "secretsmanager": "SecretsManager",
    "ses": "Ses",
    "sesv2": "SesV2",
    "sns": "Sns",
    "sqs": "Sqs",
    "ssm": "Ssm",
    "sts": "Sts",
}

# Moto's own declarations would stand before ours and hide them.
_FUNCTIONS_OF_OUR_OWN = ("$hash", "$parse", "$partition", "$range", "$uuid")

_TOKEN_POLL_SECONDS = 0.01


class Observer:
    """What the patches tell the engine, and ask it."""

    def __init__(self, *, time_scale: float) -> None:
        self.time_scale = time_scale
        self.faults = FaultPlan()
        self._lock = threading.Lock()
        self._retry_delays: dict[str, list[float]] = {}
        self._time_outs: dict[str, int] = {}

    def retried(self, execution_arn: str, delay_seconds: float) -> None:
        with self._lock:
            self._retry_delays.setdefault(execution_arn, []).append(delay_seconds)

    def retry_delays(self, execution_arn: str) -> tuple[float, ...]:
        with self._lock:
            return tuple(self._retry_delays.get(execution_arn, ()))

    def plan_time_out(self, state: str, times: int) -> None:
        with self._lock:
            self._time_outs[state] = self._time_outs.get(state, 0) + times

    def takes_time_out(self, state: str) -> bool:
        with self._lock:
            remaining = self._time_outs.get(state, 0)
            self._time_outs[state] = max(0, remaining - 1)
            return remaining > 0


@contextmanager
def all_patches(observer: Observer) -> Iterator[None]:
    """Every patch of this module, undone in reverse order."""
    with ExitStack() as stack:
        for patch in (
            jsonata_evaluator,
            jsonata_functions,
            jsonata_literals,
            jsonata_errors,
            parser_scope,
            definition_texts,
            service_names,
            sdk_error_names,
            sdk_parameter_names,
            nested_error_names,
            json_task_results,
            json_start_time,
            put_events_errors,
            unnamed_executions,
        ):
            stack.enter_context(patch())
        for observed in (scaled_retries, scaled_waits, task_token_waits, task_clients):
            stack.enter_context(observed(observer))
        yield


@contextmanager
def jsonata_evaluator() -> Iterator[None]:
    """Gap: moto ships no JSONata engine; the slot for one is None and every expression fails."""

    def evaluate(expression: str) -> object:
        try:
            return _jsonata.evaluate(expression)
        except _jsonata.QueryError as error:
            raise moto_jsonata.JSONataException("UNKNOWN", str(error)) from error

    with mock.patch.object(moto_jsonata, "_eval_jsonata", evaluate):
        yield


@contextmanager
def jsonata_functions() -> Iterator[None]:
    """Gap: moto declares $uuid and $hash as functions that return "currently not supported"."""
    declarations = intrinsic_jsonata._DECLARATION_BY_VARIABLE_REFERENCE
    kept = {name: text for name, text in declarations.items() if name not in _FUNCTIONS_OF_OUR_OWN}
    with mock.patch.dict(declarations, kept, clear=True):
        yield


@contextmanager
def jsonata_literals() -> Iterator[None]:
    """Gap: moto puts a string variable between quotes as it is; a quote in it ends the literal."""

    def encode(bindings: Mapping[str, Any]) -> str:
        # JSONata's literals are JSON's, but for characters written as two escapes (surrogates).
        return "".join(
            f"{name}:={json.dumps(_json_only(value), ensure_ascii=False)};"
            for name, value in bindings.items()
        )

    with (
        mock.patch.object(states, "encode_jsonata_variable_declarations", encode),
        mock.patch.object(variable_store, "encode_jsonata_variable_declarations", encode),
    ):
        yield


@contextmanager
def jsonata_errors() -> Iterator[None]:
    """Gap: a failing expression ends in States.Runtime; on AWS it is catchable by its own name."""
    original = StringJSONata._eval_body

    def eval_body(self: StringJSONata, env: Any) -> None:
        try:
            original(self, env)
        except moto_jsonata.JSONataException as error:
            name = StatesErrorName(typ=StatesErrorNameType.StatesQueryEvaluationError)
            details = {
                "error": name.error_name,
                "cause": f"The JSONata expression '{self.expression}' failed: {error.details}",
            }
            event = HistoryEventType.EvaluationFailed
            raise FailureEventException(
                _failure(env, name, event, {"evaluationFailedEventDetails": details})
            ) from error

    with mock.patch.object(StringJSONata, "_eval_body", eval_body):
        yield


@contextmanager
def parser_scope() -> Iterator[None]:
    """Gap: the parser's scope stack belongs to the class, so a refused definition leaves its query
    language behind for every later one."""

    def init(self: Preprocessor) -> None:
        self._query_language_per_scope = []

    with mock.patch.object(Preprocessor, "__init__", init):
        yield


@contextmanager
def definition_texts() -> Iterator[None]:
    """Gap: moto reads a definition's texts as Python's, not as JSON's (surrogates stay in two
    halves), and those of Assign not at all: their escapes stay in."""

    def text_of(parser_rule_context: Any) -> str:
        return str(json.loads(parser_rule_context.getText()))

    def visit(_: Preprocessor, ctx: Any) -> AssignTemplateValueTerminalLit:
        return AssignTemplateValueTerminalLit(value=text_of(ctx.string_literal()))

    with (
        mock.patch.object(preprocessor, "from_string_literal", text_of),
        mock.patch.object(
            Preprocessor, "visitAssign_template_value_terminal_string_literal", visit
        ),
    ):
        yield


@contextmanager
def service_names() -> Iterator[None]:
    """Gap: aws-sdk tasks use Step Functions' service name as boto's ("Unknown service")."""
    overrides = state_task_service.StateTaskService._SERVICE_NAME_SFN_TO_BOTO_OVERRIDES
    with mock.patch.dict(overrides, SDK_TO_BOTO_SERVICE):
        yield


@contextmanager
def sdk_error_names() -> Iterator[None]:
    """Gap: errors of aws-sdk tasks start with the lower-cased service for all but two services."""
    with mock.patch.dict(state_task_service_aws_sdk._SERVICE_ERROR_NAMES, SDK_ERROR_PREFIX):
        yield


@contextmanager
def sdk_parameter_names() -> Iterator[None]:
    """Gap: an aws-sdk task's PascalCase names do not reach services that begin in lower case."""
    service = state_task_service_aws_sdk.StateTaskServiceAwsSdk
    original = service._eval_service_task

    def eval_service_task(self: Any, *, normalised_parameters: Any, **others: Any) -> None:
        client = boto_client.boto_client_for(
            service=self._get_boto_service_name(),
            region=others["resource_runtime_part"].region,
            state_credentials=others["state_credentials"],
        )
        operation = client.meta.method_to_api_mapping[self._get_boto_service_action()]
        shape = client.meta.service_model.operation_model(operation).input_shape
        renamed = _as_in_model(normalised_parameters, shape)
        original(self, normalised_parameters=renamed, **others)

    with mock.patch.object(service, "_eval_service_task", eval_service_task):
        yield


def _as_in_model(value: Any, shape: Any) -> Any:
    if shape is None:
        return value
    if shape.type_name == "structure" and isinstance(value, dict):
        renamed = {
            key if key in shape.members else key[:1].lower() + key[1:]: entry
            for key, entry in value.items()
        }
        return {key: _as_in_model(entry, shape.members.get(key)) for key, entry in renamed.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [_as_in_model(entry, shape.member) for entry in value]
    return value


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
def json_task_results() -> Iterator[None]:
    """Gap: boto's dates stay Python objects in a task's result, so DescribeExecution breaks."""
    service = state_task_service.StateTaskService
    original = service._eval_execution

    def eval_execution(self: state_task_service.StateTaskService, env: Any) -> None:
        original(self, env)
        env.stack[-1] = _json_only(env.stack[-1])

    with mock.patch.object(service, "_eval_execution", eval_execution):
        yield


@contextmanager
def json_start_time() -> Iterator[None]:
    """Gap: the context's Execution.StartTime is a Python date, not AWS's ISO 8601 text."""
    original = Execution.get_start_execution_details

    def details(self: Execution) -> Any:
        made: Any = original(self)
        made.start_time = _json_only(made.start_time)
        return made

    with mock.patch.object(Execution, "get_start_execution_details", details):
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
            return _failure(env, name, event, {"taskFailedEventDetails": details})
        failure = original(self, env, ex)
        failed: Any = dict(failure.event_details or {}).get("taskFailedEventDetails") or {}
        if not isinstance(failed.get("cause", ""), str):
            failed["cause"] = json.dumps(failed["cause"])
        return failure

    with mock.patch.object(events, "_from_error", from_error):
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
def scaled_retries(observer: Observer) -> Iterator[None]:
    """Gap: the delay before a retry is really slept, so a policy of minutes takes minutes."""
    retrier = retrier_decl.RetrierDecl
    original = retrier._eval_body
    current = threading.local()

    class Clock:
        @staticmethod
        def sleep(seconds: float) -> None:
            observer.retried(current.execution_arn, seconds)
            time.sleep(seconds * observer.time_scale)

    def eval_body(self: retrier_decl.RetrierDecl, env: Any) -> None:
        current.execution_arn = env.states.context_object.context_object_data["Execution"]["Id"]
        original(self, env)

    with (
        mock.patch.object(retrier_decl, "time", Clock),
        mock.patch.object(retrier, "_eval_body", eval_body),
    ):
        yield


@contextmanager
def scaled_waits(observer: Observer) -> Iterator[None]:
    """Gap: Wait states wait in real time, and by whole seconds."""

    def eval_body(self: WaitFunction, env: Any) -> None:
        seconds = self._get_wait_seconds(env=env) * observer.time_scale
        deadline = time.monotonic() + seconds
        # The event also wakes up for unrelated changes of the program; then wait for the rest.
        while env.is_running() and (rest := deadline - time.monotonic()) > 0:
            env.program_state_event.wait(rest)

    with mock.patch.object(WaitFunction, "_eval_body", eval_body):
        yield


@contextmanager
def task_token_waits(observer: Observer) -> Iterator[None]:
    """Gap: a task that waits for its token notices neither that the execution was stopped nor a
    timeout before its real time, a day or more."""
    callback = state_task_service_callback.StateTaskServiceCallback
    original = callback._eval_wait_for_task_token

    def wait(
        self: state_task_service_callback.StateTaskServiceCallback,
        env: Any,
        timeout_seconds: int,
        callback_endpoint: Any,
        heartbeat_endpoint: Any,
    ) -> Any:
        deadline = time.monotonic() + timeout_seconds
        while True:
            # An answer that is there already beats a timeout.
            if outcome := callback_endpoint.wait(timeout=_TOKEN_POLL_SECONDS):
                return outcome
            timed_out = time.monotonic() >= deadline
            if timed_out or observer.takes_time_out(env.next_state_name):
                return CallbackOutcomeTimedOut(callback_id=callback_endpoint.callback_id)
            if heartbeat_endpoint is not None:
                args = (env, timeout_seconds, callback_endpoint, heartbeat_endpoint)
                return original(self, *args)
            if not env.is_running():
                # The result of a stopped execution goes nowhere; a failure would be handled.
                return CallbackOutcomeSuccess(callback_endpoint.callback_id, "null")

    with mock.patch.object(callback, "_eval_wait_for_task_token", wait):
        yield


@contextmanager
def task_clients(observer: Observer) -> Iterator[None]:
    """Gap: moto offers no way to make a task's call fail; it also builds a boto client for every
    call, which is most of the time that a task takes."""
    clients: dict[tuple[str, str], Any] = {}
    lock = threading.Lock()

    class Boto:
        @staticmethod
        def client(**settings: Any) -> Any:
            key = (settings["service_name"], settings["region_name"])
            with lock:
                if key not in clients:
                    made = boto3.client(**settings)
                    made.meta.events.register_first("before-call", observer.faults.answer)
                    clients[key] = made
                return clients[key]

    with mock.patch.object(boto_client, "boto3", Boto):
        yield


def _failure(
    env: Any, name: ErrorName, event: HistoryEventType, details: Mapping[str, Any]
) -> FailureEvent:
    # moto types the details of all events as one dictionary with every key required.
    only = cast(EventDetails, details)
    return FailureEvent(env=env, error_name=name, event_type=event, event_details=only)


def _json_only(value: Any) -> Any:
    """The same value with dates as Step Functions writes them."""
    if isinstance(value, datetime):
        utc = value.astimezone(UTC).isoformat(timespec="milliseconds")
        return utc.replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {key: _json_only(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_json_only(item) for item in value]
    return value
