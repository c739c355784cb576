"""The life of a partner event source on the embedded AWS; every event is delivered or counted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import App
from aws_cdk import Stack as CdkStack
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sqs as cdk_sqs
from aws_cdk.assertions import Template
from botocore.exceptions import ClientError

from constructs_lib.choreography import PartnerEventBus, Subscription
from constructs_lib.local import EmbeddedAws
from constructs_lib.partners import FRESHWORKS, KNOWN_PARTNERS, PartnerSource

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient

    from tests.local.conftest import Deliveries, Stack, WaitUntil

CUSTOMER = "000000000000"


@dataclass
class Partner:
    """Freshworks, in an account of its own, with one source shared with the customer."""

    client: EventBridgeClient
    source: str
    sent: list[str] = field(default_factory=list)

    def offer(self) -> None:
        self.client.create_partner_event_source(Name=self.source, Account=CUSTOMER)

    def withdraw(self) -> None:
        self.client.delete_partner_event_source(Name=self.source, Account=CUSTOMER)

    def send(self, *, times: int = 1) -> None:
        """Send the sample; EventBridge takes it, whatever becomes of it."""
        entry: Any = FRESHWORKS.partner_entry(FRESHWORKS.samples[0], event_source_name=self.source)
        answer = self.client.put_partner_events(Entries=[entry] * times)
        assert answer["FailedEntryCount"] == 0
        self.sent += [result["EventId"] for result in answer["Entries"]]


@pytest.fixture
def partner(aws: EmbeddedAws) -> Iterator[Partner]:
    other = EmbeddedAws(account_id="222222222222")
    other._running = aws._running
    with closing(other.client("events")) as client:
        name = f"aws.partner/freshworks.com/life/{uuid.uuid4().hex[:8]}"
        yield Partner(client=client, source=name)


Count = Callable[..., int]


@pytest.fixture(scope="module")
def count(aws: EmbeddedAws) -> Count:
    """The sum of a metric in an account, as CloudWatch gives it."""

    def total(namespace: str, metric: str, *, account: str = CUSTOMER, **dimensions: str) -> int:
        seen_from = EmbeddedAws(account_id=account)
        seen_from._running = aws._running
        with closing(seen_from.client("cloudwatch")) as client:  # type: ignore[call-overload]  # no stub
            now = datetime.now(tz=UTC)
            points = client.get_metric_statistics(
                Namespace=namespace,
                MetricName=metric,
                Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
                StartTime=now - timedelta(hours=1),
                EndTime=now + timedelta(minutes=1),
                Period=60,
                Statistics=["Sum"],
            )["Datapoints"]
        return int(sum(point["Sum"] for point in points))

    return total


def state(events: EventBridgeClient, name: str) -> str:
    return events.describe_event_source(Name=name)["State"]


def received_ids(
    sqs: SQSClient, queue_url: str, wait_until: WaitUntil, *, expected: int
) -> set[str]:
    """The ids of the events in a queue, once there are as many as expected."""
    ids: set[str] = set()

    def enough() -> bool:
        answer = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)
        ids.update(json.loads(message["Body"])["id"] for message in answer.get("Messages", []))
        return len(ids) >= expected

    wait_until(enough)
    return ids


def test_every_event_of_a_life_is_delivered_or_counted_as_dropped(
    events: EventBridgeClient,
    sqs: SQSClient,
    partner: Partner,
    stack: Stack,
    count: Count,
    wait_until: WaitUntil,
) -> None:
    template = _template_of_bus(partner.source)
    queue_id = next(key for key, each in template.items() if key.startswith("Target"))
    states = []

    partner.send()  # nobody is offered the source yet
    partner.offer()
    states.append(state(events, partner.source))
    partner.send(times=2)
    assert stack.create(**template) == "CREATE_COMPLETE"
    queue_url = stack.physical_id(queue_id)
    states.append(state(events, partner.source))
    partner.send(times=3)
    events.deactivate_event_source(Name=partner.source)
    states.append(state(events, partner.source))
    partner.send(times=4)
    events.activate_event_source(Name=partner.source)
    states.append(state(events, partner.source))
    partner.send(times=5)
    partner.withdraw()
    states.append(state(events, partner.source))
    partner.send(times=6)
    partner.offer()
    events.activate_event_source(Name=partner.source)
    states.append(state(events, partner.source))
    partner.send(times=7)
    delivered = received_ids(sqs, queue_url, wait_until, expected=15)
    stack.delete()
    states.append(state(events, partner.source))
    partner.send(times=8)

    assert states == ["PENDING", "ACTIVE", "PENDING", "ACTIVE", "DELETED", "ACTIVE", "PENDING"]
    assert delivered == {*partner.sent[3:6], *partner.sent[10:15], *partner.sent[21:28]}
    of_source = {"EventSourceName": partner.source}
    received = count("AWS/Events", "Events", **of_source)
    dropped = {
        each: count("Duet/PartnerEvents", "Dropped", State=each, **of_source)
        for each in ("PENDING", "DELETED")
    }
    unknown = count(
        "Duet/PartnerEvents", "Dropped", account="222222222222", State="NONE", **of_source
    )
    assert (received, dropped, unknown) == (15, {"PENDING": 2 + 4 + 8, "DELETED": 6}, 1)
    assert received + sum(dropped.values()) + unknown == len(partner.sent)


def test_a_stack_made_again_associates_the_source_again(
    events: EventBridgeClient, sqs: SQSClient, partner: Partner, stack: Stack, wait_until: WaitUntil
) -> None:
    partner.offer()
    template = _template_of_bus(partner.source)
    queue_id = next(key for key in template if key.startswith("Target"))
    stack.create(**template)
    stack.delete()

    assert stack.create(**template) == "CREATE_COMPLETE"

    assert state(events, partner.source) == "ACTIVE"
    partner.send()
    url = stack.physical_id(queue_id)
    assert received_ids(sqs, url, wait_until, expected=1) == set(partner.sent)


def test_a_deleted_source_is_gone_once_its_stack_is(
    events: EventBridgeClient, partner: Partner, stack: Stack
) -> None:
    partner.offer()
    stack.create(**_template_of_bus(partner.source))
    partner.withdraw()

    stack.delete()

    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        events.describe_event_source(Name=partner.source)


def test_two_weeks_begin_anew_whenever_a_source_becomes_pending(
    events: EventBridgeClient, partner: Partner
) -> None:
    partner.offer()
    events.create_event_bus(Name=partner.source, EventSourceName=partner.source)
    assert "ExpirationTime" not in events.describe_event_source(Name=partner.source)
    before = datetime.now(tz=UTC).replace(microsecond=0)

    events.deactivate_event_source(Name=partner.source)

    expires = events.describe_event_source(Name=partner.source)["ExpirationTime"]
    assert expires >= before + timedelta(days=14)


def test_a_partner_bus_takes_no_policy(events: EventBridgeClient, partner: Partner) -> None:
    partner.offer()
    events.create_event_bus(Name=partner.source, EventSourceName=partner.source)

    with pytest.raises(ClientError, match="has no policy"):
        events.put_permission(
            EventBusName=partner.source,
            StatementId="others",
            Action="events:PutEvents",
            Principal="111111111111",
        )


@pytest.mark.parametrize("known", KNOWN_PARTNERS, ids=lambda each: each.name)
def test_each_partners_samples_reach_its_bus_and_match_its_pattern(
    events: EventBridgeClient,
    partner: Partner,
    deliveries: Deliveries,
    wait_until: WaitUntil,
    known: PartnerSource,
) -> None:
    name = known.example_source_name
    partner.client.create_partner_event_source(Name=name, Account=CUSTOMER)
    events.create_event_bus(Name=name, EventSourceName=name)
    for sample in known.samples:
        receive = deliveries(name, _pattern(known, name, detail_type=sample.detail_type))

        entry: Any = known.partner_entry(sample)
        answer = partner.client.put_partner_events(Entries=[entry])

        event = wait_until(receive)
        assert event["id"] == answer["Entries"][0]["EventId"]
        assert event["source"] == name
        assert event["detail-type"] == sample.detail_type
        assert event["detail"] == sample.detail
        assert event["resources"] == list(sample.resources)


@pytest.mark.parametrize("known", KNOWN_PARTNERS, ids=lambda each: each.name)
def test_each_partners_samples_are_simulated_on_a_stand_in(
    events: EventBridgeClient,
    deliveries: Deliveries,
    wait_until: WaitUntil,
    known: PartnerSource,
) -> None:
    bus = f"stand-in-{uuid.uuid4().hex[:8]}"
    events.create_event_bus(Name=bus)
    for sample in known.samples:
        receive = deliveries(bus, _pattern(known, None, detail_type=sample.detail_type))

        entry: Any = known.simulated_entry(sample, event_bus_name=bus)
        assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0

        assert wait_until(receive)["detail"] == sample.detail


def test_a_customer_cannot_give_an_event_the_partners_own_source(
    events: EventBridgeClient,
) -> None:
    bus = f"stand-in-{uuid.uuid4().hex[:8]}"
    events.create_event_bus(Name=bus)
    entry: Any = {**FRESHWORKS.partner_entry(FRESHWORKS.samples[0]), "EventBusName": bus}

    answer = events.put_events(Entries=[entry])

    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"


def test_canary_plain_ministack_counts_no_partner_events_and_lets_their_buses_have_a_policy(
    tmp_path: Path,
) -> None:
    program = """
