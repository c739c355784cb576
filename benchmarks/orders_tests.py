"""Workflow tests of ``orders_assembly``: as many as ``ORDERS_TESTS`` says, 200 by default.

Not collected by name: ``parallel_tests.py`` runs them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.orders_assembly import write_assembly
from constructs_lib.local import Fault
from constructs_lib.testing.deployed import Duet

_KINDS = 5
_ROUNDS = range(int(os.environ.get("ORDERS_TESTS", "200")) // _KINDS)
#: The same in every test: if anything of one were seen in another, this would be taken already.
ORDER = {"id": "order-1", "amount": 3}
_THROTTLED = Fault(
    service="dynamodb",
    action="PutItem",
    error="ProvisionedThroughputExceededException",
    count=2,
)


@pytest.fixture(scope="session")
def duet_assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_assembly(tmp_path_factory.mktemp("orders"))


@pytest.fixture(autouse=True)
def _alone(duet: Duet) -> Iterator[None]:
    assert duet.table("Goods").items() == []
    assert duet.workflow("Checkout").executions() == []
    yield
    assert len(duet.table("Goods").items()) <= 1
    assert len(duet.workflow("Checkout").executions()) == 1


@pytest.mark.parametrize("_round", _ROUNDS)
def test_an_order_is_reserved_and_announced(duet: Duet, _round: int) -> None:
    result = duet.workflow("Checkout").run({"detail": ORDER}).expect_succeeded()

    assert result.path == ("Check order", "Reserve goods", "Wait for payment", "Announce")
    duet.queue("Parcels").expect({"detail": {"id": "order-1"}})


@pytest.mark.parametrize("_round", _ROUNDS)
def test_an_order_without_an_amount_is_refused(duet: Duet, _round: int) -> None:
    result = duet.workflow("Checkout").run({"detail": {**ORDER, "amount": 0}})

    result.expect_failed(error="Orders.NoAmount")
    duet.queue("Parcels").expect_nothing()


@pytest.mark.parametrize("_round", _ROUNDS)
def test_a_throttled_table_is_asked_again(duet: Duet, _round: int) -> None:
    duet.faults.inject(_THROTTLED)

    result = duet.workflow("Checkout").run({"detail": ORDER}).expect_succeeded()

    assert result.retries == {"Reserve goods": 2}


@pytest.mark.parametrize("_round", _ROUNDS)
def test_an_event_becomes_a_parcel(duet: Duet, _round: int) -> None:
    duet.bus("Bus").publish(source="orders", detail_type="OrderPlaced", detail=ORDER)

    duet.workflow("Checkout").expect_execution().result().expect_succeeded()
    parcel = duet.queue("Parcels").expect({"detail-type": "OrderReserved"})
    assert parcel.body["detail"] == {"id": "order-1"}
    duet.dead_letters.expect_empty()


@pytest.mark.parametrize("_round", _ROUNDS)
def test_a_parcel_that_the_queue_refuses_is_a_dead_letter(duet: Duet, _round: int) -> None:
    duet.faults.inject(Fault(service="sqs", action="SendMessage", error="AccessDenied"))

    duet.workflow("Checkout").run({"detail": ORDER}).expect_succeeded()

    (letter,) = duet.dead_letters.expect(error="NO_PERMISSIONS")
    assert letter.event["detail"] == {"id": "order-1"}
    duet.queue("Parcels").expect_nothing()
