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
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING
from unittest import mock

import boto3
from botocore.exceptions import ClientError, UnknownServiceError
from moto import mock_aws

from constructs_lib.templates.json_value import JsonValue
from constructs_lib.testing._faults import FAILED_ENTRY, FaultError, InjectedFault
from constructs_lib.testing._moto_patches.apply import all_patches
from constructs_lib.testing._moto_patches.observer import Observer
from constructs_lib.testing._runs import StartedWorkflow, WorkflowDeadlineError, WorkflowRun

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

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


class WorkflowRefusedError(ValueError):
    """The interpreter does not accept the definition."""


@contextmanager
def moto_workflows(time_scale: float = 0.0) -> Iterator[WorkflowEngine]:
    """Emulate AWS in process, with workflows that run; a region and credentials are set.

    Args:
        time_scale: What a second of a retry's delay, of a Wait state or of the time that a task
            waits for its token takes. 0 skips retries' delays and Wait states; a task then waits
            for its token in real time. Emulated calls take next to none of a task's time. Use
            ``engine.time_out`` for timeouts.
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
        started = StartedWorkflow(self._observer, arn)
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
        """Let all calls through again, and let them be answered."""
        self._observer.faults.clear()
        self._observer.forget_time_outs()

    def time_out(self, *, state: str, times: int | None = 1, reached: bool = True) -> None:
        """Let a task time out: its call is not answered before its ``TimeoutSeconds``.

        A task that waits for its token does so as soon as it waits; if it promised heartbeats,
        they stay away and it can be caught as ``States.HeartbeatTimeout`` too.

        Args:
            state: The task's state.
            times: How often; None for always from now on.
            reached: Whether the call reached the service, so that it has its effect.

        Raises:
            FaultError: ``times`` is below 1.
        """
        if times is not None and times < 1:
            raise FaultError(f"times must be at least 1, got {times}; pass None for always")
        self._observer.plan_time_out(state, times, reached=reached)

    def stop(self) -> None:
        """End every execution that still runs; ``moto_workflows`` does so on exit."""
        for started in self._started:
            started.stop()
        self._started.clear()

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
