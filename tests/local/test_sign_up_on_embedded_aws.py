"""The sign-up and its confirmation, deployed and driven through the API alone.

Each scenario has a stack of its own. Those that neither read mail nor take things away also run in
a real account (``--aws-profile``). Steps fail because what they need was taken away, because an
operator answers in the person's place, or because faults are injected into what they call.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from constructs_lib.local import Fault
from tests.local.account import Account
from tests.local.scenario_stack import SENDER, deployed
from tests.local.sign_ups import SignUps

_DOMAIN = SENDER.partition("@")[2]
_UNKNOWN = "0123456789"
_PUT_ITEM: dict[str, Any] = {"service": "dynamodb", "action": "PutItem"}
_PUBLISHING: dict[str, Any] = {
    "service": "events",
    "action": "PutEvents",
    "error": "InternalException",
}
_MAILING: dict[str, Any] = {
    "service": "sesv2",
    "action": "SendEmail",
    "error": "TooManyRequestsException",
}
_KINDS = {"EMAIL", "CODE", "USER", "identity"}


@pytest.fixture
def sender(account: Account) -> Iterator[Any]:
    """The mails' sender, verified; in a real account somebody has to do that."""
    client = account.client("sesv2")
    if account.embedded:
        client.create_email_identity(EmailIdentity=_DOMAIN)
    yield client
    if account.embedded and client.list_email_identities()["EmailIdentities"]:
        client.delete_email_identity(EmailIdentity=_DOMAIN)


@pytest.fixture
def sign_ups(account: Account, sender: object) -> Iterator[SignUps]:
    assert sender
    with deployed(account) as deployment:
        yield SignUps(deployment)


@pytest.fixture
def waiting(sign_ups: SignUps) -> tuple[str, str]:
    """A sign-up that waits for its code: the execution and the code."""
    execution = sign_ups.start()
    return execution, sign_ups.code()


# ── A sign-up that succeeds, or is refused ───────────────────────────────────────────────────────


def test_a_person_who_enters_the_mailed_code_is_a_user(
    sign_ups: SignUps, waiting: tuple[str, str]
) -> None:
    execution, code = waiting

    answer = sign_ups.confirm(code)

    assert sign_ups.outcome(execution) is None
    (profile,), (identity,) = sign_ups.items("USER"), sign_ups.identities()
    assert sign_ups.kept() == {"EMAIL", "CODE", "USER", "identity"}
    assert identity["email"] == sign_ups.ada["email"]
    assert identity["email_verified"] == "true"
    assert answer == {"result": "confirmed", "userId": identity["Username"]}
    assert profile["userId"]["S"] == identity["Username"]
    assert sign_ups.mails() == ["Please confirm your e-mail address", "Welcome"]
    (event,) = sign_ups.aws.wait_until(sign_ups.aws.heard)
    assert event["detail-type"] == "UserSignedUp"
    assert event["detail"]["userId"] == identity["Username"]


def test_an_address_that_is_taken_is_refused_and_changes_nothing(
    sign_ups: SignUps, waiting: tuple[str, str]
) -> None:
    first, code = waiting
    before = sign_ups.aws.items("Users")

    second = sign_ups.start()

    assert sign_ups.outcome(second) == "SignUp.EmailTaken"
    assert sign_ups.aws.items("Users") == before
    assert len(sign_ups.identities()) == 1
    sign_ups.confirm(code)
    assert sign_ups.outcome(first) is None


@pytest.mark.parametrize(
    "request_",
    [["ada@example.com"], {"name": "Ada"}, {"email": "ada@example.com", "name": " "}],
    ids=["no object", "no address", "no name"],
)
def test_an_invalid_request_is_refused_and_leaves_nothing(
    sign_ups: SignUps, request_: object
) -> None:
    execution = sign_ups.aws.start("SignUp", request_)

    assert sign_ups.outcome(execution) == "SignUp.InvalidRequest"
    assert sign_ups.kept() == set()
    assert (sign_ups.aws.heard(), sign_ups.aws.notices()) == ([], [])


def test_the_same_request_id_twice_gives_one_user(sign_ups: SignUps) -> None:
    request_id = f"request-{uuid.uuid4().hex}"
    execution = sign_ups.start(request_id)
    code = sign_ups.code()

    while_it_runs = sign_ups.start(request_id)
    sign_ups.confirm(code)
    assert sign_ups.outcome(execution) is None
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        sign_ups.start(request_id)

    assert while_it_runs == execution
    assert len(sign_ups.identities()) == len(sign_ups.items("USER")) == 1


