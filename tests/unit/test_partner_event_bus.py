from collections.abc import Callable

import pytest
from aws_cdk import Stack, Token
from aws_cdk.assertions import Template

from constructs_lib.choreography import FRESHWORKS, PartnerEventBus
from constructs_lib.validation import ConfigError

_SOURCE = "aws.partner/freshworks.com/acme/tickets"


def test_a_partner_source_gets_a_bus_of_its_own_name(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    bus = PartnerEventBus(stack, "Freshdesk", partner=FRESHWORKS, event_source_name=_SOURCE)

    assert not bus.is_stand_in
    synthesize().has_resource_properties(
        "AWS::Events::EventBus", {"Name": _SOURCE, "EventSourceName": _SOURCE}
    )


def test_without_a_partner_source_a_custom_bus_stands_in(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    bus = PartnerEventBus(stack, "Freshdesk", partner=FRESHWORKS)

    assert bus.is_stand_in
    (resource,) = synthesize().find_resources("AWS::Events::EventBus").values()
    assert "EventSourceName" not in resource["Properties"]


@pytest.mark.parametrize(
    ("event_source_name", "prefix"),
    [(_SOURCE, "aws.partner/freshworks.com/"), (None, "stand-in.partner/freshworks.com/")],
)
def test_the_pattern_follows_the_partner_whatever_the_detail_type(
    stack: Stack, event_source_name: str | None, prefix: str
) -> None:
    bus = PartnerEventBus(
        stack, "Freshdesk", partner=FRESHWORKS, event_source_name=event_source_name
    )

    assert stack.resolve(bus.event_pattern().source) == [{"prefix": prefix}]


def test_partner_events_are_archived_for_the_days_given(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    PartnerEventBus(stack, "Freshdesk", partner=FRESHWORKS, archive_retention_days=9)

    synthesize().has_resource_properties("AWS::Events::Archive", {"RetentionDays": 9})


@pytest.mark.parametrize(
    "event_source_name",
    [
        "",
        "freshdesk",
        "aws.partner/freshworks.com",
        "aws.partner/freshworks.com/",
        "aws.partner/auth0.com/acme/auth0.logs",
        "aws.partner/freshworks.com/acme tickets",
        "aws.partner/freshworks.com/" + "a" * 256,
    ],
)
def test_a_name_that_is_no_source_of_the_partner_is_refused_with_the_remedy(
    stack: Stack, event_source_name: str
) -> None:
    with pytest.raises(
        ConfigError, match=r"event_source_name must start with .*list-event-sources"
    ):
        PartnerEventBus(stack, "Freshdesk", partner=FRESHWORKS, event_source_name=event_source_name)


def test_a_name_known_only_at_deployment_passes(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    name = Token.as_string({"Ref": "SourceName"})

    PartnerEventBus(stack, "Freshdesk", partner=FRESHWORKS, event_source_name=name)

    synthesize().has_resource_properties("AWS::Events::EventBus", {"Name": {"Ref": "SourceName"}})


def test_two_partner_buses_fit_in_one_stack(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    PartnerEventBus(stack, "First", partner=FRESHWORKS)
    PartnerEventBus(stack, "Second", partner=FRESHWORKS)

    synthesize().resource_count_is("AWS::Events::EventBus", 2)
