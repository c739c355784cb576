from collections.abc import Callable, Mapping

import pytest
from aws_cdk import Stack, Token
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Annotations, Match, Template

from constructs_lib.choreography import (
    FRESHWORKS,
    KNOWN_PARTNERS,
    STRIPE,
    PartnerEventBus,
    PartnerSource,
    Subscription,
)
from constructs_lib.validation import ConfigError
from tests.unit.resources import properties_of

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


@pytest.mark.parametrize("partner", KNOWN_PARTNERS, ids=lambda each: each.name)
def test_each_known_partner_gets_its_bus(
    stack: Stack, synthesize: Callable[[], Template], partner: PartnerSource
) -> None:
    name = partner.example_source_name

    PartnerEventBus(stack, "Bus", partner=partner, event_source_name=name)

    assert properties_of(synthesize(), "AWS::Events::EventBus")["Name"] == name


@pytest.mark.parametrize("event_source_name", [_SOURCE, None])
def test_a_pattern_may_ask_for_types_and_details(
    stack: Stack, synthesize: Callable[[], Template], event_source_name: str | None
) -> None:
    bus = PartnerEventBus(
        stack, "Freshdesk", partner=FRESHWORKS, event_source_name=event_source_name
    )
    pattern = bus.event_pattern(
        detail_type=["onTicketCreate"],
        detail={"ticket": {"priority": events.Match.greater_than(2)}},
    )

    _queue_for(stack, bus, pattern)

    rendered = properties_of(synthesize(), "AWS::Events::Rule")["EventPattern"]
    assert rendered["detail-type"] == ["onTicketCreate"]
    assert rendered["detail"] == {"ticket": {"priority": [{"numeric": [">", 2]}]}}


def test_types_may_be_matched_by_prefix(stack: Stack, synthesize: Callable[[], Template]) -> None:
    bus = PartnerEventBus(stack, "Stripe", partner=STRIPE)

    _queue_for(stack, bus, bus.event_pattern(detail_type=events.Match.prefix("customer.")))

    rendered = properties_of(synthesize(), "AWS::Events::Rule")["EventPattern"]
    assert rendered["detail-type"] == [{"prefix": "customer."}]


@pytest.mark.parametrize("detail_type", [[], "customer.created"])
def test_types_must_be_a_list_that_is_not_empty(stack: Stack, detail_type: list[str]) -> None:
    bus = PartnerEventBus(stack, "Stripe", partner=STRIPE)

    with pytest.raises(ConfigError, match=r"detail_type must be a list.*'customer.created'"):
        bus.event_pattern(detail_type=detail_type)


def test_details_must_have_a_condition(stack: Stack) -> None:
    bus = PartnerEventBus(stack, "Stripe", partner=STRIPE)

    with pytest.raises(ConfigError, match="detail must have at least one condition"):
        bus.event_pattern(detail={})


def test_a_rule_for_the_partners_own_source_on_a_stand_in_is_warned_of(stack: Stack) -> None:
    bus = PartnerEventBus(stack, "Freshdesk", partner=FRESHWORKS)

    _queue_for(stack, bus, {"source": [_SOURCE]})

    Annotations.from_stack(stack).has_warning(
        "*", Match.string_like_regexp("asks for the source .* on a custom bus")
    )


def test_whoever_simulates_may_publish_under_the_stand_ins_sources_only(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    bus = PartnerEventBus(stack, "Freshdesk", partner=FRESHWORKS)
    tester = iam.Role(stack, "Tester", assumed_by=iam.AccountRootPrincipal())

    grant = bus.grant_simulate(tester)

    assert grant.success
    assert properties_of(synthesize(), "AWS::IAM::Policy")["PolicyDocument"]["Statement"] == [
        {
            "Action": "events:PutEvents",
            "Effect": "Allow",
            "Resource": stack.resolve(bus.event_bus.event_bus_arn),
            "Condition": {
                "ForAllValues:StringLike": {"events:source": ["stand-in.partner/freshworks.com/*"]},
                "Null": {"events:source": "false"},
            },
        }
    ]


def test_a_simulated_event_goes_to_the_stand_in(stack: Stack) -> None:
    bus = PartnerEventBus(stack, "Stripe", partner=STRIPE)
    (sample,) = STRIPE.samples

    entry = bus.simulated_event(sample)

    assert entry["EventBusName"] == bus.event_bus.event_bus_name
    assert str(entry["Source"]).startswith("stand-in.partner/stripe.com/")


def test_nobody_simulates_on_the_partners_own_bus(stack: Stack) -> None:
    bus = PartnerEventBus(stack, "Freshdesk", partner=FRESHWORKS, event_source_name=_SOURCE)
    tester = iam.Role(stack, "Tester", assumed_by=iam.AccountRootPrincipal())

    with pytest.raises(ConfigError, match=r"grant_simulate must be called on a stand-in"):
        bus.grant_simulate(tester)
    with pytest.raises(ConfigError, match=r"simulated_event must be called on a stand-in"):
        bus.simulated_event(FRESHWORKS.samples[0])


@pytest.mark.parametrize("event_source_name", [_SOURCE, None])
def test_no_bus_gets_a_policy_by_itself(
    stack: Stack, synthesize: Callable[[], Template], event_source_name: str | None
) -> None:
    PartnerEventBus(stack, "Freshdesk", partner=FRESHWORKS, event_source_name=event_source_name)

    synthesize().resource_count_is("AWS::Events::EventBusPolicy", 0)


def _let_in_everybody(bus: PartnerEventBus) -> None:
    bus.event_bus.add_to_resource_policy(
        iam.PolicyStatement(
            sid="others",
            principals=[iam.AccountPrincipal("111111111111")],
            actions=["events:PutEvents"],
            resources=[bus.event_bus.event_bus_arn],
        )
    )


def test_a_policy_on_the_partners_own_bus_fails_synth(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    bus = PartnerEventBus(stack, "Freshdesk", partner=FRESHWORKS, event_source_name=_SOURCE)

    _let_in_everybody(bus)

    with pytest.raises(RuntimeError, match="must not be on a partner event bus"):
        synthesize()


def test_the_resource_is_reached_for_what_the_construct_does_not_know(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    bus = PartnerEventBus(stack, "Freshdesk", partner=FRESHWORKS)
    resource = bus.event_bus.node.default_child
    assert isinstance(resource, events.CfnEventBus)

    resource.description = "Tickets"

    assert properties_of(synthesize(), "AWS::Events::EventBus")["Description"] == "Tickets"


def _queue_for(
    stack: Stack, bus: PartnerEventBus, pattern: events.EventPattern | Mapping[str, object]
) -> None:
    Subscription(
        stack,
        "Queue",
        event_bus=bus.event_bus,
        event_pattern=pattern,
        target=targets.SqsQueue(sqs.Queue(stack, "Target")),
    )
