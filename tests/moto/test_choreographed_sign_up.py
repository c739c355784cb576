"""The services of the choreographed sign-up: each alone does its part, together they end well."""

from __future__ import annotations

import io
import json
import random
import re
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reserve_email.sign_up_request import EMAIL_RULE, NAME_RULE, SignUpRequest, checked

from constructs_lib.testing._jsonata import evaluate
from tests.golden.golden_files import GOLDEN_FOLDER
from tests.moto.choreography_world import (
    RESOURCES,
    Services,
    World,
    a_world,
    matches,
    services_on_moto,
)

ADA = "ada@example.com"
NOBODY: dict[str, list[str]] = {
    "reservations": [],
    "addresses": [],
    "identities": [],
    "profiles": [],
}
SIGNED_UP = ["SignUpRequested", "EmailReserved", "IdentityCreated", "UserSignedUp"]
NOT_STORED = [*SIGNED_UP[:3], "ProfileNotStored", "IdentityDeleted", "SignUpFailed"]


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    with services_on_moto() as services:
        yield services


@pytest.fixture
def world(services: Services) -> Iterator[World]:
    with a_world(services) as world:
        yield world


def fail(world: World, operation: str, fault: str, *, times: int = 1, table: str = "") -> None:
    """Let the next calls of an operation, on a table if one is named, meet a fault."""
    left = [fault] * times

    def decide(called: str, arguments: Any) -> str | None:
        is_meant = called == operation and (not table or arguments.get("TableName") == table)
        return left.pop() if is_meant and left else None

    world.fault = decide


