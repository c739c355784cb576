"""Send sign-ups through the workflow and see what became of each."""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from constructs_lib.demo.inputs import SignUpRequest
from constructs_lib.demo.waiting import wait_for
from constructs_lib.local import EmbeddedAws

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

SIGNED_UP = "signed up"
NAMED_OUTCOMES = {SIGNED_UP, "SignUp.EmailTaken", "SignUp.InvalidRequest"}


@dataclass(frozen=True, kw_only=True)
class SignUpResult:
    """What became of one sign-up: its outcome is ``signed up`` or the name of the error."""

    request: SignUpRequest
    outcome: str
    cause: str
    path: Sequence[str]
    event_id: str | None

    @property
    def as_expected(self) -> bool:
        """The outcome that the input file names, or any named one where it names none."""
        if self.request.expected is None:
            return self.outcome in NAMED_OUTCOMES
        return self.outcome == self.request.expected


def drive_sign_ups(
    aws: EmbeddedAws,
    state_machine_arn: str,
    requests: Sequence[SignUpRequest],
    *,
    on_finished: Callable[[int], None],
) -> Sequence[SignUpResult]:
    """Start one execution a request, as many at once as the addresses allow.

    Two requests with one address run one after the other, in the file's order, so that it is the
    second one that is refused. ``on_finished`` hears how many are done.
    """
    workflows = aws.client("stepfunctions")
    results: dict[int, SignUpResult] = {}
    for wave in _waves(requests):
        started = {
            index: workflows.start_execution(
                stateMachineArn=state_machine_arn,
                name=f"sign-up-{index + 1:04}",
                input=json.dumps({"name": requests[index].name, "email": requests[index].email}),
            )["executionArn"]
            for index in wave
        }
        for index, execution_arn in started.items():
            results[index] = _result(workflows, execution_arn, requests[index])
            on_finished(len(results))
    return [results[index] for index in range(len(requests))]


def _waves(requests: Sequence[SignUpRequest]) -> Sequence[Sequence[int]]:
    """Indexes of requests that may run together: no address twice in a wave."""
    waves: dict[int, list[int]] = defaultdict(list)
    times_seen: dict[str, int] = defaultdict(int)
    for index, request in enumerate(requests):
        waves[times_seen[request.normalized_email]].append(index)
        times_seen[request.normalized_email] += 1
    return list(waves.values())


def _result(workflows: "SFNClient", execution_arn: str, request: SignUpRequest) -> SignUpResult:
    execution = wait_for(
        lambda: workflows.describe_execution(executionArn=execution_arn),
        until=lambda seen: seen["status"] != "RUNNING",
    )
    succeeded = execution["status"] == "SUCCEEDED"
    output = json.loads(execution["output"]) if succeeded else {}
    return SignUpResult(
        request=request,
        outcome=SIGNED_UP if succeeded else execution.get("error", execution["status"]),
        cause=execution.get("cause", ""),
        path=path_of(workflows, execution_arn),
        event_id=output.get("eventId"),
    )


def path_of(workflows: "SFNClient", execution_arn: str) -> Sequence[str]:
    """The names of the states that an execution entered, in order."""
    history = workflows.get_paginator("get_execution_history").paginate(executionArn=execution_arn)
    return [
        event["stateEnteredEventDetails"]["name"]
        for page in history
        for event in page["events"]
        if "stateEnteredEventDetails" in event
    ]
