"""Replays of a thousand archived events on the embedded AWS, by the workflow and by the command.

The rules follow replayed events only, so that what comes to a queue is what a replay brought.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from aws_cdk import App, CfnOutput, DefaultStackSynthesizer, Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Template
from botocore.exceptions import ClientError

from constructs_lib.choreography import AppEventBus, Replay
from constructs_lib.demo.waiting import wait_for
from constructs_lib.local import EmbeddedAws
from tests.local.account import Account
from tests.local.clients import Inbox

if TYPE_CHECKING:
    from tests.local.conftest import WaitUntil

DUET = Path(sys.executable).parent / "duet"
_REPLAYED = {"detail-type": ["UserSignedUp"], "replay-name": [{"exists": True}]}
_COUNT = 1_000
# One event a second.
_FIRST = datetime.now(UTC).replace(microsecond=0, second=0) - timedelta(hours=2)


def _template() -> str:
    stack = Stack(
        App(), "Replays", synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
    )
    bus = AppEventBus(
        stack,
        "Bus",
        archive_retention_days=1,
        archive_pattern={"detail-type": ["UserSignedUp"]},
        log_level=events.Level.OFF,
    )
    assert bus.archive is not None
    replay = Replay(
        stack,
        "Replay",
        archive=bus.archive,
        timeout=Duration.minutes(5),
        poll_interval=Duration.seconds(1),
    )
    outputs = {
        "Bus": bus.event_bus.event_bus_name,
        "BusArn": bus.event_bus.event_bus_arn,
        "Archive": bus.archive.archive.archive_arn,
        "ReplayWorkflowArn": replay.state_machine.state_machine_arn,
    }
    for name in ("Audit", "Billing"):
        queue = sqs.Queue(stack, f"{name}Queue")
        rule = bus.subscribe(name, event_pattern=_REPLAYED, target=targets.SqsQueue(queue)).rule
        outputs |= {f"{name}Queue": queue.queue_url, f"{name}Rule": rule.rule_arn}
    for name, value in outputs.items():
        CfnOutput(stack, f"{name}Output", value=value).override_logical_id(name)
    return json.dumps(Template.from_stack(stack).to_json())


@dataclass
class Shop:
    """The deployed stack, with its archive filled."""

    account: Account
    name: str
    outputs: dict[str, str]
    ids: dict[int, str] = field(default_factory=dict)

    def start(self, start: datetime, end: datetime, rules: Sequence[str] = ()) -> str:
        request: dict[str, Any] = {"from": _text(start), "to": _text(end)}
        if rules:
            request["rules"] = list(rules)
        return str(
            self.account.client("stepfunctions").start_execution(
                stateMachineArn=self.outputs["ReplayWorkflowArn"], input=json.dumps(request)
            )["executionArn"]
        )

    def end(self, execution: str) -> dict[str, Any]:
        workflows = self.account.client("stepfunctions")
        found: dict[str, Any] = wait_for(
            lambda: workflows.describe_execution(executionArn=execution),
            until=lambda seen: seen["status"] != "RUNNING",
        )
        return found

    def replay(self, start: datetime, end: datetime, rules: Sequence[str] = ()) -> dict[str, Any]:
        found = self.end(self.start(start, end, rules))
        assert found["status"] == "SUCCEEDED", found
        return dict(json.loads(found["output"]))

    def take(self, name: str) -> list[dict[str, Any]]:
        return Inbox(self.account.client("sqs"), self.outputs[f"{name}Queue"]).take()

    def active(self) -> list[dict[str, Any]]:
        return list(self.account.client("events").list_replays(State="RUNNING")["Replays"])


def _text(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def _entry(number: int, detail_type: str = "UserSignedUp") -> dict[str, Any]:
    detail = {
        "userId": f"user-{number}",
        "requestId": f"sign-up-{number}",
        "correlationId": f"request-{number}",
        "signedUpAt": "2026-11-23T08:59:59.123Z",
    }
    return {
        "Time": _FIRST + timedelta(seconds=number),
        "Source": "sign-up",
        "DetailType": detail_type,
        "Detail": json.dumps(detail),
    }


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """An AWS on which a replayed minute takes two tenths of a second."""
    with EmbeddedAws(time_scale=0.2) as running, closing(Account(running)) as account:
        stacks, name = account.client("cloudformation"), f"replays-{uuid.uuid4().hex[:8]}"
        stacks.create_stack(StackName=name, TemplateBody=_template())
        (stack,) = wait_for(
            lambda: stacks.describe_stacks(StackName=name)["Stacks"],
            until=lambda seen: not seen[0]["StackStatus"].endswith("IN_PROGRESS"),
        )
        assert stack["StackStatus"] == "CREATE_COMPLETE", stack
        outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
        shop = Shop(account, name, outputs)
        put = account.client("events").put_events
        for first in range(0, _COUNT, 10):
            numbers = range(first, first + 10)
            batch = [{**_entry(number), "EventBusName": outputs["Bus"]} for number in numbers]
            answer = put(Entries=batch)
            assert answer["FailedEntryCount"] == 0
            shop.ids |= dict(zip(numbers, (e["EventId"] for e in answer["Entries"]), strict=True))
        # In the time of the others, but not what the archive keeps.
        put(Entries=[{**_entry(5, "SignUpFailed"), "EventBusName": outputs["Bus"]}])
        yield shop


def _at(minutes: float) -> datetime:
    return _FIRST + timedelta(minutes=minutes)


def test_exactly_the_windows_events_are_delivered_each_once_with_the_replays_name(
    shop: Shop,
) -> None:
    report = shop.replay(_at(1), _at(4))

    audit = shop.take("Audit")
    expected = {shop.ids[number] for number in range(60, 240)}
    assert Counter(event["id"] for event in audit) == dict.fromkeys(expected, 1)
    assert {event["replay-name"] for event in audit} == {report["replayName"]}
    assert {event["time"] for event in audit if event["id"] == shop.ids[60]} == {_text(_at(1))}
    assert {event["id"] for event in shop.take("Billing")} == expected
    last = datetime.fromisoformat(report["eventLastReplayedTime"])
    assert last == _at(4) - timedelta(seconds=1)
    assert report["durationSeconds"] >= 0


@pytest.mark.parametrize("by", ["ARN", "name"])
def test_only_chosen_rules_get_the_events(shop: Shop, by: str) -> None:
    arn = shop.outputs["BillingRule"]

    report = shop.replay(_at(2), _at(3), [arn if by == "ARN" else arn.rpartition("/")[2]])

    assert report["rules"] == [arn]
    assert {event["id"] for event in shop.take("Billing")} == {shop.ids[n] for n in range(120, 180)}
    assert shop.take("Audit") == []


def test_a_consumer_that_has_had_the_events_changes_nothing_when_they_come_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = {"IDEMPOTENCY_TABLE_NAME": "idempotency", "STATE_TABLE_NAME": "onboardings"}
    for name, value in {**tables, **shop.account.require_embedded().environment()}.items():
        if name in tables or name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    dynamodb = boto3.client("dynamodb")
    for name, key in (("idempotency", "id"), ("onboardings", "userId")):
        dynamodb.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
    service = importlib.reload(importlib.import_module("start_onboarding.handler"))
    table = boto3.resource("dynamodb").Table("onboardings")

    def consume(event: dict[str, Any]) -> str:
        return str(service.handler(event, _Context())["status"])

    shop.replay(_at(8), _at(8.8))
    replayed = shop.take("Audit")
    shop.take("Billing")
    live = [{k: v for k, v in event.items() if k != "replay-name"} for event in replayed]
    first = [consume(event) for event in live]
    before = table.scan()["Items"]

    again = [consume(event) for event in replayed]

    assert first == ["started"] * 48
    assert again == first
    assert sorted(map(str, table.scan()["Items"])) == sorted(map(str, before))


class _Context:
    function_name = "start-onboarding"
    memory_limit_in_mb = 256
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:start-onboarding"
    aws_request_id = "request"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


def test_a_window_that_overlaps_that_of_a_replay_under_way_is_refused_until_it_is_cancelled(
    shop: Shop, wait_until: WaitUntil
) -> None:
    first = shop.start(_at(0), _at(17))
    (replay,) = wait_until(shop.active)

    second = shop.end(shop.start(_at(16), _at(17)))

    assert second["error"] == "Replay.WindowOverlaps"
    assert replay["ReplayName"] in second["cause"]
    shop.account.client("events").cancel_replay(ReplayName=replay["ReplayName"])
    assert shop.end(first)["error"] == "Replay.Cancelled"
    assert len(shop.take("Audit")) < _COUNT
    shop.take("Billing")
    shop.replay(_at(16), _at(16.1), [shop.outputs["AuditRule"]])
    assert len(shop.take("Audit")) == 6


@pytest.mark.parametrize(
    ("start", "end", "rules", "error"),
    [
        (_at(1), _at(0), [], "InvalidWindow"),
        (_at(0), _at(60 * 24), [], "WindowInFuture"),
        (_at(-60 * 48), _at(0), [], "WindowBeforeRetention"),
        (_at(0), _at(1), ["nobody"], "UnknownRule"),
    ],
    ids=["InvalidWindow", "WindowInFuture", "WindowBeforeRetention", "UnknownRule"],
)
def test_what_cannot_be_replayed_is_refused_by_name(
    shop: Shop, start: datetime, end: datetime, rules: list[str], error: str
) -> None:
    found = shop.end(shop.start(start, end, rules))

    assert (found["status"], found["error"]) == ("FAILED", f"Replay.{error}")
    assert shop.active() == []


def test_the_command_replays_and_reports(shop: Shop) -> None:
    window = ("--from", _text(_at(10)), "--to", _text(_at(12)))
    rule = shop.outputs["AuditRule"]
    completed = subprocess.run(
        [DUET, "replay", "--stack", shop.name, *window, "--rule", rule, "--json"],
        env=_environment(shop),
        capture_output=True,
        text=True,
        check=False,
    )

    assert completed.returncode == 0, completed.stderr
    report = json.loads(completed.stdout)
    assert (report["state"], report["rules"]) == ("COMPLETED", [rule])
    assert {event["replay-name"] for event in shop.take("Audit")} == {report["replayName"]}


def _environment(shop: Shop) -> dict[str, str]:
    return {**os.environ, **shop.account.require_embedded().environment()}


# ── What the embedded AWS itself answers ─────────────────────────────────────────────────────────


def _start(shop: Shop, **changes: object) -> str:
    name = f"by-hand-{uuid.uuid4().hex[:8]}"
    request: dict[str, Any] = {
        "ReplayName": name,
        "EventSourceArn": shop.outputs["Archive"],
        "EventStartTime": _at(0),
        "EventEndTime": _at(17),
        "Destination": {"Arn": shop.outputs["BusArn"]},
    }
    shop.account.client("events").start_replay(**{**request, **changes})
    return name


def test_the_service_refuses_a_window_that_ends_before_it_starts(shop: Shop) -> None:
    with pytest.raises(ClientError, match=r"ValidationException.*EventEndTime"):
        _start(shop, EventStartTime=_at(2), EventEndTime=_at(1))


def test_the_service_refuses_a_rule_of_another_bus(shop: Shop) -> None:
    rule = "arn:aws:events:us-east-1:000000000000:rule/elsewhere"

    with pytest.raises(ClientError, match=r"ValidationException.*FilterArns"):
        _start(shop, Destination={"Arn": shop.outputs["BusArn"], "FilterArns": [rule]})


def test_a_replay_is_followed_and_cancelled_through_the_api(
    shop: Shop, wait_until: WaitUntil
) -> None:
    client = shop.account.client("events")
    name = _start(shop)

    def moved() -> bool:
        return "EventLastReplayedTime" in client.describe_replay(ReplayName=name)

    wait_until(moved)
    (listed,) = client.list_replays(NamePrefix=name)["Replays"]
    assert (listed["EventStartTime"], listed["EventEndTime"]) == (_at(0), _at(17))
    client.cancel_replay(ReplayName=name)
    wait_until(lambda: client.describe_replay(ReplayName=name)["State"] == "CANCELLED")
    with pytest.raises(ClientError, match="IllegalStatusException"):
        client.cancel_replay(ReplayName=name)
    shop.take("Audit")
    shop.take("Billing")


def test_canary_plain_ministack_knows_neither_filters_nor_progress_nor_times(
    tmp_path: Path,
) -> None:
    program = """if True:
        import inspect
        from ministack.services import eventbridge as service
        print("FilterArns" in inspect.getsource(service._start_replay))
        print("EventLastReplayedTime" in inspect.getsource(service))
        print("EventStartTime" in inspect.getsource(service._list_replays))
        print('entry.get("Time"' in inspect.getsource(service._put_events))
    """
    output = subprocess.check_output(
        [sys.executable, "-c", program],
        text=True,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "STATE_DIR": str(tmp_path)},
    )
    assert output.split() == ["False", "False", "False", "False"]
