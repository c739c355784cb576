"""Partner event sources on the embedded AWS: from a partner's account to a customer's targets."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from constructs_lib.local import EmbeddedAws

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

    from tests.local.conftest import Deliveries, Stack, WaitUntil

CUSTOMER = "000000000000"


@pytest.fixture
def partner(aws: EmbeddedAws) -> Iterator[EventBridgeClient]:
    """EventBridge as seen from the partner's own account, on the same emulator."""
    other = EmbeddedAws(account_id="111111111111")
    other._running = aws._running
    with closing(other.client("events")) as client:
        yield client


@pytest.fixture
def source(partner: EventBridgeClient) -> str:
    """The name of a new source, shared with the customer and PENDING."""
    name = f"aws.partner/example.com/tickets/{uuid.uuid4().hex[:8]}"
    partner.create_partner_event_source(Name=name, Account=CUSTOMER)
    return name


def state(events: EventBridgeClient, name: str) -> str:
    return events.describe_event_source(Name=name)["State"]


def put(partner: EventBridgeClient, source: str, **entry: object) -> dict[str, object]:
    event = {"Source": source, "DetailType": "Ticket", "Detail": '{"id": 7}', **entry}
    answer = partner.put_partner_events(Entries=[event])  # type: ignore[list-item]  # the stub wants its own TypedDict
    return {"FailedEntryCount": answer["FailedEntryCount"], **answer["Entries"][0]}


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"]["Code"]


def test_a_new_source_is_pending_for_the_customer(
    events: EventBridgeClient, partner: EventBridgeClient, source: str
) -> None:
    found = events.describe_event_source(Name=source)
    assert found["Arn"] == f"arn:aws:events:us-east-1::event-source/{source}"
    assert (found["State"], found["CreatedBy"]) == ("PENDING", "aws.partner/example.com")
    assert (found["ExpirationTime"] - found["CreationTime"]).days == 14
    listed = events.list_event_sources(NamePrefix=source)["EventSources"]
    assert [entry["Name"] for entry in listed] == [source]
    accounts = partner.list_partner_event_source_accounts(EventSourceName=source)
    seen = [(a["Account"], a["State"]) for a in accounts["PartnerEventSourceAccounts"]]
    assert seen == [(CUSTOMER, "PENDING")]
    prefix = "aws.partner/example.com/"
    shared = partner.list_partner_event_sources(NamePrefix=prefix)["PartnerEventSources"]
    assert source in {entry["Name"] for entry in shared}
    assert partner.describe_partner_event_source(Name=source)["Name"] == source


def test_only_the_two_accounts_see_a_source(
    events: EventBridgeClient, partner: EventBridgeClient, source: str
) -> None:
    assert partner.list_event_sources(NamePrefix=source)["EventSources"] == []
    with pytest.raises(ClientError) as error:
        events.describe_partner_event_source(Name=source)
    assert code_of(error) == "ResourceNotFoundException"


def test_lists_come_in_pages(events: EventBridgeClient, partner: EventBridgeClient) -> None:
    prefix = f"aws.partner/pages.com/{uuid.uuid4().hex[:8]}"
    for number in range(3):
        partner.create_partner_event_source(Name=f"{prefix}/{number}", Account=CUSTOMER)
    first = events.list_event_sources(NamePrefix=prefix, Limit=2)
    rest = events.list_event_sources(NamePrefix=prefix, Limit=2, NextToken=first["NextToken"])
    names = [found["Name"][-1] for page in (first, rest) for found in page["EventSources"]]
    assert names == ["0", "1", "2"]
    assert "NextToken" not in rest


@pytest.mark.parametrize("name", ["freshworks/a/b", "aws.partner/one", "aws.partner/a b/c"])
def test_a_name_of_another_form_is_refused(partner: EventBridgeClient, name: str) -> None:
    with pytest.raises(ClientError) as error:
        partner.create_partner_event_source(Name=name, Account=CUSTOMER)
    assert code_of(error) == "ValidationException"


def test_a_name_is_shared_with_an_account_once(partner: EventBridgeClient, source: str) -> None:
    with pytest.raises(ClientError) as error:
        partner.create_partner_event_source(Name=source, Account=CUSTOMER)
    assert code_of(error) == "ResourceAlreadyExistsException"


def test_the_bus_of_its_name_makes_a_source_active_while_it_exists(
    events: EventBridgeClient, source: str
) -> None:
    events.create_event_bus(Name=source, EventSourceName=source)
    assert state(events, source) == "ACTIVE"
    assert events.describe_event_bus(Name=source)["Arn"].endswith(f":event-bus/{source}")
    rule = events.put_rule(Name="r", EventBusName=source, EventPattern='{"source": ["x"]}')
    assert rule["RuleArn"].endswith(f":rule/{source}/r")
    events.delete_event_bus(Name=source)
    assert state(events, source) == "PENDING"


@pytest.mark.parametrize(
    ("name", "code"),
    [("aws.partner/no/such", "ResourceNotFoundException"), ("other", "ValidationException")],
)
def test_a_bus_that_does_not_fit_its_source_is_refused(
    events: EventBridgeClient, name: str, code: str
) -> None:
    with pytest.raises(ClientError) as error:
        events.create_event_bus(Name=name, EventSourceName="aws.partner/no/such")
    assert code_of(error) == code


def test_a_bus_without_a_source_has_no_slash_in_its_name(events: EventBridgeClient) -> None:
    with pytest.raises(ClientError, match="must not contain '/'"):
        events.create_event_bus(Name="aws.partner/without/source")


