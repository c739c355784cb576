"""Run Step Functions workflows in process, on moto's interpreter, against moto's AWS services.

    with moto_workflows() as engine:
        engine.fail(service="cognito-idp", operation="AdminCreateUser",
                    error="TooManyRequestsException")
        run = engine.run(definition, {"email": "ada@example.com"})
        assert run.status == "SUCCEEDED"

Retries and Wait states take no time unless ``time_scale`` says so. What moto gets wrong is put
right for the duration of the block (``_moto_patches``) and left alone outside of it.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import json
import os
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest import mock

import boto3
from botocore.exceptions import ClientError, UnknownServiceError
from moto import mock_aws

from constructs_lib.testing._faults import FAILED_ENTRY, FaultError, InjectedFault
from constructs_lib.testing._moto_patches import Observer, all_patches
from constructs_lib.testing.workflow import JsonValue

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

__all__ = [
    "FAILED_ENTRY",
    "FaultError",
    "InjectedFault",
    "StartedWorkflow",
    "WorkflowDeadlineError",
    "WorkflowEngine",
    "WorkflowRefusedError",
    "WorkflowRun",
    "moto_workflows",
]

_REGION = "us-east-1"
_ROLE_ARN = "arn:aws:iam::123456789012:role/workflow"
_POLL_SECONDS = 0.002
_START_SECONDS = 10


class WorkflowRefusedError(ValueError):
    """The interpreter does not accept the definition."""


class WorkflowDeadlineError(TimeoutError):
    """The workflow did not get as far as asked within the time given."""


@dataclass(frozen=True)
class WorkflowRun:
    """What an execution came to.

    ``path`` has the states entered, in order (branches of a Parallel or Map interleave);
    ``retries`` counts the retries, and ``retry_delays_seconds`` has the unscaled delay of each.
    """

    status: str
    output: JsonValue
    error: str | None
    cause: str | None
    path: tuple[str, ...]
    retries: int
    retry_delays_seconds: tuple[float, ...]
    history: Sequence[Mapping[str, object]]


@contextmanager
def moto_workflows(time_scale: float = 0.0) -> Iterator[WorkflowEngine]:
    """Emulate AWS in process, with workflows that run; a region and credentials are set.

    Args:
        time_scale: What a second of a retry's delay or of a Wait state takes; 0 skips them.
            Timeouts of tasks stay in real time: use ``engine.time_out``.
    """
    if time_scale < 0:
        raise ValueError(f"time_scale must be 0 or more, got {time_scale}; 0 skips all waiting")
    observer = Observer(time_scale=time_scale)
    with (
        mock.patch.dict(os.environ, {"AWS_DEFAULT_REGION": _REGION}),
        mock_aws(config={"stepfunctions": {"execute_state_machine": True}}),
        mock.patch.object(boto3, "DEFAULT_SESSION", _session()),
        all_patches(observer),
    ):
        engine = WorkflowEngine(observer)
        try:
            yield engine
        finally:
            engine.stop()


@functools.cache
def _session() -> boto3.session.Session:
    """One session for all engines of a process: it keeps the service models, which take ten times
    as long to load as everything else here. First called, as it must be, while moto is on."""
    return boto3.session.Session(region_name=_REGION)


class WorkflowEngine:
    """Runs definitions; made by ``moto_workflows``."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._client: SFNClient = boto3.client("stepfunctions", region_name=_REGION)
        self._state_machines: dict[str, str] = {}
        self._started: list[StartedWorkflow] = []

    @property
    def injected(self) -> tuple[InjectedFault, ...]:
        """The calls that failed by ``fail``, in order."""
        return tuple(self._observer.faults.injected)

    def run(
        self,
        definition: str | Mapping[str, JsonValue],
        input: Mapping[str, JsonValue],  # noqa: A002 - the name Step Functions gives it
        *,
        name: str | None = None,
        within_seconds: float = 10,
    ) -> WorkflowRun:
        """Run a workflow to its end.

        Raises:
            WorkflowRefusedError: The definition is not valid.
            WorkflowDeadlineError: The execution is still running after ``within_seconds``.
        """
        return self.start(definition, input, name=name).result(within_seconds=within_seconds)

    def start(
        self,
        definition: str | Mapping[str, JsonValue],
        input: Mapping[str, JsonValue],  # noqa: A002 - the name Step Functions gives it
        *,
        name: str | None = None,
    ) -> StartedWorkflow:
        """Start a workflow and return at once, to answer its task tokens meanwhile."""
        arn = self._client.start_execution(
            stateMachineArn=self._state_machine(definition),
            name=name or str(uuid.uuid4()),
            input=json.dumps(input),
        )["executionArn"]
        started = StartedWorkflow(self._client, self._observer, arn)
        self._started.append(started)
        return started

    def fail(self, *, service: str, operation: str, error: str, times: int | None = 1) -> None:
        """Answer the workflows' next calls of an operation with an error.

        Args:
            service: boto's name, such as ``cognito-idp``.
            operation: The API's name, such as ``AdminCreateUser``.
            error: The exception, such as ``TooManyRequestsException``. For PutEvents,
                ``FailedEntry`` makes the call succeed with every entry failed. An aws-sdk task
                reports a code that the service's model does not declare as the service's own
                exception, as AWS does.
            times: How many calls; None for all from now on.

        Raises:
            FaultError: There is no such service or operation, or ``times`` is below 1.
        """
        _check_operation(service, operation)
        if error == FAILED_ENTRY and operation != "PutEvents":
            raise FaultError(
                f"error must be an exception of {service}, got {FAILED_ENTRY!r}, "
                "which only PutEvents knows"
            )
        self._observer.faults.add(InjectedFault(service, operation, error), times=times)

    def heal(self) -> None:
        """Let all calls through again."""
        self._observer.faults.clear()

    def time_out(self, *, state: str, times: int = 1) -> None:
        """Let a state that waits for a task token reach its timeout as soon as its call is made."""
        self._observer.plan_time_out(state, times)

    def stop(self) -> None:
        """End every execution that still runs; ``moto_workflows`` does so on exit."""
        for started in self._started:
            started.stop()

    def _state_machine(self, definition: str | Mapping[str, JsonValue]) -> str:
        text = definition if isinstance(definition, str) else json.dumps(definition)
        if text not in self._state_machines:
            digest = hashlib.sha256(text.encode()).hexdigest()[:12]
            try:
                created = self._client.create_state_machine(
                    name=f"workflow-{digest}", definition=text, roleArn=_ROLE_ARN
                )
            except ClientError as error:
                message = error.response["Error"]["Message"].partition(" in definition '")[0]
                raise WorkflowRefusedError(
                    f"definition must be valid Amazon States Language, got: {message}"
                ) from error
            self._state_machines[text] = created["stateMachineArn"]
        return self._state_machines[text]


