"""What a bus of a template logs on the embedded AWS, and the canaries of what adds it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any, cast

import pytest

from constructs_lib.local import EmbeddedAws

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_logs import CloudWatchLogsClient

    from tests.local.conftest import Stack, WaitUntil

LOG_GROUP = "/aws/vendedlogs/events/event-bus/logged"
MISSING_QUEUE = "arn:aws:sqs:us-east-1:000000000000:gone"
DEAD_LETTERS = "arn:aws:sqs:us-east-1:000000000000:dead"


@pytest.fixture
def logs(aws: EmbeddedAws) -> Iterator[CloudWatchLogsClient]:
    with closing(aws.client("logs")) as client:
        yield client


def logged_bus(level: str = "ERROR", **bus_settings: object) -> dict[str, dict[str, Any]]:
    """A bus whose errors are delivered to a log group, as ``BusLogs`` deploys it."""
    return {
        "Bus": {
            "Type": "AWS::Events::EventBus",
            "Properties": {
                "Name": "logged-bus",
                "LogConfig": {"Level": level, "IncludeDetail": "NONE"},
                **bus_settings,
            },
        },
        "Group": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": LOG_GROUP}},
        "Source": {
            "Type": "AWS::Logs::DeliverySource",
            "Properties": {
                "Name": "bus-errors",
                "LogType": "ERROR_LOGS",
                "ResourceArn": {"Fn::GetAtt": ["Bus", "Arn"]},
            },
        },
        "Destination": {
            "Type": "AWS::Logs::DeliveryDestination",
            "Properties": {
                "Name": "bus-log-group",
                "DestinationResourceArn": {"Fn::GetAtt": ["Group", "Arn"]},
                "OutputFormat": "json",
            },
        },
        "Delivery": {
            "Type": "AWS::Logs::Delivery",
            "Properties": {
                "DeliverySourceName": {"Ref": "Source"},
                "DeliveryDestinationArn": {"Fn::GetAtt": ["Destination", "Arn"]},
            },
        },
    }


def undeliverable_rule(**target: object) -> dict[str, Any]:
    return {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventBusName": {"Ref": "Bus"},
            "EventPattern": {"source": ["shop"]},
            "Targets": [{"Id": "t", "Arn": MISSING_QUEUE, **target}],
        },
    }


def publish(events: EventBridgeClient) -> str:
    entry = {
        "EventBusName": "logged-bus",
        "Source": "shop",
        "DetailType": "T",
        "Detail": '{"n": 1}',
    }
    return events.put_events(Entries=[entry])["Entries"][0]["EventId"]  # type: ignore[list-item]  # the stub wants its own TypedDict


def records(logs: CloudWatchLogsClient) -> list[dict[str, Any]]:
    found = logs.filter_log_events(logGroupName=LOG_GROUP)["events"]
    return [cast(dict[str, Any], json.loads(event["message"])) for event in found]


def test_deliveries_of_a_template_live_with_their_stack(
    stack: Stack, logs: CloudWatchLogsClient
) -> None:
    assert stack.create(**logged_bus()) == "CREATE_COMPLETE", stack.reasons()

    delivery = logs.get_delivery(id=stack.physical_id("Delivery"))["delivery"]
    source = logs.get_delivery_source(name="bus-errors")["deliverySource"]
    destination = logs.get_delivery_destination(name="bus-log-group")["deliveryDestination"]
    assert delivery["deliverySourceName"] == source["name"]
    assert delivery["deliveryDestinationArn"] == destination["arn"]
    assert source["service"] == "events"

    stack.delete()

    assert logs.describe_deliveries()["deliveries"] == []
    assert logs.describe_delivery_sources()["deliverySources"] == []
    assert logs.describe_delivery_destinations()["deliveryDestinations"] == []


def test_an_update_changes_a_source_in_place_and_replaces_what_is_create_only(
    stack: Stack, logs: CloudWatchLogsClient
) -> None:
    stack.create(**logged_bus())
    before = stack.physical_id("Delivery")
    changed = logged_bus()
    changed["Source"]["Properties"]["LogType"] = "TRACE_LOGS"
    changed["Destination"]["Properties"]["Name"] = "other-name"

    assert stack.update(**changed) == "UPDATE_COMPLETE", stack.reasons()

    assert logs.get_delivery_source(name="bus-errors")["deliverySource"]["logType"] == "TRACE_LOGS"
    assert stack.physical_id("Delivery") != before
    found = logs.describe_delivery_destinations()["deliveryDestinations"]
    assert [destination["name"] for destination in found] == ["other-name"]


def test_a_refused_delivery_fails_its_stack_with_the_reason(stack: Stack) -> None:
    wrong = logged_bus()
    wrong["Delivery"]["Properties"]["DeliverySourceName"] = "nobody"

    assert stack.create(**wrong).startswith("ROLLBACK")

    assert "Delivery source does not exist: nobody" in stack.reasons()


def test_an_update_changes_the_settings_of_a_bus(stack: Stack, events: EventBridgeClient) -> None:
    stack.create(**logged_bus())

    stack.update(**logged_bus("TRACE", DeadLetterConfig={"Arn": DEAD_LETTERS}))

    bus = events.describe_event_bus(Name="logged-bus")
    assert bus["LogConfig"]["Level"] == "TRACE"
    assert bus["DeadLetterConfig"] == {"Arn": DEAD_LETTERS}

    stack.update(**logged_bus())

    assert "DeadLetterConfig" not in events.describe_event_bus(Name="logged-bus")


def test_an_event_that_cannot_be_delivered_is_logged_without_its_content(
    stack: Stack, events: EventBridgeClient, logs: CloudWatchLogsClient, wait_until: WaitUntil
) -> None:
    dead_letters = {"DeadLetterConfig": {"Arn": DEAD_LETTERS}}
    stack.create(**logged_bus(), Rule=undeliverable_rule(**dead_letters))

    event_id = publish(events)

    wait_until(lambda: len(records(logs)) == 2)
    failure, dead_lettered = records(logs)
    assert failure["message_type"] == "INVOCATION_FAILURE"
    assert dead_lettered["message_type"] == "INVOCATION_DLQ"
    assert failure["event_id"] == event_id
    assert failure["details"]["target_arn"] == MISSING_QUEUE
    assert failure["error"] == {
        "error_message": "The target does not exist.",
        "aws_service": "sqs",
    }
    assert '"n"' not in json.dumps([failure, dead_lettered])


def test_an_event_that_is_lost_is_logged_too(
    stack: Stack, events: EventBridgeClient, logs: CloudWatchLogsClient, wait_until: WaitUntil
) -> None:
    stack.create(**logged_bus(), Rule=undeliverable_rule())

    publish(events)

    found = wait_until(lambda: records(logs))
    assert [record["message_type"] for record in found] == ["INVOCATION_FAILURE"]


def test_a_bus_that_logs_nothing_logs_nothing(
    stack: Stack, events: EventBridgeClient, logs: CloudWatchLogsClient
) -> None:
    stack.create(**logged_bus("OFF"), Rule=undeliverable_rule())

    publish(events)

    # Delivery, and so its log, is done when PutEvents answers.
    assert records(logs) == []


# ── Canaries: each fails when plain MiniStack has what the extension adds ────────────────────────


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What plain MiniStack has."""
    program = """
import inspect, json
from ministack.services import eventbridge
from ministack.services.cloudformation import provisioners
handlers = provisioners._RESOURCE_HANDLERS
update = handlers["AWS::Events::EventBus"]["update"]
print(json.dumps({
    "types": [name for name in handlers if name.startswith("AWS::Logs::Deliver")],
    "updates log level": "LogConfig" in inspect.getsource(update),
    "logs failures": "INVOCATION_FAILURE" in inspect.getsource(eventbridge),
}))
"""
    output = subprocess.check_output(
        [sys.executable, "-c", program],
        text=True,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "STATE_DIR": str(tmp_path_factory.mktemp("plain"))},
    )
    return cast(dict[str, object], json.loads(output))


def test_canary_plain_cloudformation_has_no_log_deliveries(plain: dict[str, object]) -> None:
    assert plain["types"] == []


def test_canary_plain_cloudformation_leaves_the_log_level_of_a_bus(
    plain: dict[str, object],
) -> None:
    assert plain["updates log level"] is False


def test_canary_plain_buses_log_nothing(plain: dict[str, object]) -> None:
    assert plain["logs failures"] is False
