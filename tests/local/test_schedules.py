"""Scheduled rules and EventBridge Scheduler on the clock of an account."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.local import EmbeddedAws
from tests.local.workflows import ROLE

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from constructs_lib.local.account import EmbeddedAccount

_numbers = count(502_000_000_001)


@pytest.fixture
def own(aws: EmbeddedAws) -> Iterator[EmbeddedAccount]:
    """An account whose clock stands unless the test moves it."""
    account = aws.account(str(next(_numbers)))
    with account.clock.hold():
        yield account


@pytest.fixture
def sqs(own: EmbeddedAccount) -> Iterator[SQSClient]:
    with closing(own.client("sqs")) as client:
        yield client


class Queue:
    """Where the schedules' messages go."""

    def __init__(self, own: EmbeddedAccount, sqs: SQSClient) -> None:
        self.url = sqs.create_queue(QueueName="due")["QueueUrl"]
        self.arn = f"arn:aws:sqs:{own.region}:{own.account_id}:due"
        self._sqs = sqs

    def bodies(self) -> list[str]:
        """What has come since the last look, in order."""
        found: list[str] = []
        while messages := self._sqs.receive_message(
            QueueUrl=self.url, MaxNumberOfMessages=10, VisibilityTimeout=600
        ).get("Messages"):
            found += [message["Body"] for message in messages]
        return found


@pytest.fixture
def queue(own: EmbeddedAccount, sqs: SQSClient) -> Queue:
    return Queue(own, sqs)


def scheduler_of(own: EmbeddedAccount) -> Any:
    return own.client("scheduler")  # type: ignore[call-overload]  # no stubs are installed for it


def put_rule(own: EmbeddedAccount, queue: Queue, expression: str) -> None:
    with closing(own.client("events")) as events:
        events.put_rule(Name="tick", ScheduleExpression=expression)
        events.put_targets(Rule="tick", Targets=[{"Id": "queue", "Arn": queue.arn}])


def make_schedule(
    own: EmbeddedAccount, target: dict[str, Any], expression: str, name: str = "tick", **fields: Any
) -> None:
    with closing(scheduler_of(own)) as scheduler:
        scheduler.create_schedule(
            Name=name,
            ScheduleExpression=expression,
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"RoleArn": ROLE, **target},
            **fields,
        )


def test_a_rate_runs_once_a_period_at_its_times(own: EmbeddedAccount, queue: Queue) -> None:
    began = own.clock.now()
    put_rule(own, queue, "rate(1 hour)")
    own.clock.advance(hours=3, minutes=30)
    times = [datetime.fromisoformat(json.loads(body)["time"]) for body in queue.bodies()]
    expected = [(began + timedelta(hours=number)).replace(microsecond=0) for number in (1, 2, 3)]
    assert times == expected


def test_a_scheduled_event_is_aws_own(own: EmbeddedAccount, queue: Queue) -> None:
    put_rule(own, queue, "rate(1 hour)")
    own.clock.advance(hours=1)
    event = json.loads(queue.bodies()[0])
    rule = f"arn:aws:events:{own.region}:{own.account_id}:rule/tick"
    told = {name: event[name] for name in ("source", "detail-type", "detail", "resources")}
    assert told == {
        "source": "aws.events",
        "detail-type": "Scheduled Event",
        "detail": {},
        "resources": [rule],
    }


def test_a_cron_runs_at_the_minute_it_names(own: EmbeddedAccount, queue: Queue) -> None:
    put_rule(own, queue, "cron(30 6 * * ? *)")
    own.clock.advance(hours=48)
    times = [json.loads(body)["time"] for body in queue.bodies()]
    assert [time[11:] for time in times] == ["06:30:00Z"] * 2


def test_a_disabled_rule_does_not_run(own: EmbeddedAccount, queue: Queue) -> None:
    put_rule(own, queue, "rate(1 hour)")
    own.clock.advance(hours=1)
    with closing(own.client("events")) as events:
        events.disable_rule(Name="tick")
    own.clock.advance(hours=5)
    assert len(queue.bodies()) == 1


def test_the_clock_does_not_run_away_with_a_schedule(aws: EmbeddedAws) -> None:
    own = aws.account(str(next(_numbers)))
    with closing(own.client("sqs")) as sqs, closing(own.client("stepfunctions")) as workflows:
        queue = Queue(own, sqs)
        put_rule(own, queue, "rate(1 minute)")
        # Known to the clock, which then has something else to jump to.
        own.clock.advance()
        wait = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 86400, "End": True}}}
        machine = workflows.create_state_machine(
            name="day", definition=json.dumps(wait), roleArn=ROLE
        )["stateMachineArn"]
        workflows.start_execution(stateMachineArn=machine)
        own.clock.advance()
        assert len(queue.bodies()) <= 1


