"""How the demo lets people sign up, both ways, and when it calls a choreographed one expected."""

import json
from collections.abc import Sequence
from typing import Any, cast

import pytest

from constructs_lib.demo.drive_choreography import PERSONAL, ChoreographedResult, sign_up_entry
from constructs_lib.demo.drive_sign_ups import People, SignUps
from constructs_lib.demo.follow_events import ReceivedEvent
from constructs_lib.demo.inputs import SignUpRequest
from constructs_lib.demo.turns import may_start
from constructs_lib.local import EmbeddedAws
from stacks.contracts import SIGN_UP_REQUESTED, WITH_PERSONAL_DATA

_USER = ("SignUpRequested", "EmailReserved", "IdentityCreated", "UserSignedUp")
_REFUSED = ("SignUpRequested", "SignUpRejected")
_TAKEN: dict[str, Any] = {"error": "SignUp.EmailTaken", "rule": None}
_INVALID: dict[str, Any] = {"error": "SignUp.InvalidRequest", "rule": "email must be text"}


def _requests(*emails: str, confirms: Sequence[bool] = ()) -> list[SignUpRequest]:
    answers = confirms or [True] * len(emails)
    return [
        SignUpRequest(name="Ada", email=email, confirms=answer)
        for email, answer in zip(emails, answers, strict=True)
    ]


def _result(
    expected: str | None,
    detail_types: Sequence[str],
    end: dict[str, Any],
    *,
    is_welcomed: bool = False,
) -> ChoreographedResult:
    request = {"name": "Ada", "email": "ada@example.com", "expected": expected}
    return ChoreographedResult(
        request=SignUpRequest.model_validate(request),
        request_id="form-0001",
        chain=[
            ReceivedEvent(
                id=str(number),
                detail_type=detail_type,
                detail=end,
                replay_name=None,
                arrived_at=100 + number / 4,
            )
            for number, detail_type in enumerate(detail_types)
        ],
        is_welcomed=is_welcomed,
    )


class _Workflows:
    """A workflow that ends for those who confirm; the late one ends once it is told to."""

    def __init__(self) -> None:
        self.statuses: dict[str, str] = {}

    def start_execution(self, *, input: str, **_arguments: str) -> dict[str, str]:  # noqa: A002 - boto3's name
        arn = f"{len(self.statuses)} {json.loads(input)['email']}"
        self.statuses[arn] = "RUNNING"
        return {"executionArn": arn}

    def describe_execution(self, *, executionArn: str) -> dict[str, str]:  # noqa: N803 - boto3's name
        return {"status": self.statuses[executionArn]}

    def enter_new_codes(self) -> None:
        for arn in self.statuses:
            if "late" not in arn:
                self.statuses[arn] = "SUCCEEDED"

    def client(self, _service: str) -> "_Workflows":
        return self


def test_requests_with_one_address_take_turns_in_the_files_order() -> None:
    requests = _requests("a@x.org", " A@X.org", "b@x.org", "a@x.org")

    assert may_start(requests, started=(), finished=()) == [0, 2]
    assert may_start(requests, started=(0, 2), finished=()) == []
    assert may_start(requests, started=(0, 2), finished=(0,)) == [1]
    assert may_start(requests, started=(0, 1, 2), finished=(0, 1, 2)) == [3]


def test_those_who_do_not_confirm_hold_up_only_who_shares_their_address() -> None:
    requests = _requests(
        "late@x.org", "a@x.org", "late@x.org", "a@x.org", confirms=(False, True, True, True)
    )
    workflows = _Workflows()
    sign_ups = SignUps(
        cast(EmbeddedAws, workflows), "arn", requests, people=cast(People, workflows)
    )
    heard: list[int] = []

    sign_ups.run_those_who_confirm(heard.append)

    assert workflows.statuses == {
        "0 late@x.org": "RUNNING",
        "1 a@x.org": "SUCCEEDED",
        "2 a@x.org": "SUCCEEDED",
    }
    assert heard == [1, 2]
    assert sign_ups.user_emails == {"a@x.org"}


def test_those_who_do_not_confirm_may_be_started_first_where_nobody_stands_before_them() -> None:
    requests = _requests("a@x.org", "late@x.org", "a@x.org", confirms=(True, False, False))
    workflows = _Workflows()
    sign_ups = SignUps(
        cast(EmbeddedAws, workflows), "arn", requests, people=cast(People, workflows)
    )

    sign_ups.start_those_who_do_not_confirm()

    assert workflows.statuses == {"0 late@x.org": "RUNNING"}


def test_the_form_asks_as_the_contract_says() -> None:
    (request,) = _requests(" Ada@Example.com")
    detail = {
        "requestId": "form-0001",
        "correlationId": "form-0001",
        "email": " Ada@Example.com",
        "name": "Ada",
    }
    by_contract = dict(SIGN_UP_REQUESTED.entry(detail, event_bus_name="bus"))

    entry = dict(sign_up_entry(request, request_id="form-0001", bus_name="bus"))

    assert json.loads(str(entry.pop("Detail"))) == json.loads(str(by_contract.pop("Detail")))
    assert entry == by_contract


def test_the_demo_knows_which_events_no_archive_keeps() -> None:
    assert set(WITH_PERSONAL_DATA) == PERSONAL


@pytest.mark.parametrize(
    ("result", "as_expected"),
    [
        (_result("signed up", _USER, {}, is_welcomed=True), True),
        (_result(None, _USER, {}, is_welcomed=True), True),
        (_result("signed up", _USER, {}), False),
        (_result("SignUp.EmailTaken", _USER, {}, is_welcomed=True), False),
        (_result("signed up", _USER[1:], {}, is_welcomed=True), False),
        (_result("signed up", (*_USER, "UserSignedUp"), {}, is_welcomed=True), False),
        (_result("SignUp.EmailTaken", _REFUSED, _TAKEN), True),
        (_result(None, _REFUSED, _TAKEN), True),
        (_result("SignUp.EmailTaken", _REFUSED, _TAKEN, is_welcomed=True), False),
        (_result("SignUp.InvalidRequest", _REFUSED, _TAKEN), False),
        (_result("SignUp.InvalidRequest", _REFUSED, _INVALID), True),
        (_result("SignUp.InvalidRequest", _REFUSED, {**_INVALID, "rule": None}), False),
        (_result(None, ("SignUpRequested", "SignUpFailed"), {"error": "States.Timeout"}), False),
        (_result(None, _USER[:3], {}), False),
        (_result(None, (), {}), False),
    ],
)
def test_a_choreographed_sign_up_must_end_as_the_file_says_by_the_events_of_that_end(
    result: ChoreographedResult, as_expected: bool
) -> None:
    assert result.as_expected is as_expected


def test_a_choreographed_sign_up_lasts_from_its_request_to_its_end() -> None:
    assert _result(None, _USER, {}).seconds == 0.75
    assert _result(None, _USER[:3], {}).seconds is None