import json
from ministack.services import cloudwatch, eventbridge
name = "aws.partner/a/b"
eventbridge._create_partner_event_source({"Name": name, "Account": "000000000000"})
eventbridge._create_event_bus({"Name": name, "EventSourceName": name})
eventbridge._put_partner_events({"Entries": [{"Source": name, "DetailType": "T", "Detail": "{}"}]})
policy = {"EventBusName": name, "StatementId": "s", "Action": "events:PutEvents", "Principal": "*"}
print(len(list(cloudwatch._metrics.items())), eventbridge._put_permission(policy)[0])
"""

    printed = subprocess.check_output(
        [sys.executable, "-c", program],
        text=True,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "STATE_DIR": str(tmp_path)},
    )

    assert printed.split() == ["0", "200"]


def _pattern(known: PartnerSource, name: str | None, *, detail_type: str) -> object:
    """What the construct tells consumers to ask for, as JSON."""
    stack = CdkStack(App(), "Example")
    bus = PartnerEventBus(stack, "Bus", partner=known, event_source_name=name)
    pattern = stack.resolve(bus.event_pattern(detail_type=[detail_type]))
    return {"source": pattern["source"], "detail-type": pattern["detailType"]}


def _template_of_bus(source: str) -> dict[str, Any]:
    """The resources of a partner bus, its archive and a queue behind it."""
    stack = CdkStack(App(), "Example")
    freshdesk = PartnerEventBus(
        stack, "Freshdesk", partner=FRESHWORKS, event_source_name=source, archive_retention_days=1
    )
    Subscription(
        stack,
        "ToQueue",
        event_bus=freshdesk.event_bus,
        event_pattern=freshdesk.event_pattern(),
        target=targets.SqsQueue(cdk_sqs.Queue(stack, "Target")),
    )
    resources: dict[str, Any] = Template.from_stack(stack).to_json()["Resources"]
    return resources
