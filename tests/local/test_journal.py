"""The journal of the embedded AWS: what happened, by whom, in order."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ministack.core.responses import get_account_id

from constructs_lib.local import EmbeddedAws, Fault
from constructs_lib.local._journal_json import record_from_json, to_json
from constructs_lib.local.extensions import journal_store
from constructs_lib.local.journal import (
    OUTSIDE,
    ApiCalls,
    Caller,
    DeliveryAttempt,
    EventArchived,
    EventMatched,
    EventPublished,
    ExecutionEnded,
    ExecutionStarted,
    FaultStruck,
    FunctionInvoked,
    Journal,
    MailSent,
    PipeDelivery,
)
from tests.local.journal_world import World

THROTTLED = Fault(service="dynamodb", action="PutItem", error="ThrottlingException", count=1)


@pytest.fixture(scope="module")
def world(aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(aws, tmp_path_factory.mktemp("journal"))
    yield world
    world.close()


@pytest.fixture(scope="module")
def bought(world: World) -> str:
    """An event whose whole journey is over."""
    with world.account.faults(THROTTLED):
        event_id = world.publish()
        order = world.journal_with(lambda journal: _published(journal, "order"))
        for target in ("queue", "function", "missing"):
            world.attempts(order.event_id, target)
        world.journal_with(lambda journal: journal.of(FunctionInvoked))
    return event_id


@pytest.fixture(scope="module")
def journal(world: World, bought: str) -> Journal:
    assert bought
    return world.account.journal()


def _published(journal: Journal, source: str) -> EventPublished | None:
    return next((each for each in journal.of(EventPublished) if each.source == source), None)


def _event(journal: Journal, source: str) -> EventPublished:
    found = _published(journal, source)
    assert found
    return found


def _execution(journal: Journal, workflow: str) -> ExecutionStarted:
    return next(
        each
        for each in journal.of(ExecutionStarted)
        if each.state_machine_arn.endswith(f":{workflow}")
    )


def _ended(journal: Journal, workflow: str) -> ExecutionEnded:
    return next(
        each
        for each in journal.of(ExecutionEnded)
        if each.state_machine_arn.endswith(f":{workflow}")
    )


def _calls(journal: Journal, service: str, action: str, state: str = "") -> ApiCalls:
    return next(
        each
        for each in journal.api_calls
        if (each.service, each.action, each.caller.state) == (service, action, state)
    )


def test_a_clients_event_comes_from_outside(journal: Journal, bought: str) -> None:
    event = _event(journal, "shop")

    assert (event.event_id, event.detail_type, event.publisher.kind) == (
        bought,
        "Bought",
        "outside",
    )


def test_an_event_has_its_size_as_put_events_counts_it(journal: Journal) -> None:
    assert _event(journal, "shop").size_bytes == len("shop" + "Bought" + "{}")


def test_a_tasks_event_comes_from_its_execution_and_state(journal: Journal) -> None:
    publisher = _event(journal, "order").publisher

    assert (publisher.kind, publisher.arn, publisher.state) == (
        "execution",
        _execution(journal, "Order").execution_arn,
        "Publish",
    )


def test_a_handlers_event_comes_from_its_run(journal: Journal) -> None:
    publisher = _event(journal, "function").publisher

    assert (publisher.kind, publisher.request_id) == (
        "function",
        journal.of(FunctionInvoked)[0].request_id,
    )


def test_a_status_change_comes_from_the_service(journal: Journal) -> None:
    publisher = _event(journal, "aws.states").publisher

    assert (publisher.kind, publisher.arn) == (
        "service",
        _execution(journal, "Order").execution_arn,
    )


def test_the_rules_that_matched_are_on_record(world: World) -> None:
    rule = world.events.put_rule(Name="idle", EventPattern=json.dumps({"source": ["idle"]}))
    asked = len(world.events.list_rules()["Rules"])
    event_id = world.publish("idle")

    (matched,) = (
        each for each in world.account.journal().of(EventMatched) if each.event_id == event_id
    )
    assert (matched.rule_arns, matched.rules_asked) == ((rule["RuleArn"],), asked)
    world.events.delete_rule(Name="idle")


def test_a_rule_starts_an_execution_for_its_event(
    journal: Journal, world: World, bought: str
) -> None:
    starter = _execution(journal, "Order").starter

    assert (starter.kind, starter.arn, starter.event_id) == (
        "rule",
        world.arn("events", "rule/buys"),
        bought,
    )


def test_a_nested_execution_names_its_parents_state(journal: Journal) -> None:
    starter = _execution(journal, "Notify").starter

    assert (starter.arn, starter.state) == (_execution(journal, "Order").execution_arn, "Nest")


def test_a_client_starts_an_execution_from_outside(world: World) -> None:
    arn = world.workflows.start_execution(
        stateMachineArn=world.arn("states", "stateMachine:Notify"), name="by-hand"
    )["executionArn"]

    started = world.journal_with(
        lambda journal: [e for e in journal.of(ExecutionStarted) if e.execution_arn == arn]
    )
    assert [each.starter.kind for each in started] == ["outside"]


def test_an_execution_ends_with_the_transitions_it_took(journal: Journal) -> None:
    ended = _ended(journal, "Order")

    # Both, Save, Nest, Publish; Save was tried again.
    assert (ended.status, ended.states_entered, ended.retries) == ("SUCCEEDED", 4, 1)


def test_a_delivery_names_the_message_in_the_queue(world: World, journal: Journal) -> None:
    url = world.queues.get_queue_url(QueueName="Orders")["QueueUrl"]
    message = world.queues.receive_message(QueueUrl=url)["Messages"][0]

    (attempt,) = world.attempts(_event(journal, "order").event_id, "queue")
    assert (attempt.outcome, attempt.started) == ("delivered", message["MessageId"])


def test_a_refused_delivery_is_followed_by_its_dead_letter(world: World, journal: Journal) -> None:
    attempts = world.attempts(_event(journal, "order").event_id, "missing")

    assert [(each.outcome, each.attempt, each.error_code) for each in attempts] == [
        ("failed", 1, "NO_RESOURCE"),
        ("dead-lettered", 1, "NO_RESOURCE"),
    ]
    assert attempts[-1].started == world.arn("sqs", "DeadLetters")


def test_each_attempt_of_a_delivery_is_on_record(world: World) -> None:
    slow_queue = {"QueueUrl": f"*{world.account.account_id}:Orders"}
    fault = Fault(
        service="sqs",
        action="SendMessage",
        error="ServiceUnavailable",
        count=2,
        parameters=slow_queue,
    )
    with world.account.faults(fault):
        attempts = world.attempts(world.publish("order"), "queue")

    assert [(each.outcome, each.attempt) for each in attempts] == [
        ("retried", 1),
        ("retried", 2),
        ("delivered", 3),
    ]


def test_a_run_of_a_function_names_its_rule_and_event(world: World, journal: Journal) -> None:
    run = journal.of(FunctionInvoked)[0]

    assert (run.caller.arn, run.caller.event_id) == (
        world.arn("events", "rule/orders"),
        _event(journal, "order").event_id,
    )
    assert (run.error, run.memory_mb) == ("", 128)
    assert run.duration_ms > 0


def test_each_failed_run_of_a_function_is_on_record(world: World) -> None:
    event_id = world.publish("order", crash=True)

    runs = world.journal_with(
        lambda journal: (
            found
            if len(
                found := [r for r in journal.of(FunctionInvoked) if r.caller.event_id == event_id]
            )
            > 2
            else None
        )
    )
    assert {run.error for run in runs} == {"ValueError"}


def test_a_fault_names_the_execution_and_state_it_struck(journal: Journal) -> None:
    (fault,) = journal.of(FaultStruck)

    assert (fault.service, fault.action, fault.error) == (
        "dynamodb",
        "PutItem",
        "ThrottlingException",
    )
    assert (fault.caller.arn, fault.caller.state) == (
        _execution(journal, "Order").execution_arn,
        "Save",
    )


def test_an_archived_event_is_on_record(journal: Journal) -> None:
    (archived,) = journal.of(EventArchived)

    event = _event(journal, "order")
    assert (archived.archive_name, archived.event_id, archived.size_bytes) == (
        "Archive",
        event.event_id,
        event.size_bytes,
    )


def test_a_replayed_event_keeps_its_id_and_comes_from_the_replay(
    world: World, journal: Journal
) -> None:
    now = datetime.now(UTC)
    world.events.start_replay(
        ReplayName="again",
        EventSourceArn=world.arn("events", "archive/Archive"),
        EventStartTime=now - timedelta(hours=1),
        EventEndTime=now + timedelta(hours=1),
        Destination={
            "Arn": world.arn("events", "event-bus/default"),
            "FilterArns": [world.arn("events", "rule/orders")],
        },
    )
    event_id = _event(journal, "order").event_id

    replayed = world.journal_with(
        lambda journal: [
            each
            for each in journal.of(EventPublished)
            if (each.event_id, each.replay_name) == (event_id, "again")
        ]
    )
    assert [each.publisher.arn for each in replayed] == [world.arn("events", "replay/again")]


def test_an_event_of_a_schedule_comes_from_its_rule(world: World) -> None:
    rule = world.events.put_rule(Name="hourly", ScheduleExpression="rate(1 hour)")["RuleArn"]
    target = {"Id": "queue", "Arn": world.arn("sqs", "Orders")}
    world.events.put_targets(Rule="hourly", Targets=[target])
    world.account.clock.advance(hours=1)

    event = world.journal_with(lambda journal: _published(journal, "aws.events"))
    assert (event.publisher.kind, event.publisher.arn) == ("service", rule)


def test_a_planned_event_comes_from_its_schedule(world: World) -> None:
    schedule = world.client("scheduler").create_schedule(
        Name="planned",
        ScheduleExpression="rate(1 hour)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": world.arn("events", "event-bus/default"),
            "RoleArn": world.arn("iam", "role/any"),
            "EventBridgeParameters": {"Source": "planned", "DetailType": "Planned"},
            "Input": "{}",
        },
    )["ScheduleArn"]
    world.account.clock.advance(hours=1)

    event = world.journal_with(lambda journal: _published(journal, "planned"))
    assert (event.publisher.kind, event.publisher.arn) == ("service", schedule)


def test_times_are_those_of_the_accounts_clock(world: World) -> None:
    world.account.clock.advance(hours=5)
    arn = world.workflows.start_execution(
        stateMachineArn=world.arn("states", "stateMachine:Notify"), name="later"
    )["executionArn"]

    ended = world.journal_with(
        lambda journal: [e for e in journal.of(ExecutionEnded) if e.execution_arn == arn]
    )
    stopped = world.workflows.describe_execution(executionArn=arn)["stopDate"]
    assert abs(ended[0].time - stopped) < timedelta(minutes=1)


def test_a_pipe_names_its_messages_and_what_it_started(world: World) -> None:
    url = world.queues.get_queue_url(QueueName="Work")["QueueUrl"]
    message_id = world.queues.send_message(QueueUrl=url, MessageBody="{}")["MessageId"]

    batch, started = world.journal_with(
        lambda journal: next(
            (
                (batch, started)
                for batch in journal.of(PipeDelivery)
                for started in journal.of(ExecutionStarted)
                if batch.started == (started.execution_arn,)
            ),
            None,
        )
    )
    assert (batch.records, batch.undelivered, batch.messages) == (1, 0, (message_id,))
    assert started.starter.arn == world.arn("pipes", "pipe/Pipe")


def test_a_mail_is_on_record_without_its_address(world: World) -> None:
    ses = world.client("sesv2")
    ses.create_email_identity(EmailIdentity="shop@example.com")
    message = {"Simple": {"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": "World"}}}}
    to = ["ada@example.com", "bob@example.com"]
    mail_id = ses.send_email(
        FromEmailAddress="shop@example.com", Destination={"ToAddresses": to}, Content=message
    )["MessageId"]

    (mail,) = world.account.journal().of(MailSent)
    assert (mail.message_id, mail.recipients, mail.size_bytes) == (mail_id, 2, 10)
    assert "example.com" not in _raw_journal(world)


def _raw_journal(world: World) -> str:
    url = f"{world.account.endpoint_url}/_duet/journal?account={world.account.account_id}"
    with urllib.request.urlopen(url) as response:  # noqa: S310 - http on loopback
        return str(response.read(), "utf-8")


def test_what_an_event_says_is_not_on_record(world: World) -> None:
    event_id = world.publish("order", iban="not-for-the-journal")
    world.attempts(event_id, "missing")

    assert "not-for-the-journal" not in _raw_journal(world)


@pytest.mark.parametrize(
    ("service", "action", "state", "calls"),
    [
        ("dynamodb", "PutItem", "Save", 2),
        ("events", "PutEvents", "Publish", 1),
        ("stepfunctions", "StartExecution", "Nest", 1),
    ],
)
def test_calls_of_a_task_are_counted_for_its_state(
    journal: Journal, service: str, action: str, state: str, calls: int
) -> None:
    counted = _calls(journal, service, action, state)

    assert counted.calls == calls
    assert counted.caller.arn == _execution(journal, "Order").execution_arn


def test_a_refused_call_is_counted_as_an_error(journal: Journal) -> None:
    assert _calls(journal, "dynamodb", "PutItem", "Save").errors == 1


def test_a_write_is_counted_in_units_of_a_kilobyte(world: World) -> None:
    tables = world.client("dynamodb")
    # An item of 2,500 bytes and its names: three units.
    tables.put_item(TableName="Items", Item={"pk": {"S": "a"}, "text": {"S": "x" * 2500}})

    assert _calls(world.account.journal(), "dynamodb", "PutItem").write_units == 3


def test_a_read_is_counted_in_half_units(world: World) -> None:
    world.client("dynamodb").get_item(TableName="Items", Key={"pk": {"S": "none"}})

    assert _calls(world.account.journal(), "dynamodb", "GetItem").read_units == 0.5


@pytest.mark.parametrize(("asked", "is_told"), [("NONE", False), ("TOTAL", True)])
def test_who_does_not_ask_for_capacity_is_not_told(world: World, asked: Any, is_told: bool) -> None:
    answer = world.client("dynamodb").get_item(
        TableName="Items", Key={"pk": {"S": "none"}}, ReturnConsumedCapacity=asked
    )

    assert ("ConsumedCapacity" in answer) == is_told


def test_calls_of_rest_services_have_the_names_of_the_api_reference(world: World) -> None:
    world.client("lambda").get_function(FunctionName="Handler")
    world.client("s3").list_buckets()

    journal = world.account.journal()
    assert _calls(journal, "lambda", "GetFunction").calls == 1
    assert _calls(journal, "s3", "ListBuckets").calls


def test_counts_are_left_out_on_demand(world: World) -> None:
    assert not world.account.journal(with_api_calls=False).api_calls


def test_another_account_has_another_journal(aws: EmbeddedAws, bought: str) -> None:
    assert bought not in {each.event_id for each in aws.journal().of(EventPublished)}


def test_a_journal_goes_on_after_a_number(world: World, journal: Journal) -> None:
    event_id = world.publish("nobody")

    later = world.account.journal(after=journal.last_number)
    assert min(each.number for each in later.records) > journal.last_number
    assert event_id in {each.event_id for each in later.of(EventPublished)}


def test_a_reset_empties_the_journal() -> None:
    with EmbeddedAws() as aws:
        queues = aws.client("sqs")
        queues.list_queues()
        queues.close()
        urllib.request.urlopen(f"{aws.endpoint_url}/_ministack/reset", data=b"").close()  # noqa: S310 - http on loopback

        assert not aws.journal().api_calls


class TestStore:
    """The ring, without an emulator around it."""

    ACCOUNT = "999999999999"

    @pytest.fixture(autouse=True)
    def _empty(self) -> Iterator[None]:
        yield
        journal_store.forget()

    def _add(self, count: int) -> None:
        for _ in range(count):
            journal_store.add(
                EventArchived,
                account_id=self.ACCOUNT,
                event_id="e",
                archive_name="a",
                size_bytes=1,
            )

    def test_keeps_the_newest_and_tells_how_many_are_gone(self) -> None:
        self._add(journal_store.RECORDS_MAX + 3)

        records, dropped, last_number = journal_store.records(self.ACCOUNT, 0)

        assert (len(records), dropped) == (journal_store.RECORDS_MAX, 3)
        assert records[-1].number == last_number == journal_store.RECORDS_MAX + 3

    @pytest.mark.parametrize(("after", "numbers"), [(0, [1, 2, 3]), (2, [3]), (3, []), (9, [])])
    def test_gives_what_comes_after_a_number(self, after: int, numbers: list[int]) -> None:
        self._add(3)

        records, dropped, _last = journal_store.records(self.ACCOUNT, after)

        assert ([each.number for each in records], dropped) == (numbers, 0)

    def test_adds_up_the_oldest_counts_when_there_are_too_many(self) -> None:
        for number in range(journal_store.COUNTS_MAX + 1):
            caller = Caller(kind="execution", arn=f"arn:{number}")
            key = journal_store.CallKey("sqs", "SendMessage", caller)
            journal_store.count(key, journal_store.CallCount(calls=1))

        counts = journal_store.counts(get_account_id())

        merged = journal_store.CallKey("sqs", "SendMessage", Caller(kind="execution"))
        assert counts[merged].calls == journal_store.COUNTS_MAX // 2
        assert sum(count.calls for count in counts.values()) == journal_store.COUNTS_MAX + 1


def test_a_record_survives_its_way_over_the_wire() -> None:
    record = DeliveryAttempt(
        number=1,
        time=datetime(2026, 11, 27, 1, 2, 3, 456789, tzinfo=UTC),
        event_id="e",
        rule_arn="r",
        target_id="t",
        target_arn="a",
        attempt=2,
        outcome="retried",
    )
    batch = PipeDelivery(
        number=2,
        time=record.time,
        pipe_arn="p",
        source_arn="s",
        target_arn="t",
        records=1,
        messages=("m",),
    )
    mail = MailSent(number=3, time=record.time, message_id="m", recipients=1, caller=OUTSIDE)

    for each in (record, batch, mail):
        assert record_from_json(json.loads(json.dumps(to_json(each)))) == each
