"""Functions, tables, mail, partners, faults and names of a deployed assembly."""

from __future__ import annotations

from contextlib import closing

import pytest

from constructs_lib.partners import FRESHWORKS
from constructs_lib.testing.deployed import Duet, ExpectationError


def test_a_function_answers(duet: Duet) -> None:
    assert duet.function("Greet").invoke({"name": "Ada"}) == "hello Ada"


def test_a_function_that_fails_says_how(duet: Duet) -> None:
    with pytest.raises(ExpectationError, match=r"expected Shop/Greet to answer, it raised "):
        duet.function("Greet").invoke({})


def test_runs_of_a_function_are_counted(duet: Duet) -> None:
    duet.function("Greet").invoke({"name": "Ada"})

    (run,) = duet.function("Greet").expect_invoked(error="")

    assert run.error == ""
    with pytest.raises(ExpectationError, match=r"to run 2 times .* it ran 1 times, with no error"):
        duet.function("Greet").expect_invoked(times=2, within=0.1)


def test_a_table_shows_its_items(duet: Duet) -> None:
    duet.table("Users").put({"id": "u-1", "age": 36})

    assert duet.table("Users").expect({"id": "u-1"}) == {"id": "u-1", "age": 36}
    assert len(duet.table("Users").items()) == 1


def test_a_missing_item_is_told_with_those_that_are_there(duet: Duet) -> None:
    duet.table("Users").put({"id": "u-1"})

    with pytest.raises(ExpectationError, match=r'{"id": "u-2"} in Shop/Users .*, it has {"id": "u'):
        duet.table("Users").expect({"id": "u-2"}, within=0.1)


def test_mail_is_read_by_its_receiver(duet: Duet) -> None:
    mails = duet.client("sesv2")
    mails.create_email_identity(EmailIdentity="shop@example.com")
    text = {"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": "your order"}}}
    mails.send_email(
        FromEmailAddress="shop@example.com",
        Destination={"ToAddresses": ["ada@example.com"]},
        Content={"Simple": text},
    )

    assert duet.mailbox.latest(to="ada@example.com").subject == "Hello"
    with pytest.raises(ExpectationError, match=r"within 0 seconds, got mail to ada@example.com"):
        duet.mailbox.latest(to="bob@example.com", within=0)


def test_a_partner_sends_its_sample_to_the_stand_in_bus(duet: Duet) -> None:
    event = duet.partner("freshworks").send("onTicketCreate")

    message = duet.queue("Orders").expect(event)

    assert message.body["source"].startswith(FRESHWORKS.stand_in_source_prefix)
    assert message.body["detail"] == FRESHWORKS.samples[0].detail


def test_a_partner_sends_a_detail_of_ones_own(duet: Duet) -> None:
    event = duet.partner("freshworks").send({"ticket": {"id": 1}}, detail_type="onTicketUpdate")

    assert duet.queue("Orders").expect(event).body["detail-type"] == "onTicketUpdate"


def test_a_sample_that_the_partner_does_not_have_is_refused(duet: Duet) -> None:
    with pytest.raises(LookupError, match=r"sample must be one of onTicketCreate, got 'onTea'"):
        duet.partner("freshworks").send("onTea")


def test_a_partner_whose_events_no_bus_takes_is_told(duet: Duet) -> None:
    with pytest.raises(LookupError, match=r"one bus must take the events of Auth0, got 0 that do"):
        duet.partner("auth0").send()


def test_a_partner_that_nobody_knows_is_refused(duet: Duet) -> None:
    with pytest.raises(LookupError, match=r"name must be a known partner, got 'acme'; known are"):
        duet.partner("acme")


@pytest.mark.parametrize(
    "name", ["Shop/Orders/Queue", "Orders/Queue/Resource", "Queue", "Orders", "rs/Q"]
)
def test_a_queue_is_found_by(duet: Duet, name: str) -> None:
    assert duet.queue(name).url.rpartition("/")[2].startswith("Shop-Orders-")


def test_a_name_that_means_several_lists_them(duet: Duet) -> None:
    with pytest.raises(LookupError, match=r"which may be Shop/Orders/DeadLetters, Shop/Orders/Que"):
        duet.queue("Shop")


def test_a_name_that_means_nothing_lists_what_there_is(duet: Duet) -> None:
    with pytest.raises(LookupError, match=r"got 'Nowhere'; it has Shop/Approve, Shop/Checkout"):
        duet.workflow("Nowhere")


def test_outputs_and_physical_ids_are_at_hand(duet: Duet) -> None:
    assert duet.outputs == {"BusName": "shop"}
    assert duet.physical_id("Shop/Bus") == "shop"


def test_a_trace_can_be_asked_for(duet: Duet) -> None:
    run = duet.workflow("Quote").run()

    assert duet.trace(run.execution_arn).startswith("workflow Shop-Quote-")


def test_a_trace_of_something_unknown_says_so(duet: Duet) -> None:
    assert duet.trace("0123456789").startswith("no trace of 0123456789: ")


def test_tests_do_not_see_each_other(duet: Duet, duet_module: Duet, duet_session: Duet) -> None:
    worlds = (duet, duet_module, duet_session)
    duet.table("Users").put({"id": "u-1"})

    assert duet_module.table("Users").items() == duet_session.table("Users").items() == []
    assert len({world.client("sqs").meta.config.signature_version for world in worlds}) == 1
    accounts = set()
    for world in worlds:
        with closing(world.client("sts")) as sts:
            accounts.add(sts.get_caller_identity()["Account"])
    assert len(accounts) == 3
