"""Traces built from recorded records, without an emulator; and on a stand-in for a real account."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from constructs_lib.local.journal import (
    Caller,
    DeliveryAttempt,
    EventMatched,
    EventPublished,
    ExecutionStarted,
    FaultStruck,
    FunctionInvoked,
    Journal,
    JournalRecord,
    MailSent,
    PipeDelivery,
)
from constructs_lib.operations import Trace, TraceError, TraceNode, trace_of
from constructs_lib.operations.trace_journal import JournalIndex
from constructs_lib.operations.trace_journey import Journey, target_title
from constructs_lib.operations.trace_view import text
from tests.unit.histories import MAP, PARALLEL, START

ARN = "arn:aws:{}:eu-west-1:123456789012:{}".format
BUS, OTHER_BUS = ARN("events", "event-bus/default"), ARN("events", "event-bus/audit")
RULE = ARN("events", "rule/orders")
EXECUTION = ARN("states", "execution:Order:one")
FUNCTION = ARN("lambda", "function:Mailer")


class Aws:
    """Clients of an account with one execution."""

    def __init__(self, history: Sequence[Mapping[str, Any]] = ()) -> None:
        self._history = history

    def __call__(self, _service: str, /, *, region_name: str | None = None) -> Any:
        del region_name
        return self

    def get_paginator(self, operation: str) -> Any:
        self._operation = operation
        return self

    def paginate(self, **request: Any) -> Iterator[Any]:
        if self._operation == "list_state_machines":
            arns = [ARN("states", f"stateMachine:{name}") for name in ("Order", "Other")]
            yield {"stateMachines": [{"stateMachineArn": a, "type": "STANDARD"} for a in arns]}
        else:
            self._require(request["executionArn"])
            yield {"events": self._history}

    def describe_execution(self, **request: Any) -> object:
        self._require(request["executionArn"])
        return {}

    def _require(self, execution_arn: str) -> None:
        if execution_arn != EXECUTION:
            raise ClientError(
                {"Error": {"Code": "ExecutionDoesNotExist", "Message": "none"}}, "DescribeExecution"
            )


def _journal(*records: JournalRecord) -> JournalIndex:
    return JournalIndex(Journal(records=records))


def _at(number: int) -> dict[str, Any]:
    return {"number": number, "time": START + timedelta(milliseconds=number)}


def _event(number: int, **fields: Any) -> EventPublished:
    given = {"event_id": "e1", "bus_arn": BUS, "source": "shop", "detail_type": "Bought"}
    return EventPublished(**_at(number), **{**given, "size_bytes": 10, **fields})


def _attempt(number: int, target: str, outcome: Any, **fields: Any) -> DeliveryAttempt:
    given = {"event_id": "e1", "rule_arn": RULE, "target_id": target, "attempt": 1}
    return DeliveryAttempt(
        **_at(number), **{**given, "target_arn": target, "outcome": outcome, **fields}
    )


def _text(index: JournalIndex, aws: Aws | None = None) -> str:
    root = Journey(index, aws or Aws()).event("e1")
    return text(Trace(subject="e1", root=root))


QUEUE = ARN("sqs", "orders")


def test_attempts_that_were_repeated_are_all_told() -> None:
    refused = {"error_code": "THROTTLING", "error_message": "slow down"}
    shown = _text(
        _journal(
            _event(1),
            _attempt(2, QUEUE, "retried", **refused),
            _attempt(3, QUEUE, "delivered", attempt=2),
        )
    )

    assert re.findall(r"[✗↻]? ?attempt \d(?:  \w+)?", shown) == [
        "↻ attempt 1  THROTTLING",
        " attempt 2",
    ]


def test_an_event_without_a_dead_letter_queue_is_lost() -> None:
    shown = _text(_journal(_event(1), _attempt(2, QUEUE, "failed"), _attempt(3, QUEUE, "dropped")))

    assert "the event is lost: no dead-letter queue" in shown


def test_a_delivery_between_attempts_is_under_way() -> None:
    root = Journey(_journal(_event(1), _attempt(2, QUEUE, "retried")), Aws()).event("e1")

    assert Trace(subject="e1", root=root).is_running


def test_an_event_is_followed_to_another_bus() -> None:
    passed_on = Caller(kind="rule", arn=RULE, event_id="e1")
    archive_rule = ARN("events", "rule/audit/keep")
    shown = _text(
        _journal(
            _event(1),
            _event(2, bus_arn=OTHER_BUS, publisher=passed_on),
            _attempt(3, OTHER_BUS, "delivered", started="e1"),
            _attempt(4, QUEUE, "delivered", rule_arn=archive_rule),
        )
    )

    assert [line.lstrip(" │├└─").split("  ")[0] for line in shown.splitlines()] == [
        "event Bought",
        "rule orders",
        "bus audit",
        "event Bought",
        "rule keep",
        "queue orders",
    ]


def test_a_loop_is_followed_once() -> None:
    by_rule = Caller(kind="rule", arn=RULE, event_id="e1")
    run = FunctionInvoked(
        **_at(3), request_id="r1", function_arn=FUNCTION, caller=by_rule, duration_ms=1
    )
    again = _event(2, publisher=Caller(kind="function", arn=FUNCTION, request_id="r1"))
    shown = _text(_journal(_event(1), again, run, _attempt(4, FUNCTION, "delivered")))

    assert "what came of it is told above" in shown


def test_a_message_is_followed_through_its_queue_into_a_pipe() -> None:
    pipe = ARN("pipes", "pipe/Work")
    batch = PipeDelivery(
        **_at(3),
        pipe_arn=pipe,
        source_arn=QUEUE,
        target_arn=ARN("states", "stateMachine:Order"),
        records=1,
        messages=("m1",),
        batch_id="b1",
    )
    started = ExecutionStarted(
        **_at(4),
        execution_arn=EXECUTION,
        state_machine_arn="m",
        is_express=False,
        starter=Caller(kind="pipe", arn=pipe, request_id="b1"),
    )
    index = _journal(_event(1), _attempt(2, QUEUE, "delivered", started="m1"), batch, started)

    shown = _text(index, Aws(PARALLEL))

    assert [
        word for word in ("queue orders", "pipe Work", "workflow Order", "Left") if word in shown
    ] == [
        "queue orders",
        "pipe Work",
        "workflow Order",
        "Left",
    ]


def test_a_fault_at_a_target_stands_under_its_rule() -> None:
    by_rule = Caller(kind="rule", arn=RULE, event_id="e1")
    fault = FaultStruck(**_at(2), service="sqs", action="SendMessage", error="Busy", caller=by_rule)

    shown = _text(_journal(_event(1), fault, _attempt(3, QUEUE, "delivered")))

    assert "    └── ↻ injected Busy  sqs SendMessage" in shown


def test_a_mail_stands_in_the_state_that_sent_it() -> None:
    sender = Caller(kind="execution", arn=EXECUTION, state="Right")
    mail = MailSent(**_at(500), message_id="m", recipients=2, caller=sender)
    arn = ARN("states", "stateMachine:Order")
    delivered = _attempt(3, arn, "delivered", started=EXECUTION)

    root = Journey(_journal(_event(1), delivered, mail), Aws(PARALLEL)).event("e1")

    (right,) = (node for node in root.walk() if node.title == "Right")
    assert [node.detail for node in right.children if node.kind == "mail"] == ["to 2 recipients"]


@pytest.mark.parametrize(
    ("duration", "shown"),
    [
        (timedelta(microseconds=1234), "(1.2 ms)"),
        (timedelta(milliseconds=1234), "(1234 ms)"),
        (timedelta(seconds=123.4), "(123.4 s)"),
        (timedelta(hours=24), "(1 day, 0:00:00)"),
    ],
)
def test_a_time_is_shown_in_a_unit_that_fits(duration: timedelta, shown: str) -> None:
    root = TraceNode(
        kind="note", title="long", at=START, duration_ms=duration / timedelta(milliseconds=1)
    )

    assert shown in text(Trace(subject="s", root=root))


def test_what_begins_in_the_millisecond_of_the_start_does_not_begin_before_it() -> None:
    early = TraceNode(kind="note", title="early", at=START)
    root = TraceNode(
        kind="note", title="root", at=START + timedelta(microseconds=400), children=(early,)
    )

    assert "early  +0.0 ms" in text(Trace(subject="s", root=root))


def test_a_history_that_cannot_be_read_is_told_from_the_journal() -> None:
    arn = ARN("states", "execution:Gone:one")
    started = ExecutionStarted(**_at(3), execution_arn=arn, state_machine_arn="m", is_express=True)
    target = ARN("states", "stateMachine:Gone")
    shown = _text(_journal(_event(1), started, _attempt(4, target, "delivered", started=arn)))

    assert "its states are not on record: ExecutionDoesNotExist" in shown


def _matched(number: int, *rule_arns: str, asked: int) -> EventMatched:
    return EventMatched(
        **_at(number), event_id="e1", bus_arn=BUS, rule_arns=rule_arns, rules_asked=asked
    )


@pytest.mark.parametrize(
    ("rules", "said"),
    [(0, "the bus has no rule"), (2, "none of 2 rules matched, or those are disabled")],
)
def test_an_event_that_nobody_got_says_why(rules: int, said: str) -> None:
    assert said in _text(_journal(_event(1), _matched(2, asked=rules)))


def test_a_rule_without_a_target_says_so() -> None:
    shown = _text(_journal(_event(1), _matched(2, RULE, asked=1)))

    assert "rule orders  no delivery on record: it has no target" in shown


def test_what_did_not_match_is_counted() -> None:
    asked = _matched(2, RULE, asked=4)
    shown = _text(_journal(_event(1), asked, _attempt(3, QUEUE, "delivered")))

    assert "3 other rules did not match" in shown


@pytest.mark.parametrize(
    ("arn", "title"),
    [
        (QUEUE, "queue orders"),
        (ARN("sns", "news"), "topic news"),
        (ARN("lambda", "function:Mailer"), "function Mailer"),
        (ARN("states", "stateMachine:Order"), "workflow Order"),
        (ARN("logs", "log-group:/aws/events/all"), "log group /aws/events/all"),
        (ARN("events", "event-bus/audit"), "bus audit"),
        (ARN("events", "api-destination/crm/0f1e"), "API destination crm"),
        (ARN("kinesis", "stream/clicks"), "kinesis clicks"),
    ],
)
def test_a_target_has_the_name_that_people_use(arn: str, title: str) -> None:
    assert target_title(arn) == title


def test_a_real_execution_is_told_from_its_history() -> None:
    shown = text(trace_of(Aws(MAP), EXECUTION))

    assert shown.splitlines()[0] == (
        "✗ workflow Order  FAILED, Shop.Closed: come again  one  +0.0 ms  (1400 ms)"
    )
    assert "├── ↻ Each  Map, caught Bad  +100 ms" in shown


def test_a_real_execution_is_found_by_its_name() -> None:
    assert trace_of(Aws(PARALLEL), "one").subject == EXECUTION


def test_a_real_event_is_refused_with_what_to_do() -> None:
    with pytest.raises(TraceError, match=r"X-Ray.*CloudTrail.*archive"):
        trace_of(Aws(), "5bdd31d8-b2f4-4bb7-9215-453236bedc06")


def test_a_real_execution_without_history_is_refused() -> None:
    with pytest.raises(TraceError, match="of an Express workflow, its log group tells"):
        trace_of(Aws(), ARN("states", "express:Order:one:id"))


def test_a_tree_as_json_has_times_from_its_start() -> None:
    root: Any = trace_of(Aws(PARALLEL), EXECUTION).as_json()["root"]

    assert (root["kind"], root["offsetMs"], root["durationMs"]) == ("workflow", 0.0, 1700.0)
    assert [(each["title"], each["offsetMs"]) for each in root["children"]] == [
        ("Both", 100.0),
        ("Done", 1500.0),
    ]
