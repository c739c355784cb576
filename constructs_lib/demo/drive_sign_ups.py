"""Send sign-ups through the workflow, confirm as people do, see what became of each."""

import functools
import json
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from constructs_lib.demo.inputs import SignUpRequest
from constructs_lib.demo.waiting import wait_for
from constructs_lib.local import EmbeddedAws, Mailbox

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

SIGNED_UP = "signed up"
NAMED_OUTCOMES = {
    SIGNED_UP,
    "SignUp.EmailTaken",
    "SignUp.InvalidRequest",
    "SignUp.NotConfirmed",
}
_PUBLISHES_FAILURE = "Publish SignUpFailed"
_CODE = re.compile(r"\b[0-9A-F]{10}\b")


@dataclass(frozen=True, kw_only=True)
class SignUpResult:
    """What became of one sign-up: its outcome is ``signed up`` or the name of the error."""

    request: SignUpRequest
    outcome: str
    cause: str
    path: Sequence[str]
    event_id: str | None
    request_id: str

    @property
    def published_failure(self) -> bool:
        """Whether it failed underway, was undone and published as ``SignUpFailed``."""
        return _PUBLISHES_FAILURE in self.path

    @property
    def as_expected(self) -> bool:
        """The outcome that the input file names, or any named one where it names none."""
        if self.request.expected is None:
            return self.outcome in NAMED_OUTCOMES
        return self.outcome == self.request.expected


class People:
    """Read their mail and enter the code, but for those who do not confirm.

    Args:
        requests: Who signs up.
        confirm_state_machine_arn: The workflow that takes the code.
    """

    def __init__(
        self, aws: EmbeddedAws, confirm_state_machine_arn: str, requests: Sequence[SignUpRequest]
    ) -> None:
        self._mailbox = Mailbox(aws)
        self._workflows = aws.client("stepfunctions")
        self._confirm_state_machine_arn = confirm_state_machine_arn
        self._who_confirms = {r.normalized_email for r in requests if r.confirms}
        self._entered: set[str] = set()

    def enter_new_codes(self) -> None:
        """Enter each code that has come since the last time."""
        for mail in self._mailbox.messages():
            code = _CODE.search(mail.text)
            if code is None or code[0] in self._entered or mail.to[0] not in self._who_confirms:
                continue
            self._entered.add(code[0])
            self._workflows.start_sync_execution(
                stateMachineArn=self._confirm_state_machine_arn,
                input=json.dumps({"code": code[0]}),
            )


def drive_sign_ups(
    aws: EmbeddedAws,
    state_machine_arn: str,
    requests: Sequence[SignUpRequest],
    *,
    people: People,
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
        _wait_for_all(
            workflows, started.values(), people, functools.partial(_add, on_finished, len(results))
        )
        for index, execution_arn in started.items():
            results[index] = _result(workflows, execution_arn, requests[index])
    return [results[index] for index in range(len(requests))]


def _waves(requests: Sequence[SignUpRequest]) -> Sequence[Sequence[int]]:
    """Indexes of requests that may run together: no address twice in a wave."""
    waves: dict[int, list[int]] = defaultdict(list)
    times_seen: dict[str, int] = defaultdict(int)
    for index, request in enumerate(requests):
        waves[times_seen[request.normalized_email]].append(index)
        times_seen[request.normalized_email] += 1
    return list(waves.values())


def _add(on_finished: Callable[[int], None], earlier: int, now: int) -> None:
    on_finished(earlier + now)


def _wait_for_all(
    workflows: "SFNClient",
    execution_arns: Collection[str],
    people: People,
    on_finished: Callable[[int], None],
) -> None:
    """Wait for the executions' ends while people enter the codes that come."""

    def finished() -> int:
        people.enter_new_codes()
        statuses = [
            workflows.describe_execution(executionArn=arn)["status"] for arn in execution_arns
        ]
        count = len(statuses) - statuses.count("RUNNING")
        on_finished(count)
        return count

    wait_for(finished, until=lambda count: count == len(execution_arns))


def _result(workflows: "SFNClient", execution_arn: str, request: SignUpRequest) -> SignUpResult:
    execution = workflows.describe_execution(executionArn=execution_arn)
    succeeded = execution["status"] == "SUCCEEDED"
    output = json.loads(execution["output"]) if succeeded else {}
    return SignUpResult(
        request=request,
        outcome=SIGNED_UP if succeeded else execution.get("error", execution["status"]),
        cause=execution.get("cause", ""),
        path=path_of(workflows, execution_arn),
        event_id=output.get("eventId"),
        request_id=execution["name"],
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