def logged(services: Services, monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What all services log from now on."""
    log = io.StringIO()
    for module in services.modules.values():
        logger = module._service.handle.__globals__["logger"]
        monkeypatch.setattr(logger.registered_handler, "stream", log)
    return log


def test_a_user_is_signed_up_and_welcomed(world: World) -> None:
    world.request("r1", email=" Ada@Example.com ", name="Ada  Lovelace")
    world.settle()

    assert world.told("r1") == SIGNED_UP
    user_id = world.detail("r1", "UserSignedUp")["userId"]
    state = world.state()
    assert state.pop("addresses") == [f"EMAIL#{world.detail('r1', 'EmailReserved')['emailHash']}"]
    assert state == {"reservations": [user_id], "identities": [user_id], "profiles": [user_id]}
    (mail,) = world.mails
    assert mail["Destination"] == {"ToAddresses": [ADA]}
    assert mail["Content"]["Simple"]["Body"]["Text"]["Data"].startswith("Hello Ada Lovelace,")


def test_the_profile_is_the_one_that_the_workflow_would_store(world: World) -> None:
    world.request("r1", email=ADA)
    world.settle()

    reserved, told = world.detail("r1", "EmailReserved"), world.detail("r1", "UserSignedUp")
    (profile,) = boto3.resource("dynamodb").Table("profiles").scan()["Items"]
    signed_up_at = str(profile.pop("signedUpAt")).replace("+00:00", "Z")
    assert signed_up_at == told["signedUpAt"]
    assert profile == {
        "pk": f"USER#{reserved['userId']}",
        "userId": reserved["userId"],
        "emailHash": reserved["emailHash"],
    }


def test_an_address_is_only_once_somebodys(world: World) -> None:
    world.request("r1", email=ADA)
    world.settle()
    before = world.state()

    world.request("r2", email=ADA.upper())
    world.settle()

    assert world.told("r2") == ["SignUpRequested", "SignUpRejected"]
    assert world.detail("r2", "SignUpRejected")["error"] == "SignUp.EmailTaken"
    assert world.state() == before


@pytest.mark.parametrize(
    ("email", "name", "rule"),
    [
        ("ada", "Ada", EMAIL_RULE),
        ("a" * 250 + "@b.de", "Ada", EMAIL_RULE),
        (None, "Ada", EMAIL_RULE),
        (["ada@example.com"], "Ada", EMAIL_RULE),
        (ADA, " ", NAME_RULE),
        (ADA, "A\x07da", NAME_RULE),
        (ADA, "A" * 101, NAME_RULE),
    ],
)
def test_a_request_that_breaks_a_rule_is_rejected_with_the_rule(
    world: World, email: object, name: object, rule: str
) -> None:
    world.request("r1", email=email, name=name)
    world.settle()

    assert world.told("r1") == ["SignUpRequested", "SignUpRejected"]
    rejected = world.detail("r1", "SignUpRejected")
    assert (rejected["error"], rejected["rule"]) == ("SignUp.InvalidRequest", rule)
    assert world.state() == NOBODY


@given(
    email=st.one_of(
        st.text(max_size=12),
        st.from_regex(r"\A\s?[a-zA-Z.@!~ü ]{1,6}@[a-z]{1,4}\.?[a-z]{0,3}\s?\Z"),
        st.integers(250, 258).map(lambda size: "a" * (size - 5) + "@b.de"),
        st.none(),
    ),
    name=st.one_of(st.text(max_size=4), st.integers(98, 103).map("n".__mul__), st.none()),
)
@settings(max_examples=150, deadline=None)
def test_the_rules_are_those_of_the_workflow(email: str | None, name: str | None) -> None:
    definition = json.loads((GOLDEN_FOLDER / "workflows/sign-up.asl.json").read_text("utf-8"))
    given_both = {"email": email, "name": name}
    rules = [
        choice["Assign"]["brokenRule"]
        for choice in definition["States"]["Check request"]["Choices"]
        if evaluate(choice["Condition"][2:-2], {"states": {"input": given_both}})
    ]

    found = checked(email=email, name=name)

    assert found == rules[0] if rules else isinstance(found, SignUpRequest)


def test_an_identity_that_cannot_be_is_told_and_the_address_is_free_again(world: World) -> None:
    fail(world, "AdminCreateUser", "InvalidParameterException")
    world.request("r1", email=ADA)
    world.settle()

    assert world.told("r1") == [*SIGNED_UP[:2], "IdentityNotCreated", "SignUpFailed"]
    failed = world.detail("r1", "SignUpFailed")
    assert failed["error"] == "CognitoIdentityProvider.InvalidParameterException"
    assert (failed["step"], failed["notUndone"]) == ("Create identity", [])
    assert world.state() == NOBODY

    world.request("r2", email=ADA)
    world.settle()
    assert world.told("r2") == SIGNED_UP


def test_a_profile_that_cannot_be_takes_identity_and_address_back(
    world: World, services: Services
) -> None:
    boto3.client("dynamodb").delete_table(TableName="profiles")
    world.request("r1", email=ADA)
    world.settle()
    services.make_table("profiles")

    assert world.told("r1") == NOT_STORED
    failed = world.detail("r1", "SignUpFailed")
    assert failed["error"] == "DynamoDB.ResourceNotFoundException"
    assert failed["step"] == "Store profile"
    assert world.state() == NOBODY


@pytest.mark.parametrize(
    "fault", ["TooManyRequestsException", "AccessDeniedException", "not sent", "answer lost"]
)
def test_what_may_pass_is_tried_again_and_nothing_is_undone(world: World, fault: str) -> None:
    fail(world, "AdminCreateUser", fault, times=2)
    world.request("r1", email=ADA)
    world.settle()

    assert world.told("r1") == SIGNED_UP


@pytest.mark.parametrize("fault", ["not sent", "answer lost"])
@pytest.mark.parametrize("number", range(4))
def test_what_was_written_but_not_told_is_told_by_the_next_delivery(
    world: World, fault: str, number: int
) -> None:
    """The four times that a service publishes, each failing once, on the longest way there is."""
    calls = iter(range(1000))

    def decide(operation: str, arguments: Any) -> str | None:
        if operation == "PutItem" and arguments["TableName"] == "profiles":
            return "ValidationException"
        is_meant = operation == "PutEvents" and next(calls) == number
        return fault if is_meant else None

    world.fault = decide
    world.request("r1", email=ADA)
    world.settle()

    assert world.told("r1") == NOT_STORED
    assert world.state() == NOBODY


def test_a_refused_entry_of_an_accepted_call_is_published_again(
    world: World, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.request("r1", email=ADA)
    publisher = services.modules["reserve_email"]._service._publisher
    answer = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException"}]}
    with monkeypatch.context() as patched:
        patched.setattr(publisher._events, "put_events", lambda **_: answer)
        world.deliver(world.waiting.pop(0))
    assert world.told("r1") == ["SignUpRequested"]

    world.settle()

    assert world.told("r1") == SIGNED_UP


@pytest.mark.parametrize(
    ("operation", "table", "refusal"),
    [
        ("AdminCreateUser", "", "InvalidParameterException"),
        ("PutItem", "profiles", "ValidationException"),
    ],
)
def test_a_refusal_after_a_lost_answer_leaves_nothing_half_made(
    world: World, operation: str, table: str, refusal: str
) -> None:
    faults = ["answer lost", refusal]

    def decide(called: str, arguments: Any) -> str | None:
        is_meant = called == operation and (not table or arguments["TableName"] == table)
        return faults.pop(0) if is_meant and faults else None

    world.fault = decide
    world.request("r1", email=ADA)
    world.settle()

    assert faults == []
    assert world.told("r1")[-1] == "SignUpFailed"
    assert world.state() == NOBODY


@pytest.mark.parametrize("detail_type", SIGNED_UP)
@pytest.mark.parametrize("later_than_a_day", [False, True])
def test_an_event_that_comes_again_changes_nothing(
    world: World, detail_type: str, later_than_a_day: bool
) -> None:
    world.request("r1", email=ADA)
    world.settle()
    before = world.state()

    world.deliver_again(detail_type, later_than_a_day=later_than_a_day)

    assert world.state() == before
    assert world.told("r1") == SIGNED_UP
    assert len(world.mails) == 1


@pytest.mark.parametrize("detail_type", NOT_STORED)
def test_an_event_that_comes_again_after_the_way_back_makes_nothing_anew(
    world: World, detail_type: str
) -> None:
    fail(world, "PutItem", "ValidationException", table="profiles")
    world.request("r1", email=ADA)
    world.settle()

    world.deliver_again(detail_type, later_than_a_day=True)

    assert world.told("r1") == NOT_STORED
    assert world.state() == NOBODY


def test_the_idempotency_table_spares_repeated_events_their_work(world: World) -> None:
    world.request("r1", email=ADA)
    world.settle()
    told = len(world.published)

    world.deliver_again("EmailReserved")

    assert len(world.published) == told


def test_a_profile_not_stored_that_comes_first_leaves_no_identity(world: World) -> None:
    fail(world, "PutItem", "ValidationException", table="profiles")
    world.request("r1", email=ADA)
    world.settle()
    identities = boto3.resource("dynamodb").Table("create_identity-state")
    identities.delete_item(Key={"userId": world.detail("r1", "EmailReserved")["userId"]})
    world.forget()

    world.deliver_again("ProfileNotStored")
    world.deliver_again("EmailReserved")

    assert world.told("r1") == NOT_STORED
    assert world.state() == NOBODY


def test_a_request_id_for_another_address_is_ignored(world: World) -> None:
    world.request("r1", email=ADA)
    world.request("r1", email="grace@example.com")
    world.forget()
    while world.waiting:
        world.forget()
        world.deliver(world.waiting.pop(0))

    assert world.detail("r1", "EmailReserved")["email"] == ADA
    assert len(world.state()["identities"]) == 1


def test_of_a_batch_only_the_messages_that_failed_return(world: World) -> None:
    for number in range(3):
        world.request(f"r{number}", email=f"user-{number}@example.com")
    events = {f"m{number}": json.dumps(world.waiting[number].event) for number in range(3)}
    fail(world, "TransactWriteItems", "ThrottlingException")

    failed = world.invoke("reserve_email", {**events, "bad": "{}", "worse": "no JSON"})

    assert sorted(failed) == ["bad", "m0", "worse"]
    assert len(world.state()["reservations"]) == 2


def test_a_batch_that_fails_as_a_whole_returns_as_a_whole(world: World) -> None:
    assert world.invoke("create_identity", {"a": "{}", "b": "{}"}) == ["a", "b"]


def test_a_failure_without_a_reservation_is_left_for_somebody_to_look_at(world: World) -> None:
    fail(world, "AdminCreateUser", "InvalidParameterException")
    world.request("r1", email=ADA)
    world.deliver(world.waiting.pop(0))
    world.deliver(world.waiting.pop(0))
    table = boto3.resource("dynamodb").Table("reserve_email-state")
    table.delete_item(Key={"pk": "REQUEST#r1"})

    assert world.deliver(world.waiting.pop(0))


def test_a_user_of_another_pool_is_not_welcomed(world: World) -> None:
    world.request("r1", email=ADA)
    world.settle()
    world.mails.clear()
    event = next(e for e in world.published if e["detail-type"] == "UserSignedUp")
    elsewhere = {**event, "detail": {**event["detail"], "userId": "u2", "requestId": "r2"}}

    assert world.invoke("send_welcome", {"m": json.dumps(elsewhere)}) == []

    assert world.mails == []


def test_a_mail_that_is_refused_is_not_tried_again(world: World) -> None:
    fail(world, "SendEmail", "MessageRejected")
    world.request("r1", email=ADA)
    world.settle()

    assert world.told("r1") == SIGNED_UP
    assert world.mails == []


def test_a_mail_that_is_throttled_is_tried_again(world: World) -> None:
    fail(world, "SendEmail", "TooManyRequestsException")
    world.request("r1", email=ADA)
    world.settle()

    assert len(world.mails) == 1


def test_logs_have_the_correlation_id_and_nobodys_address_or_name(
    world: World, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = logged(services, monkeypatch)
    fail(world, "AdminCreateUser", "TooManyRequestsException")
    world.request("r1", email=ADA)
    world.request("r2", email=ADA)
    world.settle()
    broken = world.request("r3", email=ADA)
    world.waiting.clear()
    del broken["detail"]["requestId"]
    world.invoke("reserve_email", {"m": json.dumps(broken)})

    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    handled = [line for line in lines if line["message"] == "event handled"]
    assert {line["correlation_id"] for line in handled} == {"r1", "r2"}
    failures = [line["error"] for line in lines if line["message"] == "event failed"]
    assert failures == ["TooManyRequestsException", "ValidationError"]
    assert not re.search(r"ada@|\bada\b|lovelace|example.com", log.getvalue(), re.IGNORECASE)


def test_a_log_line_of_a_broken_message_has_no_other_requests_correlation_id(
    world: World, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = logged(services, monkeypatch)
    world.request("r1", email=ADA)

    world.invoke("reserve_email", {"m": json.dumps(world.waiting[0].event), "bad": "{}"})

    last = json.loads(log.getvalue().splitlines()[-1])
    assert (last["message"], last.get("correlation_id")) == ("event failed", None)


def test_the_archive_keeps_no_event_with_personal_data(world: World) -> None:
    fail(world, "PutItem", "ValidationException", table="profiles")
    world.request("r1", email=ADA)
    world.settle()
    world.request("r2", email=ADA, name="Ada Lovelace")
    world.request("r3", email=ADA)
    world.settle()
    (archive,) = [r for r in RESOURCES.values() if r["Type"] == "AWS::Events::Archive"]

    kept = [e for e in world.published if matches(archive["Properties"]["EventPattern"], e)]

    assert {e["detail-type"] for e in world.published} - {e["detail-type"] for e in kept} == {
        "SignUpRequested",
        "EmailReserved",
    }
    assert not re.search(r"ada@|\bada\b|lovelace|example.com", json.dumps(kept), re.IGNORECASE)


def test_a_replay_repeats_no_step(world: World) -> None:
    world.request("r1", email=ADA)
    world.settle()

    for event in list(world.published):
        world._route({**event, "replay-name": "audit"})

    assert world.waiting == []


_FAULTS = [None, None, None, None, None, None, "not sent", "answer lost"]
_REFUSALS = {"AdminCreateUser": "InvalidParameterException", "PutItem": "ValidationException"}


def _run_wildly(world: World, chance: random.Random) -> None:
    """Deliver in any order, in batches and repeatedly, while calls fail; then let all settle."""

    def decide(operation: str, arguments: Any) -> str | None:
        is_own = operation == "AdminCreateUser" or arguments.get("TableName") == "profiles"
        if operation in _REFUSALS and is_own and chance.random() < 0.3:
            return _REFUSALS[operation]
        return chance.choice(_FAULTS)

    world.fault = decide
    for _ in range(15):
        if not world.waiting:
            break
        first = chance.choice(world.waiting)
        others = [each for each in world.waiting if each.service == first.service]
        batch = chance.sample(others, chance.randint(1, len(others)))
        if chance.random() < 0.7:
            world.waiting = [each for each in world.waiting if each not in batch]
        if chance.random() < 0.3:
            world.forget()
        world.deliver(*batch)
    world.fault = lambda _operation, _arguments: None
    chance.shuffle(world.waiting)
    world.settle(most=500)


@given(
    requests=st.lists(
        st.tuples(st.sampled_from(["r1", "r2", "r3"]), st.sampled_from([ADA, "bob@example.com"])),
        min_size=1,
        max_size=3,
        unique_by=lambda request: request[0],
    ),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=10, deadline=None)
def test_whatever_the_order_faults_and_repetitions_a_sign_up_is_whole_or_not_at_all(
    services: Services, requests: list[tuple[str, str]], seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test's choices
    with a_world(services) as world:
        for request_id, email in requests:
            world.request(request_id, email=email)

        _run_wildly(world, chance)
        ends = {request_id: _end(world, request_id) for request_id, _ in requests}
        state = world.state()
        world.forget()
        for event in chance.sample(world.published, min(3, len(world.published))):
            world._route(event)
        world.settle()

        signed_up = sorted(
            world.detail(request_id, "UserSignedUp")["userId"]
            for request_id, end in ends.items()
            if end == "UserSignedUp"
        )
        assert state["reservations"] == state["identities"] == state["profiles"] == signed_up
        assert world.state() == state
        assert {request_id: _end(world, request_id) for request_id in ends} == ends


def _end(world: World, request_id: str) -> str:
    """The one way in which a request ended."""
    ends = {"SignUpRejected", "SignUpFailed", "UserSignedUp"} & set(world.told(request_id))
    assert len(ends) == 1, (request_id, world.told(request_id))
    (end,) = ends
    world.detail(request_id, end)
    return end
