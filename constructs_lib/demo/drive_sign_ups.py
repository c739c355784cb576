"""Send sign-ups through the workflow, confirm as people do, see what became of each."""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from constructs_lib.demo.inputs import SignUpRequest
from constructs_lib.demo.turns import may_start
from constructs_lib.demo.waiting import wait_for
from constructs_lib.local import EmbeddedAws, Mailbox
from constructs_lib.operations.confirmation import CODE

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


@dataclass(frozen=True, kw_only=True)
class SignUpResult:
    """What became of one sign-up: its outcome is ``signed up`` or the name of the error."""

    request: SignUpRequest
    outcome: str
    path: Sequence[str] = ()
    event_id: str | None = None
    request_id: str = ""
    seconds: float | None = None

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
            code = CODE.search(mail.text)
            if code is None or code[0] in self._entered or mail.to[0] not in self._who_confirms:
                continue
            self._entered.add(code[0])
            self._workflows.start_sync_execution(
                stateMachineArn=self._confirm_state_machine_arn,
                input=json.dumps({"code": code[0]}),
            )


class SignUps:
    """Sign-ups in the workflow: one execution a request, as many at once as the addresses allow.

    Args:
        people: Who enters the codes while it runs.
    """

    def __init__(
        self,
        aws: EmbeddedAws,
        state_machine_arn: str,
        requests: Sequence[SignUpRequest],
        *,
        people: People,
    ) -> None:
        self._workflows = aws.client("stepfunctions")
        self._state_machine_arn = state_machine_arn
        self._requests = requests
        self._people = people
        self._executions: dict[int, str] = {}
        self._finished: dict[int, str] = {}

    def start_those_who_do_not_confirm(self) -> None:
        """Let the time run in which they do nothing, where nobody stands before them."""
        for index in may_start(self._requests, started=(), finished=()):
            if not self._requests[index].confirms:
                self._start(index)

    def run_those_who_confirm(self, on_finished: Callable[[int], None]) -> None:
        """Run until the only ones left are those who do not confirm, and who stands behind them.

        ``on_finished`` hears how many are done.
        """
        self._run(on_finished, until=lambda: not self._awaits_a_code())

    def run_the_rest(self, on_finished: Callable[[int], None]) -> Sequence[SignUpResult]:
        """Run to the end; what became of each."""
        self._run(on_finished, until=lambda: len(self._finished) == len(self._requests))
        return [
            _result(self._workflows, self._executions.get(index), request)
            for index, request in enumerate(self._requests)
        ]

    @property
    def user_emails(self) -> Collection[str]:
        """The addresses of those who are users by now."""
        return {
            self._requests[index].normalized_email
            for index, status in self._finished.items()
            if status == "SUCCEEDED"
        }

    def _awaits_a_code(self) -> bool:
        """Whether an unfinished sign-up is one that its person will confirm."""
        heads = may_start(self._requests, started=(), finished=self._finished)
        return any(self._requests[index].confirms for index in heads)

    def _run(self, on_finished: Callable[[int], None], *, until: Callable[[], bool]) -> None:
        def step() -> bool:
            for index in may_start(
                self._requests, started=self._executions, finished=self._finished
            ):
                self._start(index)
            self._people.enter_new_codes()
            for index, arn in self._executions.items():
                if index not in self._finished:
                    status = self._workflows.describe_execution(executionArn=arn)["status"]
                    if status != "RUNNING":
                        self._finished[index] = status
            on_finished(len(self._finished))
            return until()

        wait_for(step, until=bool)

    def _start(self, index: int) -> None:
        request = self._requests[index]
        self._executions[index] = self._workflows.start_execution(
            stateMachineArn=self._state_machine_arn,
            name=f"sign-up-{index + 1:04}",
            input=json.dumps({"name": request.name, "email": request.email}),
        )["executionArn"]


def _result(
    workflows: "SFNClient", execution_arn: str | None, request: SignUpRequest
) -> SignUpResult:
    if execution_arn is None:
        return SignUpResult(request=request, outcome="not started")
    execution = workflows.describe_execution(executionArn=execution_arn)
    succeeded = execution["status"] == "SUCCEEDED"
    output = json.loads(execution["output"]) if succeeded else {}
    stopped_at = execution.get("stopDate")
    return SignUpResult(
        request=request,
        outcome=SIGNED_UP if succeeded else execution.get("error", execution["status"]),
        path=path_of(workflows, execution_arn),
        event_id=output.get("eventId"),
        request_id=execution["name"],
        seconds=(stopped_at - execution["startDate"]).total_seconds() if stopped_at else None,
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