def test_a_rate_of_scheduler_runs_as_soon_as_it_is_made(own: EmbeddedAccount, queue: Queue) -> None:
    make_schedule(own, {"Arn": queue.arn, "Input": '{"due": 1}'}, "rate(1 day)")
    own.clock.advance(hours=25)
    assert queue.bodies() == ['{"due": 1}'] * 2


def test_a_one_time_schedule_runs_once_in_its_time_zone(own: EmbeddedAccount, queue: Queue) -> None:
    tomorrow = (own.clock.now() + timedelta(days=1)).strftime("%Y-%m-%d")
    make_schedule(
        own,
        {"Arn": queue.arn, "Input": "<aws.scheduler.scheduled-time>"},
        f"at({tomorrow}T20:00:00)",
        ScheduleExpressionTimezone="Asia/Tokyo",
    )
    own.clock.advance(hours=72)
    assert queue.bodies() == [f"{tomorrow}T11:00:00Z"]


def test_schedules_run_in_the_order_of_their_times(own: EmbeddedAccount, queue: Queue) -> None:
    noon = own.clock.now().replace(hour=12, minute=0, second=0) + timedelta(days=1)
    for name, minutes in (("third", 30), ("first", 10), ("second", 20)):
        moment = (noon + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S")
        make_schedule(own, {"Arn": queue.arn, "Input": name}, f"at({moment})", name)
    own.clock.advance(hours=48)
    assert queue.bodies() == ["first", "second", "third"]


def test_a_completed_schedule_is_deleted_if_it_says_so(own: EmbeddedAccount, queue: Queue) -> None:
    moment = (own.clock.now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S")
    make_schedule(
        own, {"Arn": queue.arn, "Input": "x"}, f"at({moment})", ActionAfterCompletion="DELETE"
    )
    own.clock.advance(hours=2)
    with closing(scheduler_of(own)) as scheduler:
        assert scheduler.list_schedules()["Schedules"] == []


def test_a_recurring_schedule_keeps_to_its_dates(own: EmbeddedAccount, queue: Queue) -> None:
    start = own.clock.now().replace(microsecond=0) + timedelta(hours=10)
    make_schedule(
        own,
        {"Arn": queue.arn, "Input": "<aws.scheduler.scheduled-time>"},
        "rate(1 hour)",
        StartDate=start,
        EndDate=start + timedelta(hours=2),
    )
    own.clock.advance(hours=24)
    due = [(start + timedelta(hours=number)).astimezone(UTC) for number in range(3)]
    assert queue.bodies() == [f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in due]


def test_a_universal_target_is_called_with_the_input_as_parameters(
    own: EmbeddedAccount, queue: Queue
) -> None:
    call = {"QueueUrl": queue.url, "MessageBody": "by the sdk"}
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "Input": json.dumps(call)}
    make_schedule(own, target, "rate(1 day)")
    own.clock.advance(hours=1)
    assert queue.bodies() == ["by the sdk"]


def test_a_schedule_puts_its_own_event_onto_a_bus(own: EmbeddedAccount, queue: Queue) -> None:
    with closing(own.client("events")) as events:
        events.create_event_bus(Name="shop")
        pattern = json.dumps({"source": ["shop.clock"], "detail-type": ["Day ended"]})
        events.put_rule(Name="days", EventBusName="shop", EventPattern=pattern)
        events.put_targets(
            Rule="days", EventBusName="shop", Targets=[{"Id": "queue", "Arn": queue.arn}]
        )
    target = {
        "Arn": f"arn:aws:events:{own.region}:{own.account_id}:event-bus/shop",
        "EventBridgeParameters": {"Source": "shop.clock", "DetailType": "Day ended"},
        "Input": '{"total": 3}',
    }
    make_schedule(own, target, "rate(1 day)")
    own.clock.advance(hours=1)
    assert [json.loads(body)["detail"] for body in queue.bodies()] == [{"total": 3}]


def test_a_schedule_of_a_template_keeps_its_time_zone(own: EmbeddedAccount, queue: Queue) -> None:
    schedule = {
        "Type": "AWS::Scheduler::Schedule",
        "Properties": {
            "ScheduleExpression": "cron(0 9 * * ? *)",
            "ScheduleExpressionTimezone": "Asia/Tokyo",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {
                "Arn": queue.arn,
                "RoleArn": ROLE,
                "Input": "<aws.scheduler.scheduled-time>",
            },
        },
    }
    with closing(own.client("cloudformation")) as cloudformation:
        template = json.dumps({"Resources": {"Schedule": schedule}})
        cloudformation.create_stack(StackName="schedules", TemplateBody=template)
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName="schedules", WaiterConfig={"Delay": 1, "MaxAttempts": 10}
        )
    own.clock.advance(hours=24)
    assert [body[11:] for body in queue.bodies()] == ["00:00:00Z"]
