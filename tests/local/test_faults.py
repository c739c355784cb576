"""Faults injected into the embedded AWS: the calls they strike, what callers get, the record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from constructs_lib.local import EmbeddedAws, Fault
from tests.local.conftest import WaitUntil
from tests.local.faults_world import PUT_ITEM, THROTTLED, World, new_world


@pytest.fixture
def world(aws: EmbeddedAws, wait_until: WaitUntil) -> Iterator[World]:
    with new_world(aws, wait_until) as world:
        yield world


# ── Which calls they strike ──────────────────────────────────────────────────────────────────────


def test_a_fault_strikes_as_often_as_it_says(world: World) -> None:
    world.account.inject(Fault(**PUT_ITEM, error=THROTTLED, count=2))

    answers = [world.put() for _ in range(3)]

    assert answers == [THROTTLED, THROTTLED, ""]


def test_without_a_count_it_strikes_until_it_is_removed(world: World) -> None:
    fault = world.account.inject(Fault(**PUT_ITEM, error="AccessDeniedException"))
    before = [world.put() for _ in range(3)]

    fault.remove()

    assert before == ["AccessDeniedException"] * 3
    assert world.put() == ""


def test_faults_of_a_block_end_with_it(world: World) -> None:
    with world.account.faults(Fault(**PUT_ITEM, error=THROTTLED)) as (fault,):
        inside = world.put()

    assert (inside, world.put()) == (THROTTLED, "")
    assert len(fault.injected()) == 1


def test_clearing_ends_all_faults_and_keeps_the_record(world: World) -> None:
    world.account.inject(Fault(**PUT_ITEM, error=THROTTLED))
    world.put()

    world.account.clear_faults()

    assert world.put() == ""
    assert world.injected() == [("PutItem", THROTTLED)]


def test_other_actions_and_other_parameters_are_let_through(world: World) -> None:
    fault = Fault(**PUT_ITEM, error=THROTTLED, parameters={"Item.pk.S": "bad-*"})
    world.account.inject(fault)

    answers = [world.put("good"), world.put("bad-1")]

    assert answers == ["", THROTTLED]
    assert world.keys() == {"good"}


def test_two_accounts_do_not_feel_each_others_faults(world: World, aws: EmbeddedAws) -> None:
    world.account.inject(Fault(**PUT_ITEM, error=THROTTLED))

    with world.account.account(aws.account_id).faults(Fault(**PUT_ITEM, error="SlowDown")):
        answer = world.put()

    assert answer == THROTTLED
    assert world.injected() == [("PutItem", THROTTLED)]


def test_a_share_strikes_the_same_calls_again(world: World) -> None:
    fault = Fault(service="sts", action="GetCallerIdentity", error="Throttling", share=0.2, seed=42)
    sts = world.client("sts")

    def struck() -> list[int]:
        found = []
        with world.account.faults(fault):
            for number in range(500):
                try:
                    sts.get_caller_identity()
                except ClientError:
                    found.append(number)
        return found

    first, second = struck(), struck()

    assert first == second
    assert 60 <= len(first) <= 140


def test_of_several_faults_the_oldest_strikes_first(world: World) -> None:
    world.account.inject(Fault(**PUT_ITEM, error=THROTTLED, count=1))
    world.account.inject(Fault(**PUT_ITEM, error="AccessDeniedException", count=1))

    answers = [world.put() for _ in range(3)]

    assert answers == [THROTTLED, "AccessDeniedException", ""]


# ── What callers get ─────────────────────────────────────────────────────────────────────────────


def test_a_call_that_is_refused_has_no_effect(world: World) -> None:
    world.account.inject(Fault(**PUT_ITEM, error=THROTTLED, count=1))

    world.put("one")

    assert world.keys() == set()


def test_an_answer_that_is_lost_leaves_the_effect(world: World) -> None:
    world.account.inject(Fault(**PUT_ITEM, error="InternalServerError", after_effect=True))

    answer = world.put("one")

    assert (answer, world.keys()) == ("InternalServerError", {"one"})


def test_a_slow_call_takes_its_time_on_the_scaled_clock() -> None:
    # 1,000 seconds, at this scale 0.2: the lower bound alone is certain on a busy machine.
    slow = Fault(service="sts", action="GetCallerIdentity", latency_seconds=1000)
    with EmbeddedAws(time_scale=0.0002, faults=[slow]) as aws:
        client = aws.client("sts")
        before = datetime.now(UTC)

        account = client.get_caller_identity()["Account"]

        took = datetime.now(UTC) - before
        client.close()
        assert account == aws.account_id
        assert timedelta(seconds=0.2) <= took < timedelta(seconds=100)
        assert [one.error for one in aws.injected_faults()] == [""]


def test_a_struck_call_is_on_record_with_the_id_that_its_caller_got(world: World) -> None:
    before = datetime.now(UTC)
    world.account.inject(Fault(**PUT_ITEM, error=THROTTLED))

    with pytest.raises(ClientError) as refused:
        world.tables.put_item(TableName="Items", Item={"pk": {"S": "one"}})

    (record,) = world.account.injected_faults()
    assert (record.service, record.action, record.error) == ("dynamodb", "PutItem", THROTTLED)
    assert record.execution_arn == ""
    assert record.request_id == refused.value.response["ResponseMetadata"]["RequestId"]
    assert before - timedelta(seconds=1) <= record.time <= datetime.now(UTC)