def test_a_welcome_that_cannot_be_mailed_undoes_nothing(
    sign_ups: SignUps, sender: Any, waiting: tuple[str, str]
) -> None:
    execution, code = waiting
    sender.delete_email_identity(EmailIdentity=_DOMAIN)

    sign_ups.confirm(code)

    assert sign_ups.outcome(execution) is None
    assert sign_ups.mails() == ["Please confirm your e-mail address"]


# ── Codes ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("code", [_UNKNOWN, "nonsense", 7, None])
def test_a_code_that_is_none_is_unknown(sign_ups: SignUps, code: object) -> None:
    assert sign_ups.confirm(code) == {"result": "unknown"}


def test_a_code_works_once(sign_ups: SignUps, waiting: tuple[str, str]) -> None:
    _, code = waiting
    sign_ups.confirm(code)

    assert sign_ups.confirm(code) == {"result": "used"}


def test_a_code_past_its_time_has_expired(sign_ups: SignUps, waiting: tuple[str, str]) -> None:
    _, code = waiting
    (item,) = sign_ups.items("CODE")
    past = {**item, "expiresAt": {"N": "1"}}
    sign_ups.aws.dynamodb.put_item(TableName=sign_ups.aws["Users"], Item=past)

    assert sign_ups.confirm(code) == {"result": "expired"}


def test_a_code_whose_sign_up_was_stopped_has_expired(
    sign_ups: SignUps, waiting: tuple[str, str]
) -> None:
    execution, code = waiting
    sign_ups.aws.workflows.stop_execution(executionArn=execution)

    assert sign_ups.confirm(code) == {"result": "expired"}


def test_without_its_table_confirmation_is_unavailable(
    sign_ups: SignUps, waiting: tuple[str, str]
) -> None:
    _, code = waiting
    sign_ups.delete_table()

    assert sign_ups.confirm(code) == {"result": "unavailable"}


# ── Sign-ups that fail ───────────────────────────────────────────────────────────────────────────


def test_nobody_confirming_in_time_undoes_the_sign_up_and_tells_bus_and_operators(
    account: Account, sender: object
) -> None:
    assert sender
    account.require_embedded()  # its minute takes a second
    with deployed(account, confirmation_timeout_minutes=1) as deployment:
        sign_ups = SignUps(deployment)

        execution = sign_ups.start()

        assert sign_ups.outcome(execution) == "SignUp.NotConfirmed"
        assert sign_ups.kept() == set()
        (event,), (notice,) = (deployment.wait_until(deployment.heard), deployment.notices())
        assert (event["source"], event["detail-type"]) == ("sign-up", "SignUpFailed")
        told = {"error": "SignUp.NotConfirmed", "step": "Confirm email", "notUndone": []}
        assert event["detail"].items() >= told.items()
        assert notice.items() >= {**told, "execution": execution}.items()
        assert sign_ups.ada["email"] not in json.dumps([event, notice])


def test_a_code_that_cannot_be_mailed_undoes_the_sign_up(sign_ups: SignUps, sender: Any) -> None:
    sign_ups.aws.account.require_embedded()
    sender.delete_email_identity(EmailIdentity=_DOMAIN)

    execution = sign_ups.start()

    assert str(sign_ups.outcome(execution)).startswith("SesV2.MessageRejected")
    assert sign_ups.kept() == set()
    assert sign_ups.not_undone() == [("Confirm email", [])]


def test_a_failure_while_waiting_undoes_what_was_done_and_ends_with_the_original_error(
    sign_ups: SignUps, waiting: tuple[str, str]
) -> None:
    execution, _ = waiting

    sign_ups.fail_waiting()

    assert sign_ups.outcome(execution) == "Operator.Refused"
    assert sign_ups.kept() == set()
    assert sign_ups.aws.path(execution)[-6:] == [
        "Withdraw code",
        "Delete identity",
        "Release email",
        "Publish SignUpFailed",
        "Notify operators of SignUpFailed",
        "Sign-up failed",
    ]


