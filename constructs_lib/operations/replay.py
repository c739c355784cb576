"""Drive the replay workflow: start it, follow it, tell how it ended."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast

from botocore.exceptions import BotoCoreError, ClientError

from constructs_lib.operations.clients import Clients, environment_clients
from constructs_lib.operations.time_window import TimeWindow, instant_text

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_POLL_SECONDS = 1.0
#: Three looks at a replay, of nine events each.
_NEWEST_EVENTS = 30


class ReplayError(Exception):
    """The workflow cannot be found, started or followed; the message says why."""


@dataclass(frozen=True, kw_only=True)
class ReplayOutcome:
    """How a replay ended: with its ``report``, or with an ``error`` and its ``cause``."""

    execution_arn: str
    report: Mapping[str, object]
    error: str | None = None
    cause: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the window was replayed to its end."""
        return self.error is None

    def as_json(self) -> str:
        """The whole of it as one JSON object."""
        told = {"executionArn": self.execution_arn, "error": self.error, "cause": self.cause}
        return json.dumps({**told, **self.report}, indent=2)


class ReplayRun:
    """One execution of a ``Replay`` construct's workflow.

    It needs the rights of ``Replay.grant_start``, and none on EventBridge.
    """

    def __init__(self, client: SFNClient, execution_arn: str) -> None:
        self.execution_arn = execution_arn
        self._client = client

    @classmethod
    def start(
        cls,
        workflow_arn: str,
        *,
        window: TimeWindow,
        rules: Sequence[str],
        clients: Clients = environment_clients,
    ) -> ReplayRun:
        """Start a replay.

        Raises:
            ReplayError: There is no such workflow, or it cannot be started.
        """
        request: dict[str, object] = {
            "from": instant_text(window.start),
            "to": instant_text(window.end),
        }
        if rules:
            request["rules"] = list(rules)
        parts = workflow_arn.split(":")
        if len(parts) < 7 or parts[2] != "states":
            raise ReplayError(
                f"--workflow must be the ARN of a state machine, got {workflow_arn!r}; "
                "it is an output of the stack: name that by --stack"
            )
        try:
            client: SFNClient = clients("stepfunctions", region_name=parts[3])
            started = client.start_execution(
                stateMachineArn=workflow_arn, input=json.dumps(request)
            )
        except (BotoCoreError, ClientError) as error:
            raise ReplayError(f"the replay could not be started: {error}") from error
        return cls(client, started["executionArn"])

    def follow(self, on_progress: Callable[[datetime], None]) -> ReplayOutcome:
        """Wait for the end; ``on_progress`` hears the time of the event replayed last.

        Raises:
            ReplayError: The execution can no longer be read; the replay goes on.
        """
        try:
            while (found := self._look())["status"] == "RUNNING":
                if (reached := self._reached()) is not None:
                    on_progress(reached)
                time.sleep(_POLL_SECONDS)
        except (BotoCoreError, ClientError) as error:
            raise ReplayError(
                f"the replay goes on as {self.execution_arn}, but cannot be followed: {error}"
            ) from error
        if found["status"] == "SUCCEEDED":
            return ReplayOutcome(
                execution_arn=self.execution_arn, report=json.loads(str(found["output"]))
            )
        return ReplayOutcome(
            execution_arn=self.execution_arn,
            report={},
            error=str(found.get("error") or found["status"]),
            cause=str(found.get("cause") or "no cause given"),
        )

    def _look(self) -> Mapping[str, object]:
        found = self._client.describe_execution(executionArn=self.execution_arn)
        return cast(Mapping[str, object], found)

    def _reached(self) -> datetime | None:
        """What the workflow last saw of the replay; the history's newest events tell."""
        history = self._client.get_execution_history(
            executionArn=self.execution_arn, reverseOrder=True, maxResults=_NEWEST_EVENTS
        )
        for event in history["events"]:
            done = event.get("taskSucceededEventDetails", {})
            # AWS names the action alone, the embedded AWS the whole resource.
            if done.get("resource", "").endswith("describeReplay"):
                reached = json.loads(done.get("output", "{}")).get("EventLastReplayedTime")
                return datetime.fromisoformat(reached) if reached else None
        return None


def workflow_of_stack(
    stack_name: str, output_key: str, *, clients: Clients = environment_clients
) -> str:
    """The workflow's ARN, from an output of a stack.

    Raises:
        ReplayError: There is no such stack or output.
    """
    try:
        (stack,) = clients("cloudformation").describe_stacks(StackName=stack_name)["Stacks"]
    except (BotoCoreError, ClientError) as error:
        raise ReplayError(f"stack {stack_name!r} cannot be read: {error}") from error
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}
    if output_key not in outputs:
        raise ReplayError(
            f"--output must be an output of stack {stack_name!r}, got {output_key!r}; "
            f"there are: {', '.join(sorted(outputs)) or 'none'}; the stack needs a "
            "Replay construct, and a CfnOutput of that name with the ARN of its workflow"
        )
    return str(outputs[output_key])


def rules_of_stack(
    stack_name: str, wanted: Sequence[str], *, clients: Clients = environment_clients
) -> list[str]:
    """The names of rules for what people call them: a part of the name or of the logical id.

    What fits no rule of the stack, or several, is given back as it is: the workflow knows the rules
    of other stacks, and refuses what is none.

    Raises:
        ReplayError: The stack cannot be read.
    """
    try:
        pages = clients("cloudformation").get_paginator("list_stack_resources")
        resources = [
            each
            for page in pages.paginate(StackName=stack_name)
            for each in page["StackResourceSummaries"]
            if each["ResourceType"] == "AWS::Events::Rule"
        ]
    except (BotoCoreError, ClientError) as error:
        raise ReplayError(f"the stack {stack_name} cannot be read: {error}") from error
    # Of a rule on a custom bus CloudFormation knows "bus|rule".
    rules = {
        each["PhysicalResourceId"].rpartition("|")[2]: each["LogicalResourceId"]
        for each in resources
    }

    def named(text: str) -> str:
        fits = [rule for rule, logical_id in rules.items() if text in rule or text in logical_id]
        return fits[0] if len(fits) == 1 and text not in rules else text

    return [named(text) for text in wanted]
