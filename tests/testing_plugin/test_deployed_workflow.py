"""Run deployed workflows, and hear of it when they come to something else than expected."""

from __future__ import annotations

import pytest

from constructs_lib.local import Fault
from constructs_lib.testing.deployed import Duet, ExpectationError

_THROTTLED = Fault(service="dynamodb", action="PutItem", error="ThrottlingException", count=2)


def test_a_run_says_which_way_it_took_and_what_came_of_it(duet: Duet) -> None:
    result = duet.workflow("Checkout").run({"amount": 3}).expect_succeeded()

    assert result.path == ("Check", "Store", "Wait")
    assert result.output == {"stored": "buyer"}
    assert result.retries == {}


def test_retries_are_counted_by_state(duet: Duet) -> None:
    duet.faults.inject(_THROTTLED)

    result = duet.workflow("Checkout").run({"amount": 3}).expect_succeeded()

    assert result.retries == {"Store": 2}
    assert len(duet.faults.injected()) == 2


def test_a_failed_run_has_its_error_and_cause(duet: Duet) -> None:
    result = duet.workflow("Checkout").run({"amount": 0})

    result.expect_failed(error="Shop.NoAmount", cause="nothing")
    assert result.path == ("Check", "Refuse")


def test_an_unexpected_failure_shows_the_journey(duet: Duet) -> None:
    result = duet.workflow("Checkout").run({"amount": 0})

    with pytest.raises(ExpectationError) as raised:
        result.expect_succeeded()

    message = str(raised.value)
    assert message.startswith(
        "expected Shop/Checkout to succeed, it ended FAILED with Shop.NoAmount: nothing to pay\n"
    )
    assert "├── Check  Choice" in message
    assert "Refuse" in message


@pytest.mark.parametrize(
    ("error", "cause", "expected"),
    [
        ("Shop.Other", None, "to fail with Shop.Other, it ended FAILED with Shop.NoAmount"),
        (None, "gone", "to fail because of 'gone', it ended FAILED"),
    ],
)
def test_another_failure_than_expected_is_told(
    duet: Duet, error: str | None, cause: str | None, expected: str
) -> None:
    result = duet.workflow("Checkout").run({"amount": 0})

    with pytest.raises(ExpectationError, match=expected):
        result.expect_failed(error=error, cause=cause)


def test_a_success_that_should_have_been_a_failure_shows_its_output(duet: Duet) -> None:
    result = duet.workflow("Checkout").run({"amount": 1})

    with pytest.raises(ExpectationError, match=r'it succeeded with {"stored": "buyer"}'):
        result.expect_failed()


def test_an_express_workflow_is_called_synchronously(duet: Duet) -> None:
    result = duet.workflow("Quote").run().expect_succeeded()

    assert result.output == {"price": 3}


def test_what_takes_too_long_is_told_with_where_it_is(duet: Duet) -> None:
    with (
        duet.clock.hold(),
        pytest.raises(ExpectationError, match=r"it is in 'Wait' after Check -> Store -> Wait"),
    ):
        duet.workflow("Checkout").run({"amount": 3}, within=0.5)


def test_the_clock_is_the_tests(duet: Duet) -> None:
    with duet.clock.hold():
        started = duet.workflow("Checkout").start({"amount": 3}).until_in("Wait")
        before = started.status
        duet.clock.advance(hours=1)

        started.result().expect_succeeded()
        assert before == "RUNNING"


def test_a_state_that_is_not_reached_is_told_with_the_path(duet: Duet) -> None:
    started = duet.workflow("Checkout").start({"amount": 0})

    with pytest.raises(ExpectationError, match=r"to enter 'Store' .* its path is Check -> Refuse"):
        started.until_in("Store")


def test_a_person_answers_a_task(duet: Duet) -> None:
    started = duet.workflow("Approve").start()
    token = duet.queue("Orders").expect(lambda body: "token" in body).body["token"]
    duet.client("stepfunctions").send_task_success(taskToken=token, output='"yes"')

    assert started.result().expect_succeeded().output == "yes"


def test_a_stopped_execution_is_neither_a_success_nor_a_failure(duet: Duet) -> None:
    started = duet.workflow("Approve").start()
    started.until_in("Ask").stop()

    with pytest.raises(ExpectationError, match=r"it ended ABORTED"):
        started.result().expect_failed()


def test_an_execution_that_nobody_starts_is_missed(duet: Duet) -> None:
    with pytest.raises(
        ExpectationError, match=r"expected an execution of Shop/Checkout within 0.1"
    ):
        duet.workflow("Checkout").expect_execution(within=0.1)


def test_an_execution_that_somebody_started_is_found(duet: Duet) -> None:
    started = duet.workflow("Checkout").start({"amount": 3})

    found = duet.workflow("Checkout").expect_execution()

    assert found.execution_arn == started.execution_arn