def test_what_is_gone_before_it_could_be_undone_counts_as_undone(
    sign_ups: SignUps, waiting: tuple[str, str]
) -> None:
    execution, _ = waiting
    token = sign_ups.token()
    sign_ups.forget("EMAIL", "CODE")
    (identity,) = sign_ups.identities()
    sign_ups.aws.pools.admin_delete_user(
        UserPoolId=sign_ups.aws["Identities"], Username=identity["Username"]
    )

    sign_ups.aws.workflows.send_task_failure(taskToken=token, error="Operator.Refused")

    assert sign_ups.outcome(execution) == "Operator.Refused"
    assert sign_ups.not_undone() == [("Confirm email", [])]


def test_without_the_user_pool_the_address_is_released(sign_ups: SignUps) -> None:
    sign_ups.delete_pool()

    execution = sign_ups.start()

    assert str(sign_ups.outcome(execution)).startswith("CognitoIdentityProvider.ResourceNotFound")
    assert sign_ups.items("EMAIL") == []
    # The pool that is gone cannot say that the identity is.
    assert sign_ups.not_undone() == [("Create identity", ["Delete identity"])]


def test_a_user_pool_that_goes_while_waiting_leaves_no_items(
    sign_ups: SignUps, waiting: tuple[str, str]
) -> None:
    execution, code = waiting
    sign_ups.delete_pool()

    sign_ups.confirm(code)

    assert str(sign_ups.outcome(execution)).startswith("CognitoIdentityProvider.ResourceNotFound")
    assert sign_ups.aws.items("Users") == []
    assert sign_ups.not_undone() == [("Mark email as verified", ["Delete identity"])]


def test_without_the_table_nothing_begins(sign_ups: SignUps) -> None:
    sign_ups.delete_table()

    execution = sign_ups.start()

    assert str(sign_ups.outcome(execution)).startswith("DynamoDB.ResourceNotFound")
    assert sign_ups.identities() == []
    assert sign_ups.not_undone() == [("Reserve email", ["Release email"])]


def test_a_table_that_goes_while_waiting_leaves_no_identity_and_says_what_it_left(
    sign_ups: SignUps, waiting: tuple[str, str]
) -> None:
    execution, _ = waiting
    token = sign_ups.token()
    sign_ups.delete_table()

    # The code is gone with the table: an operator answers in the person's place.
    sign_ups.aws.workflows.send_task_success(taskToken=token, output="{}")

    assert str(sign_ups.outcome(execution)).startswith("DynamoDB.ResourceNotFound")
    assert sign_ups.identities() == []
    assert sign_ups.not_undone() == [
        ("Store profile", ["Delete profile", "Withdraw code", "Release email"])
    ]


def test_operators_that_cannot_be_told_change_nothing_about_the_error(
    sign_ups: SignUps, waiting: tuple[str, str]
) -> None:
    execution, _ = waiting
    sign_ups.aws.account.client("sns").delete_topic(TopicArn=sign_ups.aws["Topic"])

    sign_ups.fail_waiting()

    assert sign_ups.outcome(execution) == "Operator.Refused"
    assert sign_ups.kept() == set()
    (event,) = sign_ups.aws.wait_until(sign_ups.aws.heard)
    assert event["detail-type"] == "SignUpFailed"


# ── Services that fail ───────────────────────────────────────────────────────────────────────────


def _items(kind: str) -> dict[str, str]:
    return {"Item.pk.S": f"{kind}#*"}


def test_a_table_that_throttles_twice_does_not_keep_anybody_from_signing_up(
    sign_ups: SignUps,
) -> None:
    throttled = Fault(**_PUT_ITEM, error="ProvisionedThroughputExceededException", count=2)
    with sign_ups.injecting(throttled) as (fault,):
        execution = sign_ups.start()
        sign_ups.confirm(sign_ups.code())

        assert sign_ups.outcome(execution) is None
        assert sign_ups.kept() == _KINDS
        assert [one.execution_arn for one in fault.injected()] == [execution] * 2


def test_a_profile_that_is_refused_undoes_the_sign_up(
    sign_ups: SignUps, waiting: tuple[str, str]
) -> None:
    execution, code = waiting
    refused = Fault(**_PUT_ITEM, error="AccessDeniedException", parameters=_items("USER"))

    with sign_ups.injecting(refused):
        sign_ups.confirm(code)

        assert sign_ups.outcome(execution) == "DynamoDB.AccessDeniedException"
    assert sign_ups.kept() == set()
    assert sign_ups.not_undone() == [("Store profile", [])]


