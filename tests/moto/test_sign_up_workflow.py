"""The sign-up workflow's outcomes, with what is left in table, pool and bus after each."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from constructs_lib.testing.moto_engine import (
    FAILED_ENTRY,
    WorkflowEngine,
    WorkflowRun,
    moto_workflows,
)
from constructs_lib.testing.workflow import (
    JsonValue,
    state_machine_definition,
    state_machine_ids,
)
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
    engine.heal()
    shared_world.clear()
    return shared_world


@pytest.fixture
def sign_up(
    engine: WorkflowEngine, world: World, workflow_templates: Mapping[str, dict[str, Any]]
) -> Callable[[Mapping[str, JsonValue]], WorkflowRun]:
    template = workflow_templates["SignUp"]
    (logical_id,) = state_machine_ids(template)
    (pool_id,) = (
        id_ for id_, r in template["Resources"].items() if r["Type"] == "AWS::Cognito::UserPool"
    )
    definition = state_machine_definition(
        template, logical_id, substitutions={pool_id: world.user_pool_id}
    )
    return lambda request: engine.run(definition, request)


def test_a_new_user_gets_reservation_identity_and_announcement(
    sign_up: Callable[[Mapping[str, JsonValue]], WorkflowRun], world: World
) -> None:
    run = sign_up(_ADA)

    assert run.status == "SUCCEEDED"
    assert isinstance(run.output, dict)
    user_id = run.output["userId"]
    (reservation,) = world.reservations()
    assert reservation["pk"] == f"EMAIL#{_ADA_HASH}"
    assert reservation["userId"] == user_id
    (identity,) = world.identities()
    assert identity["Username"] == user_id
    assert (identity["email"], identity["name"]) == ("ada@example.com", "Ada Lovelace")
    (event,) = world.events()
    assert (event["source"], event["detail-type"]) == ("sign-up", "UserSignedUp")
    assert event["detail"].keys() == {"userId", "requestId", "signedUpAt"}
    assert event["detail"]["userId"] == user_id
    assert run.output.keys() == {"userId", "requestId", "eventId"}


def test_the_address_travels_to_no_state_but_the_first_two(
    sign_up: Callable[[Mapping[str, JsonValue]], WorkflowRun],
) -> None:
    run = sign_up(_ADA)

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
    sign_up: Callable[[Mapping[str, JsonValue]], WorkflowRun], world: World
) -> None:
    first = sign_up(_ADA)
    before = (world.reservations(), world.identities(), world.events())

    second = sign_up({"email": "ADA@example.com", "name": "Somebody Else"})

    assert first.status == "SUCCEEDED"
    assert (second.status, second.error) == ("FAILED", "SignUp.EmailTaken")
    assert second.path == ("Check request", "Prepare user", "Reserve email", "Email taken")
    assert (world.reservations(), world.identities()) == before[:2]
    assert world.events() == []


@pytest.mark.parametrize(
    ("request_", "rule"),
    [
        ({}, "email must be text"),
        ({"email": "not-an-email", "name": "Ada"}, "email must be text"),
        ({"email": "two words@example.com", "name": "Ada"}, "email must be text"),
        ({"email": 7, "name": "Ada"}, "email must be text"),
        ({"email": None, "name": "Ada"}, "email must be text"),
        ({"email": "a" * 250 + "@b.cd", "name": "Ada"}, "email must be text"),
        ({"email": "ada@example.com"}, "name must be text"),
        ({"email": "ada@example.com", "name": "   "}, "name must be text"),
        ({"email": "ada@example.com", "name": "x" * 101}, "name must be text"),
        ({"email": "ada@example.com", "name": {"first": "Ada"}}, "name must be text"),
    ],
)
def test_an_invalid_request_is_refused_with_the_rule_it_breaks(
    sign_up: Callable[[Mapping[str, JsonValue]], WorkflowRun],
    world: World,
    request_: Mapping[str, JsonValue],
    rule: str,
) -> None:
    run = sign_up(request_)

    assert (run.status, run.error) == ("FAILED", "SignUp.InvalidRequest")
    assert run.cause is not None
    assert run.cause.startswith(rule)
    assert (world.reservations(), world.identities(), world.events()) == ([], [], [])


@pytest.mark.parametrize("name", ["x" * 100, "李", "Þ" * 100], ids=["ascii", "one", "long"])
def test_names_of_one_to_a_hundred_characters_of_any_script_are_accepted(
    sign_up: Callable[[Mapping[str, JsonValue]], WorkflowRun], name: str
) -> None:
    assert sign_up({"email": "ada@example.com", "name": name}).status == "SUCCEEDED"


def test_throttled_services_are_asked_again_until_the_sign_up_succeeds(
    engine: WorkflowEngine, sign_up: Callable[[Mapping[str, JsonValue]], WorkflowRun], world: World
) -> None:
    engine.fail(service="dynamodb", operation="PutItem", error="ThrottlingException", times=2)
    engine.fail(
        service="cognito-idp", operation="AdminCreateUser", error="TooManyRequestsException"
    )
    engine.fail(service="events", operation="PutEvents", error=FAILED_ENTRY)

    run = sign_up(_ADA)

    assert (run.status, run.retries) == ("SUCCEEDED", 4)
    assert len(world.reservations()) == len(world.identities()) == len(world.events()) == 1


def test_a_failed_identity_releases_the_reservation_and_ends_with_the_original_error(
    engine: WorkflowEngine, sign_up: Callable[[Mapping[str, JsonValue]], WorkflowRun], world: World
) -> None:
    engine.fail(
        service="cognito-idp",
        operation="AdminCreateUser",
        error="NotAuthorizedException",
        times=None,
    )

    run = sign_up(_ADA)

    assert (run.status, run.error) == ("FAILED", "CognitoIdentityProvider.NotAuthorizedException")
    assert run.retries == 0
    assert run.path[-3:] == ("Delete identity", "Release email", "Sign-up failed")
    assert (world.reservations(), world.identities(), world.events()) == ([], [], [])


def test_an_identity_that_stays_throttled_is_given_up_and_undone(
    engine: WorkflowEngine, sign_up: Callable[[Mapping[str, JsonValue]], WorkflowRun], world: World
) -> None:
    engine.fail(
        service="cognito-idp",
        operation="AdminCreateUser",
        error="TooManyRequestsException",
        times=None,
    )

    run = sign_up(_ADA)

    assert (run.status, run.error) == ("FAILED", "CognitoIdentityProvider.TooManyRequestsException")
    assert run.retries == 5
    assert world.reservations() == []


def test_a_sign_up_that_cannot_be_announced_is_undone_whole(
    engine: WorkflowEngine, sign_up: Callable[[Mapping[str, JsonValue]], WorkflowRun], world: World
) -> None:
    engine.fail(service="events", operation="PutEvents", error=FAILED_ENTRY, times=None)

    run = sign_up(_ADA)

    assert (run.status, run.error) == ("FAILED", "EventBridge.FailedEntry")
    assert (world.reservations(), world.identities(), world.events()) == ([], [], [])


def test_the_address_is_free_again_after_a_failure(
    engine: WorkflowEngine, sign_up: Callable[[Mapping[str, JsonValue]], WorkflowRun], world: World
) -> None:
    engine.fail(service="cognito-idp", operation="AdminCreateUser", error="NotAuthorizedException")
    sign_up(_ADA)

    assert sign_up(_ADA).status == "SUCCEEDED"
    assert len(world.identities()) == 1


def test_a_compensation_that_fails_does_not_keep_the_others_from_running(
    engine: WorkflowEngine, sign_up: Callable[[Mapping[str, JsonValue]], WorkflowRun], world: World
) -> None:
    engine.fail(service="events", operation="PutEvents", error=FAILED_ENTRY, times=None)
    engine.fail(
        service="cognito-idp",
        operation="AdminDeleteUser",
        error="NotAuthorizedException",
        times=None,
    )

    run = sign_up(_ADA)

    assert (run.status, run.error) == ("FAILED", "EventBridge.FailedEntry")
    assert world.reservations() == []


def test_a_release_leaves_the_reservation_of_somebody_else_alone(
    engine: WorkflowEngine, sign_up: Callable[[Mapping[str, JsonValue]], WorkflowRun], world: World
) -> None:
    theirs = {"pk": f"EMAIL#{_ADA_HASH}", "userId": "somebody-else"}
    world.users.put_item(Item=theirs)
    # The write fails in a way that says nothing about who holds the address.
    engine.fail(service="dynamodb", operation="PutItem", error="AccessDeniedException", times=None)

    run = sign_up(_ADA)

    assert run.status == "FAILED"
    assert "Release email" in run.path
    assert world.reservations() == [theirs]
