"""Calls of the sign-up and its confirmation that had their effect, or none, without an answer."""

from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest

from constructs_lib.testing.moto_engine import WorkflowEngine, moto_workflows
from tests.moto.sign_ups import WAITING_STATE, SignUps
from tests.moto.world import World

_ADA = {"email": "ada@example.com", "name": "Ada Lovelace"}


class LostAnswers:
    """Turns the answers of chosen calls, which were made, into an error of the service."""

    def __init__(self) -> None:
        self.errors: dict[str, str] = {}

    def after_call(self, model: Any, http_response: Any, parsed: dict[str, Any], **_: Any) -> None:
        """The hook for botocore's ``after-call``."""
        error = self.errors.pop(model.name, None)
        if error is not None:
            http_response.status_code = 400
            parsed["Error"] = {"Code": error, "Message": "the answer was lost"}


@pytest.fixture(scope="module")
def lost_answers() -> LostAnswers:
    return LostAnswers()


@pytest.fixture(scope="module")
def engine(lost_answers: LostAnswers) -> Iterator[WorkflowEngine]:
    with moto_workflows() as engine:
        session = boto3.DEFAULT_SESSION
        assert session is not None
        session.events.register("after-call", lost_answers.after_call)
        yield engine
        session.events.unregister("after-call", lost_answers.after_call)


@pytest.fixture(scope="module")
def shared_world(engine: WorkflowEngine) -> World:
    assert engine  # moto is on
    return World()


@pytest.fixture
def sign_ups(
    engine: WorkflowEngine, shared_world: World, workflow_templates: Mapping[str, dict[str, Any]]
) -> SignUps:
    engine.stop()
    engine.heal()
    shared_world.clear()
    return SignUps(engine, shared_world, workflow_templates["SignUp"])


def test_an_identity_whose_creation_was_not_answered_is_taken_for_done(
    sign_ups: SignUps, lost_answers: LostAnswers
) -> None:
    lost_answers.errors["AdminCreateUser"] = "TooManyRequestsException"

    run = sign_ups.run(_ADA)

    assert (run.status, run.retries) == ("SUCCEEDED", 1)
    (identity,) = sign_ups.world.identities()
    assert (identity["email"], identity["email_verified"]) == ("ada@example.com", "true")


def test_a_confirmation_that_cannot_reach_the_sign_up_may_be_sent_again(
    engine: WorkflowEngine, sign_ups: SignUps
) -> None:
    started = sign_ups.start(_ADA)
    started.until_waiting(state=WAITING_STATE)
    code = sign_ups.wait_for_code(started)
    engine.fail(
        service="stepfunctions",
        operation="SendTaskSuccess",
        error="AccessDeniedException",
        times=None,
    )

    assert sign_ups.confirm(code) == {"result": "unavailable"}

    engine.heal()
    assert sign_ups.confirm(code)["result"] == "confirmed"
    assert started.result().status == "SUCCEEDED"


def test_a_code_that_cannot_be_marked_confirms_all_the_same(
    engine: WorkflowEngine, sign_ups: SignUps
) -> None:
    started = sign_ups.start(_ADA)
    started.until_waiting(state=WAITING_STATE)
    code = sign_ups.wait_for_code(started)
    engine.fail(service="dynamodb", operation="UpdateItem", error="AccessDeniedException")

    assert sign_ups.confirm(code)["result"] == "confirmed"

    assert started.result().status == "SUCCEEDED"
    assert sign_ups.confirm(code)["result"] == "expired"
