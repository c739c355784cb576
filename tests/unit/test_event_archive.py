from collections.abc import Callable

import pytest
from aws_cdk import Stack, Token
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Match, Template

from constructs_lib.choreography import EventArchive
from constructs_lib.validation import ConfigError


def test_an_archive_keeps_every_event_for_thirty_days_by_default(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    EventArchive(stack, "Archive", event_bus=event_bus)

    synthesize().has_resource_properties(
        "AWS::Events::Archive",
        {"RetentionDays": 30, "EventPattern": {"source": [{"exists": True}]}},
    )


def test_every_argument_reaches_the_template(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    EventArchive(
        stack,
        "Archive",
        event_bus=event_bus,
        event_pattern=events.EventPattern(detail_type=["UserSignedUp"]),
        retention_days=400,
        description="Sign-ups",
    )

    synthesize().has_resource_properties(
        "AWS::Events::Archive",
        {
            "RetentionDays": 400,
            "EventPattern": {"detail-type": ["UserSignedUp"]},
            "Description": "Sign-ups",
            "SourceArn": Match.any_value(),
        },
    )


@pytest.mark.parametrize("retention_days", [-1, 0, 3651])
def test_retention_out_of_range_is_refused(
    stack: Stack, event_bus: events.IEventBus, retention_days: int
) -> None:
    with pytest.raises(ConfigError, match="retention_days must be between 1 and 3650"):
        EventArchive(stack, "Archive", event_bus=event_bus, retention_days=retention_days)


def test_retention_known_only_at_deployment_passes(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    days = Token.as_number({"Ref": "Days"})

    EventArchive(stack, "Archive", event_bus=event_bus, retention_days=days)  # type: ignore[arg-type]  # CDK types number tokens as float

    synthesize().has_resource_properties("AWS::Events::Archive", {"RetentionDays": {"Ref": "Days"}})


def test_two_archives_of_one_bus_fit_in_one_stack(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    EventArchive(stack, "First", event_bus=event_bus)
    EventArchive(stack, "Second", event_bus=event_bus)

    synthesize().resource_count_is("AWS::Events::Archive", 2)


def test_the_l2_archive_stays_open_to_escape_hatches(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    archive = EventArchive(stack, "Archive", event_bus=event_bus).archive
    resource = archive.node.default_child
    assert isinstance(resource, events.CfnArchive)

    resource.add_property_override("ArchiveName", "by-hand")

    synthesize().has_resource_properties("AWS::Events::Archive", {"ArchiveName": "by-hand"})


def test_replay_is_granted_on_archive_bus_and_replay_and_nothing_else(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    operator = iam.Role(stack, "Operator", assumed_by=iam.AccountRootPrincipal())

    grant = EventArchive(stack, "Archive", event_bus=event_bus).grant_replay(operator)

    assert grant.success
    policy = next(iter(synthesize().find_resources("AWS::IAM::Policy").values()))
    start, follow = policy["Properties"]["PolicyDocument"]["Statement"]
    assert start["Action"] == "events:StartReplay"
    assert len(start["Resource"]) == 3
    assert follow["Action"] == ["events:CancelReplay", "events:DescribeReplay"]
    assert ":replay/*" in str(follow["Resource"])