def test_the_partners_events_reach_rules_and_archives(
    events: EventBridgeClient,
    partner: EventBridgeClient,
    source: str,
    deliveries: Deliveries,
    wait_until: WaitUntil,
) -> None:
    bus_arn = events.create_event_bus(Name=source, EventSourceName=source)["EventBusArn"]
    archive = f"archive-{uuid.uuid4().hex[:8]}"
    events.create_archive(ArchiveName=archive, EventSourceArn=bus_arn)
    receive = deliveries(source, {"source": [{"prefix": "aws.partner/example.com"}]})
    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    answer = put(partner, source, Time=when, Resources=["ticket/7"])
    assert answer["FailedEntryCount"] == 0
    assert wait_until(receive) == {
        "version": "0",
        "id": answer["EventId"],
        "source": source,
        "account": CUSTOMER,
        "time": "2026-01-02T03:04:05Z",
        "region": "us-east-1",
        "resources": ["ticket/7"],
        "detail-type": "Ticket",
        "detail": {"id": 7},
    }
    wait_until(lambda: events.describe_archive(ArchiveName=archive)["EventCount"] == 1)


def test_events_of_a_source_that_is_not_active_are_dropped_but_answered(
    events: EventBridgeClient,
    partner: EventBridgeClient,
    source: str,
    deliveries: Deliveries,
    wait_until: WaitUntil,
) -> None:
    assert put(partner, "aws.partner/no/such")["EventId"]
    events.create_event_bus(Name=source, EventSourceName=source)
    receive = deliveries(source, {"source": [source]})
    events.deactivate_event_source(Name=source)
    assert state(events, source) == "PENDING"
    assert put(partner, source, Detail='{"n": "dropped"}')["EventId"]
    events.activate_event_source(Name=source)
    put(partner, source, Detail='{"n": "first"}')
    assert wait_until(receive)["detail"] == {"n": "first"}


def test_a_source_without_a_bus_cannot_be_activated(events: EventBridgeClient, source: str) -> None:
    with pytest.raises(ClientError) as error:
        events.activate_event_source(Name=source)
    assert code_of(error) == "InvalidStateException"


def test_a_source_that_the_partner_deletes_stays_deleted_while_its_bus_exists(
    events: EventBridgeClient, partner: EventBridgeClient, source: str
) -> None:
    events.create_event_bus(Name=source, EventSourceName=source)
    partner.delete_partner_event_source(Name=source, Account=CUSTOMER)
    assert state(events, source) == "DELETED"
    assert put(partner, source)["EventId"]
    events.delete_event_bus(Name=source)
    with pytest.raises(ClientError) as error:
        events.describe_event_source(Name=source)
    assert code_of(error) == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("entry", "code"),
    [({"Detail": "[]"}, "MalformedDetail"), ({"DetailType": ""}, "InvalidArgument")],
)
def test_a_malformed_entry_fails_alone(
    partner: EventBridgeClient, source: str, entry: dict[str, object], code: str
) -> None:
    answer = put(partner, source, **entry)
    assert (answer["FailedEntryCount"], answer["ErrorCode"]) == (1, code)


def test_a_partner_sends_at_most_20_entries(partner: EventBridgeClient, source: str) -> None:
    entry = {"Source": source, "DetailType": "T", "Detail": "{}"}
    assert len(partner.put_partner_events(Entries=[entry] * 20)["Entries"]) == 20  # type: ignore[list-item]  # the stub wants its own TypedDict
    with pytest.raises(ClientError) as error:
        partner.put_partner_events(Entries=[entry] * 21)  # type: ignore[list-item]  # as above
    assert code_of(error) == "ValidationException"


def test_customers_cannot_put_events_on_a_partner_bus(
    events: EventBridgeClient, source: str
) -> None:
    arn = events.create_event_bus(Name=source, EventSourceName=source)["EventBusArn"]
    names = [source, "default", arn]
    answer = events.put_events(
        Entries=[
            {"Source": "mine", "DetailType": "T", "Detail": "{}", "EventBusName": name}
            for name in names
        ]
    )
    assert answer["FailedEntryCount"] == 2
    refused = "NotAuthorizedForSourceException"
    assert [e.get("ErrorCode") for e in answer["Entries"]] == [refused, None, refused]


@pytest.mark.parametrize("bus_reference", [{"Ref": "Bus"}, {"Fn::GetAtt": ["Bus", "Arn"]}])
def test_a_template_makes_the_bus_and_its_rule(
    stack: Stack,
    events: EventBridgeClient,
    partner: EventBridgeClient,
    source: str,
    wait_until: WaitUntil,
    aws: EmbeddedAws,
    bus_reference: object,
) -> None:
    bus = {
        "Type": "AWS::Events::EventBus",
        "Properties": {"Name": source, "EventSourceName": source},
    }
    rule = {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventBusName": bus_reference,
            "EventPattern": {"source": [source]},
            "Targets": [{"Id": "q", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}],
            "Tags": [{"Key": "project", "Value": "example"}],
        },
    }
    status = stack.create(Bus=bus, Rule=rule, Queue={"Type": "AWS::SQS::Queue"})
    assert status == "CREATE_COMPLETE"
    assert state(events, source) == "ACTIVE"
    put(partner, source)
    with closing(aws.client("sqs")) as sqs:
        url = stack.physical_id("Queue")
        messages = wait_until(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
    assert json.loads(messages[0]["Body"])["source"] == source
    stack.delete()
    assert state(events, source) == "PENDING"


def test_a_template_with_an_unknown_source_fails_with_the_reason(stack: Stack) -> None:
    name = "aws.partner/not/shared"
    properties = {"Name": name, "EventSourceName": name}
    bus = {"Type": "AWS::Events::EventBus", "Properties": properties}
    assert stack.create(Bus=bus).startswith("ROLLBACK")
    assert f"ResourceNotFoundException: Event source {name} does not exist" in stack.reasons()
