"""Workflows of tests on the embedded AWS: make them, run them, read their history."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import (
        DescribeExecutionOutputTypeDef,
        HistoryEventTypeDef,
    )

    from tests.local.conftest import WaitUntil

ROLE = "arn:aws:iam::000000000000:role/any"
Json = dict[str, Any]


class Workflows:
    """Makes workflows of one test and follows their executions."""

    def __init__(self, client: SFNClient, wait_until: WaitUntil) -> None:
        self.client = client
        self._wait_until = wait_until

    def make(self, states: Json, *, kind: str = "STANDARD", **fields: object) -> str:
        """A JSONata workflow that starts with the first of ``states``; its ARN."""
        definition = {
            "QueryLanguage": "JSONata",
            "StartAt": next(iter(states)),
            "States": states,
            **fields,
        }
        return self.client.create_state_machine(
            name=f"workflow-{uuid.uuid4().hex[:8]}",
            type=kind,  # type: ignore[arg-type]  # the stub wants a literal
            definition=json.dumps(definition),
            roleArn=ROLE,
        )["stateMachineArn"]

    def start(self, states: Json, state_input: object = None, **fields: Any) -> str:
        machine = self.make(states, **fields)
        text = json.dumps(state_input or {})
        return self.client.start_execution(stateMachineArn=machine, input=text)["executionArn"]

    def end(self, execution: str) -> DescribeExecutionOutputTypeDef:
        def ended() -> DescribeExecutionOutputTypeDef | None:
            found = self.client.describe_execution(executionArn=execution)
            return None if found["status"] == "RUNNING" else found

        return self._wait_until(ended)

    def run(
        self, states: Json, state_input: object = None, **fields: Any
    ) -> DescribeExecutionOutputTypeDef:
        return self.end(self.start(states, state_input, **fields))

    def output(self, states: Json, state_input: object = None) -> Any:
        ended = self.run(states, state_input)
        assert ended["status"] == "SUCCEEDED", ended
        return json.loads(ended["output"])

    def events(self, execution: str) -> list[HistoryEventTypeDef]:
        return self.client.get_execution_history(executionArn=execution)["events"]

    def trace(self, execution: str) -> list[tuple[str, str]]:
        """What happened to which state."""
        trace = []
        for event in self.events(execution):
            entered, exited = (
                event.get("stateEnteredEventDetails"),
                event.get("stateExitedEventDetails"),
            )
            if entered:
                trace.append(("entered", entered["name"]))
            if exited:
                trace.append(("exited", exited["name"]))
        return trace


def pass_state(output: object = None, **fields: object) -> Json:
    return {"Type": "Pass", "End": True, **({"Output": output} if output else {}), **fields}


def sdk_task(action: str, arguments: object, **fields: object) -> Json:
    resource = f"arn:aws:states:::{action}"
    return {"Type": "Task", "Resource": resource, "Arguments": arguments, "End": True, **fields}


def seconds_between(events: list[HistoryEventTypeDef], first: str, second: str) -> list[float]:
    times: Mapping[str, list[datetime]] = {
        kind: [event["timestamp"] for event in events if event["type"] == kind]
        for kind in (first, second)
    }
    return [
        (after - before).total_seconds()
        for before, after in zip(times[first], times[second], strict=False)
    ]