class StartedWorkflow:
    """An execution under way."""

    def __init__(self, client: SFNClient, observer: Observer, execution_arn: str) -> None:
        self._client = client
        self._observer = observer
        self.execution_arn = execution_arn
        # Moto starts an execution in a thread, and can neither describe nor stop it before that.
        self._wait_for_start()

    def result(self, *, within_seconds: float = 10) -> WorkflowRun:
        """Wait for the end; an execution that does not end in time is stopped."""
        deadline = time.monotonic() + within_seconds
        while (described := self._describe())["status"] == "RUNNING":
            if time.monotonic() > deadline:
                raise self._too_late(f"end within_seconds={within_seconds}")
            time.sleep(_POLL_SECONDS)
        delays = self._observer.retry_delays(self.execution_arn)
        history = self.history()
        return WorkflowRun(
            status=described["status"],
            output=_output(history),
            error=described.get("error"),
            cause=described.get("cause"),
            path=_path(history),
            retries=len(delays),
            retry_delays_seconds=delays,
            history=history,
        )

    def until_waiting(self, *, state: str, within_seconds: float = 10) -> None:
        """Wait until ``state`` has handed out its task token and waits for the answer."""
        deadline = time.monotonic() + within_seconds
        while state not in _waiting_states(self.history()):
            if time.monotonic() > deadline or self._describe()["status"] != "RUNNING":
                raise self._too_late(
                    f"wait for a task token in state {state!r} within_seconds={within_seconds}"
                )
            time.sleep(_POLL_SECONDS)

    def until_left(self, *, state: str, within_seconds: float = 10) -> None:
        """Wait until ``state`` has ended, for example in another branch than the one that waits."""
        deadline = time.monotonic() + within_seconds
        while state not in _left_states(self.history()):
            if time.monotonic() > deadline or self._describe()["status"] != "RUNNING":
                raise self._too_late(f"leave state {state!r} within_seconds={within_seconds}")
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """End the execution if it still runs."""
        self._client.stop_execution(executionArn=self.execution_arn)

    def history(self) -> Sequence[Mapping[str, object]]:
        """The raw events so far."""
        return self._client.get_execution_history(executionArn=self.execution_arn)["events"]

    def _wait_for_start(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not self.history():
            if time.monotonic() > deadline:
                raise WorkflowDeadlineError(
                    f"workflow must start within {_START_SECONDS} seconds, got no event; look for "
                    "an exception in moto's thread"
                )
            time.sleep(_POLL_SECONDS)

    def _describe(self) -> DescribeExecutionOutputTypeDef:
        return self._client.describe_execution(executionArn=self.execution_arn)

    def _too_late(self, aim: str) -> WorkflowDeadlineError:
        status = self._describe()["status"]
        path = _path(self.history())
        self.stop()
        return WorkflowDeadlineError(
            f"workflow must {aim}, got status {status} in state {path[-1] if path else 'none'!r} "
            f"after {' -> '.join(path) or 'no state'}; answer its task token, let it time out with "
            "engine.time_out, or allow more seconds"
        )


def _path(history: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    return tuple(
        event["stateEnteredEventDetails"]["name"]
        for event in history
        if "stateEnteredEventDetails" in event
    )


def _output(history: Sequence[Mapping[str, Any]]) -> JsonValue:
    """Read from the history: moto's DescribeExecution gives text as it is, not as JSON."""
    details = history[-1].get("executionSucceededEventDetails")
    output: JsonValue = json.loads(details["output"]) if details else None
    return output


def _waiting_states(history: Sequence[Mapping[str, Any]]) -> set[str]:
    """The states with a submitted task that has not ended; branches are told apart by the chain
    of previous events."""
    by_id = {event["id"]: event for event in history}

    def state_of(event: Mapping[str, Any]) -> str | None:
        at: Mapping[str, Any] | None = event
        while at is not None:
            if "stateEnteredEventDetails" in at:
                return str(at["stateEnteredEventDetails"]["name"])
            at = by_id.get(at.get("previousEventId"))
        return None

    waiting: set[str] = set()
    for event in history:
        state = state_of(event)
        if state is None:
            continue
        if event["type"] == "TaskSubmitted":
            waiting.add(state)
        elif event["type"] in ("TaskSucceeded", "TaskFailed", "TaskTimedOut"):
            waiting.discard(state)
    return waiting


def _left_states(history: Sequence[Mapping[str, Any]]) -> set[str]:
    return {
        event["stateExitedEventDetails"]["name"]
        for event in history
        if "stateExitedEventDetails" in event
    }


def _check_operation(service: str, operation: str) -> None:
    session = _session()
    try:
        operations = session.client(service).meta.service_model.operation_names  # type: ignore[call-overload]  # boto3-stubs knows literal names only
    except UnknownServiceError as error:
        near = difflib.get_close_matches(service, session.get_available_services(), cutoff=0.3)
        raise FaultError(
            f"service must be a boto3 service name, got {service!r}; did you mean {near}"
        ) from error
    if operation not in operations:
        near = difflib.get_close_matches(operation, operations)
        raise FaultError(
            f"operation must be an operation of {service}, got {operation!r}; did you mean {near}"
        )
