"""Run a deployed workflow and say what it must come to."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn, Self

from constructs_lib.testing.deployed.context import Context, in_time
from constructs_lib.testing.deployed.history import path_taken, retries_by_state
from constructs_lib.testing.deployed.resources import Resource
from constructs_lib.testing.deployed.waiting import Within

STATE_MACHINE = "AWS::StepFunctions::StateMachine"
_WITHIN_SECONDS = 10.0
_EXPRESS = "EXPRESS"


@dataclass(frozen=True, kw_only=True)
class WorkflowResult:
    """What an execution came to.

    Attributes:
        status: ``SUCCEEDED``, ``FAILED``, ``TIMED_OUT`` or ``ABORTED``.
        path: The states that were entered, in order; branches of a Parallel or Map interleave. An
            Express workflow has no history on AWS: its path is empty then.
        retries: How often each state was tried again, by its name; states without are not in it.
        events: The raw events of the history.
    """

    workflow: str
    execution_arn: str
    status: str
    output: Any
    error: str
    cause: str
    path: Sequence[str]
    retries: Mapping[str, int]
    events: Sequence[Mapping[str, Any]] = field(repr=False)
    _fail: Callable[[str], NoReturn] = field(repr=False, compare=False)

    def expect_succeeded(self) -> Self:
        """Fail the test unless the execution succeeded."""
        __tracebackhide__ = True
        if self.status != "SUCCEEDED":
            self._fail(f"expected {self.workflow} to succeed, {self._came_to()}")
        return self

    def expect_failed(self, *, error: str | None = None, cause: str | None = None) -> Self:
        """Fail the test unless the execution failed or timed out.

        Args:
            error: The error's name; any when not given.
            cause: What the cause must hold somewhere.
        """
        __tracebackhide__ = True
        fits = self.status in ("FAILED", "TIMED_OUT")
        fits = fits and error in (None, self.error) and (cause or "") in self.cause
        if not fits:
            wanted = f" with {error}" if error else ""
            because = f" because of {cause!r}" if cause else ""
            self._fail(f"expected {self.workflow} to fail{wanted}{because}, {self._came_to()}")
        return self

    def _came_to(self) -> str:
        if self.status == "SUCCEEDED":
            return f"it succeeded with {json.dumps(self.output)}"
        return f"it ended {self.status} with {self.error or 'no error'}: {self.cause or 'no cause'}"


class StartedWorkflow:
    """An execution under way."""

    def __init__(self, context: Context, workflow: str, execution_arn: str) -> None:
        self.execution_arn = execution_arn
        self._context = context
        self._workflow = workflow

    @property
    def status(self) -> str:
        """``RUNNING`` or how it ended."""
        return str(self._describe()["status"])

    def result(self, *, within: Within = _WITHIN_SECONDS) -> WorkflowResult:
        """Wait for the end, in real time.

        Raises:
            ExpectationError: It still runs when time is up.
        """
        __tracebackhide__ = True

        def ended() -> Mapping[str, Any] | None:
            found = self._describe()
            return None if found["status"] == "RUNNING" else found

        found = self._context.wait_for(ended, within)
        if found is None:
            path = path_taken(self._history())
            where = f"is in {path[-1]!r} after {' -> '.join(path)}" if path else "entered no state"
            self._fail(f"expected {self._workflow} to end {in_time(within)}, it {where}")
        return result_of(self._context, self._workflow, found, self._history())

    def until_in(self, state: str, *, within: Within = _WITHIN_SECONDS) -> Self:
        """Wait until the execution has entered ``state``.

        Raises:
            ExpectationError: It did not before time was up or it ended.
        """
        __tracebackhide__ = True

        def entered() -> bool | None:
            has_ended = self.status != "RUNNING"
            if state in path_taken(self._history()):
                return True
            return False if has_ended else None

        if not self._context.wait_for(entered, within):
            self._fail(
                f"expected {self._workflow} to enter {state!r} {in_time(within)}, "
                f"its path is {' -> '.join(path_taken(self._history())) or 'empty'}"
            )
        return self

    def stop(self) -> None:
        """End the execution from outside: it is ``ABORTED``."""
        self._workflows.stop_execution(executionArn=self.execution_arn)

    def _describe(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self._workflows.describe_execution(
            executionArn=self.execution_arn
        )
        return found

    def _history(self) -> list[Mapping[str, Any]]:
        pages = self._workflows.get_paginator("get_execution_history")
        return [
            event
            for page in pages.paginate(executionArn=self.execution_arn)
            for event in page["events"]
        ]

    @property
    def _workflows(self) -> Any:
        return self._context.client("stepfunctions", self.execution_arn.split(":")[3])

    def _fail(self, message: str) -> NoReturn:
        __tracebackhide__ = True
        self._context.fail(message, about=self.execution_arn)


class DeployedWorkflow:
    """A state machine of the deployment.

    Attributes:
        arn: Its ARN.
    """

    def __init__(self, context: Context, resource: Resource) -> None:
        self.arn = resource.physical_id
        self._context = context
        self._name = resource.path
        self._region = resource.region
        self._is_express = resource.properties.get("StateMachineType") == _EXPRESS

    def start(self, input: object = None, *, name: str | None = None) -> StartedWorkflow:  # noqa: A002 - the field's word
        """Start an execution and go on.

        Args:
            input: What JSON can hold; an empty object by default.
            name: The execution's name; AWS makes one up when not given.
        """
        request = {"name": name} if name else {}
        started = self._workflows.start_execution(
            stateMachineArn=self.arn, input=_text(input), **request
        )
        execution_arn = started["executionArn"]
        self._context.begun.append(execution_arn)
        return StartedWorkflow(self._context, self._name, execution_arn)

    def run(
        self,
        input: object = None,  # noqa: A002 - the field's word
        *,
        within: Within = _WITHIN_SECONDS,
    ) -> WorkflowResult:
        """Run an execution to its end; an Express workflow is called synchronously.

        Args:
            input: What JSON can hold; an empty object by default.
            within: How long it may take, in real time.
        Raises:
            ExpectationError: A Standard execution still runs when time is up.
        """
        __tracebackhide__ = True
        if not self._is_express:
            return self.start(input).result(within=within)
        found = self._workflows.start_sync_execution(stateMachineArn=self.arn, input=_text(input))
        self._context.begun.append(found["executionArn"])
        return result_of(self._context, self._name, found, [])

    def executions(self) -> list[StartedWorkflow]:
        """All executions of a Standard workflow, whoever started them, newest first."""
        pages = self._workflows.get_paginator("list_executions")
        return [
            StartedWorkflow(self._context, self._name, each["executionArn"])
            for page in pages.paginate(stateMachineArn=self.arn)
            for each in page["executions"]
        ]

    def expect_execution(self, *, within: Within = _WITHIN_SECONDS) -> StartedWorkflow:
        """Wait for an execution that an event or another workflow starts; the newest.

        Raises:
            ExpectationError: There was none when time was up.
        """
        __tracebackhide__ = True
        found = self._context.wait_for(lambda: next(iter(self.executions()), None), within)
        if found is None:
            self._context.fail(f"expected an execution of {self._name} {in_time(within)}, got none")
        return found

    @property
    def _workflows(self) -> Any:
        return self._context.client("stepfunctions", self._region)


def result_of(
    context: Context,
    workflow: str,
    described: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]],
) -> WorkflowResult:
    """The result of an execution that has ended."""
    execution_arn = described["executionArn"]

    def fail(message: str) -> NoReturn:
        __tracebackhide__ = True
        context.fail(message, about=execution_arn)

    output = described.get("output")
    return WorkflowResult(
        workflow=workflow,
        execution_arn=execution_arn,
        status=described["status"],
        output=None if output is None else json.loads(output),
        error=described.get("error", ""),
        cause=described.get("cause", ""),
        path=path_taken(history),
        retries=retries_by_state(history),
        events=history,
        _fail=fail,
    )


def _text(value: object) -> str:
    return json.dumps({} if value is None else value)
