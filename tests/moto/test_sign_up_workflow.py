"""The sign-up workflow's outcomes, with what is left in table, pool and bus after each."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from constructs_lib.templates.json_value import JsonValue
from constructs_lib.testing.moto_engine import FAILED_ENTRY, WorkflowEngine, moto_workflows
from tests.moto.sign_ups import WAITING_STATE, SignUps
from tests.moto.world import World

_ADA = {"email": "  Ada@Example.COM ", "name": " Ada  Lovelace "}
_ADA_HASH = hashlib.sha256(b"ada@example.com").hexdigest()


@pytest.fixture(scope="module")
def engine() -> Iterator[WorkflowEngine]:
    with moto_workflows() as engine:
        yield engine


@pytest.fixture(scope="module")
def shared_world(engine: WorkflowEngine) -> World:
    assert engine  # moto is on
    return World()


@pytest.fixture
def world(engine: WorkflowEngine, shared_world: World) -> World:
    engine.stop()  # what still waits would take the next test's timeout
    engine.heal()
    shared_world.clear()
    return shared_world


@pytest.fixture
def sign_ups(
    engine: WorkflowEngine, world: World, workflow_templates: Mapping[str, dict[str, Any]]
) -> SignUps:
    return SignUps(engine, world, workflow_templates["SignUp"])


def test_a_new_user_gets_reservation_identity_and_announcement(
    sign_ups: SignUps, world: World
) -> None:
    run = sign_ups.run(_ADA)

    assert run.status == "SUCCEEDED"
    assert isinstance(run.output, dict)
    user_id = run.output["userId"]
    (reservation,) = world.reservations()
    assert reservation["pk"] == f"EMAIL#{_ADA_HASH}"
    assert reservation["userId"] == user_id
    (identity,) = world.identities()
    assert identity["Username"] == user_id
    assert (identity["email"], identity["name"]) == ("ada@example.com", "Ada Lovelace")
    assert identity["email_verified"] == "true"
    (profile,) = world.items("USER")
    assert profile["pk"] == f"USER#{user_id}"
    assert "ada@example.com" not in str(profile)
    (event,) = world.events()
    assert (event["source"], event["detail-type"]) == ("sign-up", "UserSignedUp")
    assert event["detail"].keys() == {"userId", "requestId", "correlationId", "signedUpAt"}
    assert event["detail"]["userId"] == user_id
    assert (
        event["detail"]["correlationId"] == event["detail"]["requestId"] == run.output["requestId"]
    )
    assert run.output.keys() == {"userId", "requestId", "eventId"}


def test_the_address_travels_to_no_state_but_the_first_two(
    sign_ups: SignUps,
) -> None:
    run = sign_ups.run(_ADA)

    inputs = {
        details["name"]: details["input"].lower()
        for event in run.history
        if isinstance(details := event.get("stateEnteredEventDetails"), dict)
    }
    assert {name for name, text in inputs.items() if "ada@example.com" in text} == {
        "Check request",
        "Prepare user",
    }


def test_a_second_user_with_the_address_is_refused_by_name_and_changes_nothing(
    sign_ups: SignUps, world: World
) -> None:
    first = sign_ups.run(_ADA)
    before = (world.reservations(), world.identities(), world.events())

    second = sign_ups.run({"email": "ADA@example.com", "name": "Somebody Else"})

    assert first.status == "SUCCEEDED"
    assert (second.status, second.error) == ("FAILED", "SignUp.EmailTaken")
    assert second.path == ("Check request", "Prepare user", "Reserve email", "Email taken")
    assert (world.reservations(), world.identities()) == before[:2]
    assert world.events() == []


@pytest.mark.parametrize(
    ("request_", "rule"),
    [
        ({}, "email must be ASCII text"),
        ({"email": "not-an-email", "name": "Ada"}, "email must be ASCII text"),
        ({"email": "a\u200b@example.com", "name": "Ada"}, "email must be ASCII text"),
        ({"email": "ada@example.com", "name": "A\x00da"}, "name must be text"),
        ({"email": "two words@example.com", "name": "Ada"}, "email must be ASCII text"),
        ({"email": 7, "name": "Ada"}, "email must be ASCII text"),
        ({"email": None, "name": "Ada"}, "email must be ASCII text"),
        ({"email": "a" * 250 + "@b.cd", "name": "Ada"}, "email must be ASCII text"),
        ({"email": "ada@example.com"}, "name must be text"),
        ({"email": "ada@example.com", "name": "   "}, "name must be text"),
        ({"email": "ada@example.com", "name": "x" * 101}, "name must be text"),
        ({"email": "ada@example.com", "name": {"first": "Ada"}}, "name must be text"),
    ],
)
def test_an_invalid_request_is_refused_with_the_rule_it_breaks(
    sign_ups: SignUps,
    world: World,
    request_: Mapping[str, JsonValue],
    rule: str,
) -> None:
    run = sign_ups.run(request_)

    assert (run.status, run.error) == ("FAILED", "SignUp.InvalidRequest")
    assert run.cause is not None
    assert run.cause.startswith(rule)
    assert world.is_empty()
    assert (world.events(), world.notices(), world.mails()) == ([], [], [])


def test_a_request_that_is_a_list_is_refused(sign_ups: SignUps, world: World) -> None:
    run = sign_ups.run([_ADA])  # type: ignore[arg-type]  # what a caller may send all the same

    assert (run.status, run.error) == ("FAILED", "SignUp.InvalidRequest")
    assert run.cause == "the request must be an object with email and name"
    assert world.is_empty()


@pytest.mark.parametrize("name", ["x" * 100, "李", "Þ" * 100], ids=["ascii", "one", "long"])
def test_names_of_one_to_a_hundred_characters_of_any_script_are_accepted(
    sign_ups: SignUps, name: str
) -> None:
    assert sign_ups.run({"email": "ada@example.com", "name": name}).status == "SUCCEEDED"


def test_throttled_services_are_asked_again_until_the_sign_up_succeeds(
    engine: WorkflowEngine, sign_ups: SignUps, world: World
) -> None:
    engine.fail(service="dynamodb", operation="PutItem", error="ThrottlingException", times=2)
    engine.fail(
        service="cognito-idp", operation="AdminCreateUser", error="TooManyRequestsException"
    )
    engine.fail(service="events", operation="PutEvents", error=FAILED_ENTRY)

    run = sign_ups.run(_ADA)

    assert (run.status, run.retries) == ("SUCCEEDED", 4)
    assert len(world.reservations()) == len(world.identities()) == len(world.events()) == 1


def test_a_failed_identity_releases_the_reservation_and_ends_with_the_original_error(
    engine: WorkflowEngine, sign_ups: SignUps, world: World
) -> None:
    engine.fail(
        service="cognito-idp",
        operation="AdminCreateUser",
        error="NotAuthorizedException",
        times=None,
    )

    run = sign_ups.run(_ADA)

    assert (run.status, run.error) == ("FAILED", "CognitoIdentityProvider.NotAuthorizedException")
    assert run.retries == 0
    assert run.path[-5:] == (
        "Delete identity",
        "Release email",
        "Publish SignUpFailed",
        "Notify operators of SignUpFailed",
        "Sign-up failed",
    )
    assert world.is_empty()


def test_a_failure_is_published_and_told_to_the_operators_without_personal_data(
    engine: WorkflowEngine, sign_ups: SignUps, world: World
) -> None:
    engine.fail(service="cognito-idp", operation="AdminCreateUser", error="NotAuthorizedException")

    sign_ups.run(_ADA)

    (event,) = world.events()
    assert event["detail-type"] == "SignUpFailed"
    assert event["detail"]["error"] == "CognitoIdentityProvider.NotAuthorizedException"
    assert event["detail"]["step"] == "Create identity"
    assert event["detail"]["notUndone"] == []
    (notice,) = world.notices()
    assert notice["error"] == event["detail"]["error"]
    told = str([event, notice]).lower()
    assert "ada@" not in told  # "ada" alone is in many an id
    assert "lovelace" not in told


def test_a_refused_request_is_no_failure_to_anybody(sign_ups: SignUps, world: World) -> None:
    sign_ups.run(_ADA)
    world.events()

    sign_ups.run(_ADA)

    assert (world.events(), world.notices()) == ([], [])


def test_an_identity_that_stays_throttled_is_given_up_and_undone(
    engine: WorkflowEngine, sign_ups: SignUps, world: World
) -> None:
    engine.fail(
        service="cognito-idp",
        operation="AdminCreateUser",
        error="TooManyRequestsException",
        times=None,
    )

    run = sign_ups.run(_ADA)

    assert (run.status, run.error) == ("FAILED", "CognitoIdentityProvider.TooManyRequestsException")
    assert run.retries == 5
    assert world.reservations() == []


def test_a_sign_up_that_cannot_be_announced_is_undone_whole(
    engine: WorkflowEngine, sign_ups: SignUps, world: World
) -> None:
    engine.fail(service="events", operation="PutEvents", error=FAILED_ENTRY, times=None)

    run = sign_ups.run(_ADA)

    assert (run.status, run.error) == ("FAILED", "EventBridge.FailedEntry")
    assert world.is_empty()
    # The bus took nothing, so the topic is the operators' only word of it.
    assert world.events() == []
    assert [notice["step"] for notice in world.notices()] == ["Announce sign-up"]


def test_the_address_is_free_again_after_a_failure(
    engine: WorkflowEngine, sign_ups: SignUps, world: World
) -> None:
    engine.fail(service="cognito-idp", operation="AdminCreateUser", error="NotAuthorizedException")
    sign_ups.run(_ADA)

    assert sign_ups.run(_ADA).status == "SUCCEEDED"
    assert len(world.identities()) == 1


def test_a_compensation_that_fails_does_not_keep_the_others_from_running(
    engine: WorkflowEngine, sign_ups: SignUps, world: World
) -> None:
    engine.fail(service="events", operation="PutEvents", error=FAILED_ENTRY, times=None)
    engine.fail(
        service="cognito-idp",
        operation="AdminDeleteUser",
        error="NotAuthorizedException",
        times=None,
    )

    run = sign_ups.run(_ADA)

    assert (run.status, run.error) == ("FAILED", "EventBridge.FailedEntry")
    assert world.reservations() == []


def test_a_release_leaves_the_reservation_of_somebody_else_alone(
    engine: WorkflowEngine, sign_ups: SignUps, world: World
) -> None:
    theirs = {"pk": f"EMAIL#{_ADA_HASH}", "userId": "somebody-else"}
    world.users.put_item(Item=theirs)
    # The write fails in a way that says nothing about who holds the address.
    engine.fail(service="dynamodb", operation="PutItem", error="AccessDeniedException", times=None)

    run = sign_ups.run(_ADA)

    assert run.status == "FAILED"
    assert "Release email" in run.path
    assert world.reservations() == [theirs]


def test_a_new_user_is_mailed_a_code_and_then_welcomed(sign_ups: SignUps, world: World) -> None:
    sign_ups.run(_ADA)

    code_mail, welcome = world.mails()
    assert code_mail.startswith("Hello Ada Lovelace,\n\nyour confirmation code is ")
    assert welcome.startswith("Hello Ada Lovelace,\n\nit is good to have you.")


def test_the_table_knows_neither_the_code_nor_the_address(sign_ups: SignUps, world: World) -> None:
    started = sign_ups.start(_ADA)
    started.until_waiting(state=WAITING_STATE)
    code = sign_ups.wait_for_code(started)

    kept = str(world.users.scan()["Items"]).lower()

    assert code is not None
    assert code.lower() not in kept
    assert "ada@example.com" not in kept


@pytest.mark.parametrize("typed", ["{code}", " {code} ", "{lower}"])
def test_a_code_is_accepted_as_people_type_it(sign_ups: SignUps, typed: str) -> None:
    started = sign_ups.start(_ADA)
    started.until_waiting(state=WAITING_STATE)
    code = sign_ups.wait_for_code(started) or ""

    answer = sign_ups.confirm(typed.format(code=code, lower=code.lower()))

    run = started.result()
    assert run.status == "SUCCEEDED"
    assert isinstance(run.output, dict)
    assert answer == {"result": "confirmed", "userId": run.output["userId"]}


@pytest.mark.parametrize("code", ["0123456789", "", "nonsense", None, 7, [], {"code": "x"}])
def test_an_unknown_code_is_called_unknown(sign_ups: SignUps, code: JsonValue) -> None:
    assert sign_ups.confirm(code) == {"result": "unknown"}


def test_a_code_works_once(sign_ups: SignUps) -> None:
    sign_ups.run(_ADA)

    assert sign_ups.confirm(sign_ups.code()) == {"result": "used"}


def test_a_code_past_its_time_has_expired(sign_ups: SignUps, world: World) -> None:
    started = sign_ups.start(_ADA)
    started.until_waiting(state=WAITING_STATE)
    code = sign_ups.wait_for_code(started)
    (item,) = world.items("CODE")
    world.users.put_item(Item={**item, "expiresAt": 1})

    assert sign_ups.confirm(code) == {"result": "expired"}


def test_a_code_whose_sign_up_has_ended_has_expired(sign_ups: SignUps) -> None:
    started = sign_ups.start(_ADA)
    started.until_waiting(state=WAITING_STATE)
    code = sign_ups.wait_for_code(started)
    started.stop()

    assert sign_ups.confirm(code) == {"result": "expired"}


def test_a_service_that_does_not_answer_makes_confirmation_unavailable(
    engine: WorkflowEngine, sign_ups: SignUps
) -> None:
    engine.fail(service="dynamodb", operation="GetItem", error="AccessDeniedException", times=None)

    assert sign_ups.confirm("0123456789") == {"result": "unavailable"}


def test_nobody_confirming_in_time_undoes_the_sign_up_by_name(
    engine: WorkflowEngine, sign_ups: SignUps, world: World
) -> None:
    started = sign_ups.start(_ADA)
    started.until_waiting(state=WAITING_STATE)
    engine.time_out(state=WAITING_STATE)

    run = started.result(within_seconds=30)

    assert (run.status, run.error) == ("FAILED", "SignUp.NotConfirmed")
    assert world.is_empty()
    assert [event["detail"]["step"] for event in world.events()] == ["Confirm email"]


def test_a_mail_that_is_refused_undoes_the_sign_up(
    engine: WorkflowEngine, sign_ups: SignUps, world: World
) -> None:
    engine.fail(service="sesv2", operation="SendEmail", error="MessageRejected", times=None)

    run = sign_ups.start(_ADA).result(within_seconds=30)

    assert run.status == "FAILED"
    assert str(run.error).startswith("SesV2.MessageRejected")
    assert world.is_empty()


def test_a_sending_limit_is_waited_out(engine: WorkflowEngine, sign_ups: SignUps) -> None:
    # More often than the retries of one attempt.
    engine.fail(service="sesv2", operation="SendEmail", error="TooManyRequestsException", times=8)

    run = sign_ups.run(_ADA)

    assert run.status == "SUCCEEDED"
    assert "Pause before mailing again" in run.path


def test_a_sending_limit_that_lasts_ends_the_sign_up_by_name(
    engine: WorkflowEngine, sign_ups: SignUps, world: World
) -> None:
    engine.fail(
        service="sesv2", operation="SendEmail", error="TooManyRequestsException", times=None
    )

    run = sign_ups.start(_ADA).result(within_seconds=60)

    assert (run.status, run.error) == ("FAILED", "SignUp.MailNotSent")
    assert run.path.count("Pause before mailing again") == 5
    assert world.is_empty()


def test_a_welcome_that_cannot_be_mailed_undoes_nothing(
    engine: WorkflowEngine, sign_ups: SignUps, world: World
) -> None:
    started = sign_ups.start(_ADA)
    started.until_waiting(state=WAITING_STATE)
    code = sign_ups.wait_for_code(started)
    engine.fail(service="sesv2", operation="SendEmail", error="MessageRejected", times=None)

    sign_ups.confirm(code)

    run = started.result()
    assert run.status == "SUCCEEDED"
    assert run.path[-2:] == ("Mail welcome", "Signed up")
    assert len(world.identities()) == 1


def test_the_same_request_id_twice_gives_one_user(
    engine: WorkflowEngine, sign_ups: SignUps, world: World
) -> None:
    started = engine.start(sign_ups.definition, _ADA, name="request-1")
    started.until_waiting(state=WAITING_STATE)
    sign_ups.confirm(sign_ups.wait_for_code(started))
    assert started.result(within_seconds=30).status == "SUCCEEDED"

    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        engine.start(sign_ups.definition, _ADA, name="request-1")

    assert len(world.identities()) == len(world.items("USER")) == 1
