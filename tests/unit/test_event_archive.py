from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from aws_cdk import Stack, Token
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Annotations, Match, Template

from constructs_lib.choreography import EventArchive
from constructs_lib.validation import ConfigError
from tests.unit.resources import properties_of


def test_an_archive_keeps_every_event_for_thirty_days_by_default(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    EventArchive(stack, "Archive", event_bus=event_bus)

    synthesize().has_resource_properties(
        "AWS::Events::Archive",
        {"RetentionDays": 30, "EventPattern": {"source": [{"exists": True}]}},
    )


def test_an_archive_without_a_key_names_none(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    EventArchive(stack, "Archive", event_bus=event_bus)

    assert "KmsKeyIdentifier" not in properties_of(synthesize(), "AWS::Events::Archive")


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


@dataclass(frozen=True)
class Contract:
    """What knows its own pattern."""

    pattern: Mapping[str, object]


OR_PATTERN = {"$or": [{"source": ["billing"]}, {"detail-type": ["UserSignedUp"]}]}


@pytest.mark.parametrize("pattern", [OR_PATTERN, Contract(OR_PATTERN)], ids=["raw", "contract"])
def test_a_pattern_may_be_raw_or_a_contracts(
    stack: Stack,
    event_bus: events.IEventBus,
    synthesize: Callable[[], Template],
    pattern: Mapping[str, object] | Contract,
) -> None:
    EventArchive(stack, "Archive", event_bus=event_bus, event_pattern=pattern)

    synthesize().has_resource_properties("AWS::Events::Archive", {"EventPattern": OR_PATTERN})


@pytest.mark.parametrize("pattern", [{}, {"source": "billing"}, {"detailType": ["UserSignedUp"]}])
def test_a_pattern_that_keeps_no_event_is_refused(
    stack: Stack, event_bus: events.IEventBus, pattern: Mapping[str, object]
) -> None:
    with pytest.raises(ConfigError, match="event_pattern"):
        EventArchive(stack, "Archive", event_bus=event_bus, event_pattern=pattern)


def test_a_customer_key_encrypts_the_archive_and_admits_eventbridge_for_its_bus_only(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    key = kms.Key(stack, "Key")

    EventArchive(stack, "Archive", event_bus=event_bus, kms_key=key)

    template = synthesize()
    template.has_resource_properties(
        "AWS::Events::Archive", {"KmsKeyIdentifier": stack.resolve(key.key_arn)}
    )
    policy = properties_of(template, "AWS::KMS::Key")["KeyPolicy"]
    _root, look_up, use = policy["Statement"]
    assert look_up["Action"] == "kms:DescribeKey"
    assert use["Principal"] == {"Service": "events.amazonaws.com"}
    assert use["Action"] == [
        "kms:Decrypt",
        "kms:GenerateDataKey",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
    ]
    bus_arn = stack.resolve(event_bus.event_bus_arn)
    assert use["Condition"] == {
        "StringEquals": {"kms:EncryptionContext:aws:events:event-bus:arn": bus_arn}
    }


def test_bus_and_archive_may_share_a_key(stack: Stack, synthesize: Callable[[], Template]) -> None:
    key = kms.Key(stack, "Key")
    event_bus = events.EventBus(stack, "Bus", kms_key=key)

    EventArchive(stack, "Archive", event_bus=event_bus, kms_key=key)

    # Template.from_stack refuses cycles.
    synthesize().resource_count_is("AWS::Events::Archive", 1)


def test_an_imported_key_brings_a_warning_of_what_it_must_allow(
    stack: Stack, event_bus: events.IEventBus
) -> None:
    arn = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"

    EventArchive(
        stack, "Archive", event_bus=event_bus, kms_key=kms.Key.from_key_arn(stack, "Key", arn)
    )

    message = Match.string_like_regexp("let events.amazonaws.com use kms:Decrypt, kms:Generate")
    assert Annotations.from_stack(stack).find_warning("*", message)


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