@pytest.mark.parametrize(
    "lost",
    [
        Fault(**_PUT_ITEM, error="InternalServerError", after_effect=True, parameters=_items(kind))
        for kind in ("EMAIL", "USER")
    ],
    ids=["reservation", "profile"],
)
def test_answers_that_are_always_lost_leave_nothing_half_made(
    sign_ups: SignUps, lost: Fault
) -> None:
    with sign_ups.injecting(lost) as (fault,):
        execution = sign_ups.start()
        if "USER" in lost.parameters["Item.pk.S"]:
            sign_ups.confirm(sign_ups.code())

        assert sign_ups.outcome(execution) == "DynamoDB.InternalServerErrorException"
        assert fault.injected()
    assert sign_ups.kept() == set()


def test_an_identity_whose_answer_was_lost_is_found_made(sign_ups: SignUps) -> None:
    lost = Fault(
        service="cognito-idp",
        action="AdminCreateUser",
        error="InternalErrorException",
        count=1,
        after_effect=True,
    )
    with sign_ups.injecting(lost):
        execution = sign_ups.start()
        sign_ups.confirm(sign_ups.code())

        assert sign_ups.outcome(execution) is None
    assert sign_ups.kept() == _KINDS
    assert len(sign_ups.identities()) == 1


def test_mail_beyond_the_sending_limit_is_sent_later(sign_ups: SignUps) -> None:
    # The first attempt and all its retries.
    with sign_ups.injecting(Fault(**_MAILING, count=6)):
        execution = sign_ups.start()
        sign_ups.confirm(sign_ups.code())

        assert sign_ups.outcome(execution) is None
    assert "Pause before mailing again" in sign_ups.aws.path(execution)


def test_mail_that_stays_beyond_the_sending_limit_undoes_the_sign_up(sign_ups: SignUps) -> None:
    with sign_ups.injecting(Fault(**_MAILING)):
        execution = sign_ups.start()

        assert sign_ups.outcome(execution) == "SignUp.MailNotSent"
    assert sign_ups.kept() == set()
    assert sign_ups.not_undone() == [("Confirm email", [])]


def test_a_sign_up_that_cannot_be_announced_is_undone(
    sign_ups: SignUps, waiting: tuple[str, str]
) -> None:
    execution, code = waiting

    with sign_ups.injecting(
        Fault(**_PUBLISHING, parameters={"Entries.DetailType": "UserSignedUp"})
    ):
        sign_ups.confirm(code)

        assert sign_ups.outcome(execution) == "EventBridge.InternalException"
    assert sign_ups.kept() == set()
    (event,) = sign_ups.aws.wait_until(sign_ups.aws.heard)
    assert event["detail-type"] == "SignUpFailed"


def test_a_failure_that_cannot_be_published_is_undone_and_told_all_the_same(
    sign_ups: SignUps, waiting: tuple[str, str]
) -> None:
    execution, _ = waiting

    with sign_ups.injecting(Fault(**_PUBLISHING)):
        sign_ups.fail_waiting()

        assert sign_ups.outcome(execution) == "Operator.Refused"
    assert sign_ups.kept() == set()
    assert sign_ups.not_undone() == [("Confirm email", [])]


def test_a_code_is_not_lost_when_the_sign_up_cannot_be_told_of_it(
    sign_ups: SignUps, waiting: tuple[str, str]
) -> None:
    execution, code = waiting
    refused = Fault(
        service="stepfunctions", action="SendTaskSuccess", error="AccessDeniedException"
    )

    with sign_ups.injecting(refused):
        assert sign_ups.confirm(code) == {"result": "unavailable"}

    assert sign_ups.confirm(code)["result"] == "confirmed"
    assert sign_ups.outcome(execution) is None


def test_a_code_that_cannot_be_marked_as_used_confirms_all_the_same(
    sign_ups: SignUps, waiting: tuple[str, str]
) -> None:
    execution, code = waiting
    refused = Fault(service="dynamodb", action="UpdateItem", error="AccessDeniedException")

    with sign_ups.injecting(refused):
        assert sign_ups.confirm(code)["result"] == "confirmed"

        assert sign_ups.outcome(execution) is None
