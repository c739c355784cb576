"""Publish events and say where they must come to, and where not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from constructs_lib.contracts import EventContract
from constructs_lib.local import Fault
from constructs_lib.rules import ConfigError
from constructs_lib.testing.deployed import Duet, ExpectationError

_REFUSING = Fault(service="sqs", action="SendMessage", error="AccessDenied")


@dataclass
class OrderPlacedDetail:
    """What the event says."""

    order_id: str


ORDER_PLACED = EventContract(name="OrderPlaced", source="shop", detail_model=OrderPlacedDetail)


def test_an_event_of_a_contract_comes_to_its_queue(duet: Duet) -> None:
    event = duet.bus("Bus").publish(ORDER_PLACED, OrderPlacedDetail(order_id="o-1"))

    message = duet.queue("Orders").expect(event)

    assert message.body["detail"] == {"order_id": "o-1"}


def test_a_detail_that_breaks_its_contract_is_not_published(duet: Duet) -> None:
    with pytest.raises(ConfigError):
        duet.bus("Bus").publish(ORDER_PLACED, {"order": "o-1"})

    duet.queue("Orders").expect_nothing()


@pytest.mark.parametrize(
    "wanted",
    [
        ORDER_PLACED,
        {"detail-type": "OrderPlaced", "detail": {"order_id": "o-2"}},
        lambda body: body["detail"]["order_id"] == "o-2",
        None,
    ],
    ids=["contract", "part", "condition", "any"],
)
def test_a_message_is_known_by(duet: Duet, wanted: Any) -> None:
    duet.bus("Bus").publish(ORDER_PLACED, {"order_id": "o-2"})

    assert duet.queue("Orders").expect(wanted).body["detail"] == {"order_id": "o-2"}


def test_a_message_that_was_passed_over_stays_for_the_next_expectation(duet: Duet) -> None:
    first, second = (duet.bus("Bus").publish(ORDER_PLACED, {"order_id": id_}) for id_ in "ab")

    duet.queue("Orders").expect(second)
    duet.queue("Orders").expect(first)
    duet.queue("Orders").expect_nothing()


def test_a_message_that_does_not_come_is_told_with_what_came_and_its_journey(duet: Duet) -> None:
    duet.bus("Bus").publish(ORDER_PLACED, {"order_id": "o-3"})

    with pytest.raises(ExpectationError) as raised:
        duet.queue("Orders").expect({"detail": {"order_id": "o-4"}}, within=0.1)

    message = str(raised.value)
    assert message.startswith(
        'expected a message with {"detail": {"order_id": "o-4"}} in Shop/Orders/Queue '
        "within 0.1 seconds, it has\n"
    )
    assert '"order_id": "o-3"' in message
    assert "event OrderPlaced  from shop on shop" in message
    assert "└── queue Shop-Orders" in message


def test_the_journey_of_what_no_helper_published_is_shown_too(duet: Duet) -> None:
    entry = {"Source": "other", "DetailType": "Lost", "Detail": "{}", "EventBusName": "shop"}
    duet.client("events").put_events(Entries=[entry])

    with pytest.raises(ExpectationError, match=r"it is empty\n\nevent Lost  from other on shop"):
        duet.queue("Orders").expect(within=0)


def test_a_message_that_should_not_come_is_told(duet: Duet) -> None:
    event = duet.bus("Bus").publish(ORDER_PLACED, {"order_id": "o-5"})

    with pytest.raises(ExpectationError, match=r"expected not the event OrderPlaced of shop"):
        duet.queue("Orders").expect_nothing(event)


def test_nothing_comes_of_an_event_that_no_rule_follows(duet: Duet) -> None:
    duet.bus("Bus").publish(source="other", detail_type="OrderPlaced")

    duet.queue("Orders").expect_nothing()


def test_nothing_is_looked_for_only_once_all_retries_are_over(duet: Duet) -> None:
    throttled = Fault(service="sqs", action="SendMessage", error="RequestThrottled", count=3)
    duet.faults.inject(throttled)
    event = duet.bus("Bus").publish(ORDER_PLACED, {"order_id": "o-6"})

    with pytest.raises(ExpectationError, match=r"expected not"):
        duet.queue("Orders").expect_nothing(event)


def _let_greet_consume_orders(duet: Duet) -> None:
    attributes = duet.client("sqs").get_queue_attributes(
        QueueUrl=duet.queue("Orders").url, AttributeNames=["QueueArn"]
    )
    duet.client("lambda").create_event_source_mapping(
        FunctionName=duet.function("Greet").name,
        EventSourceArn=attributes["Attributes"]["QueueArn"],
    )


def test_all_has_settled_only_once_functions_have_read_their_queues(duet: Duet) -> None:
    _let_greet_consume_orders(duet)
    for count in range(1, 4):
        duet.bus("Bus").publish(ORDER_PLACED, {"order_id": f"o-{count}"})

        duet.dead_letters.expect_empty()

        assert len(duet.function("Greet").invocations()) == count


def test_what_does_not_settle_is_named(duet: Duet) -> None:
    with duet.clock.hold():
        duet.workflow("Checkout").start({"amount": 3}).until_in("Wait")
        # What waits for a held clock is at rest; a message that nobody takes is not.
        duet.queue("Orders").expect_nothing()
    # The function fails, so the message is in flight until its visibility timeout is over.
    _let_greet_consume_orders(duet)
    queue = duet.queue("Orders")
    duet.client("sqs").send_message(QueueUrl=queue.url, MessageBody="poison")

    with pytest.raises(
        ExpectationError, match=r"still under way:\n(.*\n)?  1 messages in arn:aws:"
    ):
        queue.expect_nothing(within=0.3)


def test_an_event_that_eventbridge_refuses_fails_the_test(duet: Duet) -> None:
    with pytest.raises(ExpectationError, match=r"refused it with NotAuthorizedForSource"):
        duet.bus("Bus").publish(source="aws.shop", detail_type="OrderPlaced")


def test_an_event_needs_a_source_and_a_type(duet: Duet) -> None:
    with pytest.raises(TypeError, match=r"source and detail_type must be given, got 'shop' and No"):
        duet.bus("Bus").publish(source="shop")


def test_what_a_queue_refuses_is_a_dead_letter(duet: Duet) -> None:
    duet.faults.inject(_REFUSING)
    duet.bus("Bus").publish(ORDER_PLACED, {"order_id": "o-7"})

    (letter,) = duet.dead_letters.expect(error="NO_PERMISSIONS")

    assert letter.event["detail"] == {"order_id": "o-7"}
    assert len(duet.dead_letters.letters()) == 1


def test_a_dead_letter_that_nobody_expected_is_told_with_its_error(duet: Duet) -> None:
    duet.faults.inject(_REFUSING)
    duet.bus("Bus").publish(ORDER_PLACED, {"order_id": "o-8"})

    with pytest.raises(ExpectationError) as raised:
        duet.dead_letters.expect_empty()

    message = str(raised.value)
    assert message.startswith("expected no dead letters, got 1\n  OrderPlaced for arn:aws:sqs:")
    assert "dead-lettered" in message


def test_there_are_no_dead_letters_where_all_was_delivered(duet: Duet) -> None:
    duet.bus("Bus").publish(ORDER_PLACED, {"order_id": "o-9"})

    duet.dead_letters.expect_empty()


def test_too_few_dead_letters_are_told(duet: Duet) -> None:
    duet.faults.inject(_REFUSING)
    duet.bus("Bus").publish(ORDER_PLACED, {"order_id": "o-10"})

    with pytest.raises(ExpectationError, match=r"expected 2 dead letters within 0.2 .* got 1\n"):
        duet.dead_letters.expect(count=2, within=0.2)
