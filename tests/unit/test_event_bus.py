from collections.abc import Callable

import pytest
from aws_cdk import Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Match, Template

from constructs_lib.choreography import AppEventBus
from constructs_lib.validation import ConfigError


def test_a_bus_comes_with_an_archive_of_all_its_events(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    AppEventBus(stack, "Bus", archive_retention_days=7, description="Sign-ups")

    template = synthesize()
    template.has_resource_properties("AWS::Events::EventBus", {"Description": "Sign-ups"})
    template.has_resource_properties("AWS::Events::Archive", {"RetentionDays": 7})


def test_the_archive_can_be_left_out(stack: Stack, synthesize: Callable[[], Template]) -> None:
    bus = AppEventBus(stack, "Bus", archive_retention_days=None)

    assert bus.archive is None
    synthesize().resource_count_is("AWS::Events::Archive", 0)


def test_archive_retention_out_of_range_is_refused(stack: Stack) -> None:
    with pytest.raises(ConfigError, match="retention_days must be between 1 and 3650, got 0"):
        AppEventBus(stack, "Bus", archive_retention_days=0)


def test_two_buses_in_one_stack_get_different_names(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    AppEventBus(stack, "First")
    AppEventBus(stack, "Second")

    buses = synthesize().find_resources("AWS::Events::EventBus").values()
    assert len({bus["Properties"]["Name"] for bus in buses}) == 2


def test_subscribing_makes_a_rule_on_this_bus_with_a_dead_letter_queue(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    bus = AppEventBus(stack, "Bus")

    bus.subscribe(
        "Analytics",
        event_pattern=events.EventPattern(detail_type=["UserSignedUp"]),
        target=targets.SqsQueue(sqs.Queue(stack, "Queue")),
    )

    synthesize().has_resource_properties(
        "AWS::Events::Rule",
        {
            "EventBusName": stack.resolve(bus.event_bus.event_bus_name),
            "EventPattern": {"detail-type": ["UserSignedUp"]},
            "Targets": [Match.object_like({"DeadLetterConfig": Match.any_value()})],
        },
    )


def test_publishing_is_granted_for_the_named_sources_only(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    bus = AppEventBus(stack, "Bus")
    publisher = iam.Role(stack, "Publisher", assumed_by=iam.AccountRootPrincipal())

    bus.grant_publish(publisher, sources=["billing"])

    synthesize().has_resource_properties(
        "AWS::IAM::Policy",
        {
            "PolicyDocument": {
                "Statement": [
                    {
                        "Action": "events:PutEvents",
                        "Effect": "Allow",
                        "Resource": stack.resolve(bus.event_bus.event_bus_arn),
                        "Condition": {
                            "ForAllValues:StringEquals": {"events:source": ["billing"]},
                            "Null": {"events:source": "false"},
                        },
                    }
                ]
            }
        },
    )


@pytest.mark.parametrize("sources", [[], "billing"])
def test_publishing_without_a_list_of_sources_is_refused(
    stack: Stack, sources: list[str] | str
) -> None:
    bus = AppEventBus(stack, "Bus")
    publisher = iam.Role(stack, "Publisher", assumed_by=iam.AccountRootPrincipal())

    with pytest.raises(ConfigError, match="sources must be a list"):
        bus.grant_publish(publisher, sources=sources)
