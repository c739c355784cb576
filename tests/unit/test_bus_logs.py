from collections.abc import Callable

import pytest
from aws_cdk import RemovalPolicy, Stack, Token
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Annotations, Match, Template

from constructs_lib.observability import BusLogs
from constructs_lib.validation import ConfigError
from tests.unit.resources import only, properties_of


@pytest.fixture
def own_bus(stack: Stack) -> events.EventBus:
    return events.EventBus(stack, "OwnBus")


def test_errors_go_from_the_bus_over_a_delivery_to_the_log_group(
    stack: Stack, own_bus: events.EventBus, synthesize: Callable[[], Template]
) -> None:
    bus_logs = BusLogs(stack, "Logs", event_bus=own_bus)

    template = synthesize()
    source = properties_of(template, "AWS::Logs::DeliverySource")
    assert source["ResourceArn"] == stack.resolve(own_bus.event_bus_arn)
    assert source["LogType"] == "ERROR_LOGS"
    destination = properties_of(template, "AWS::Logs::DeliveryDestination")
    group_arn = stack.resolve(bus_logs.log_group.log_group_arn)
    assert destination["DestinationResourceArn"] == group_arn
    (source_id,) = template.find_resources("AWS::Logs::DeliverySource")
    (destination_id,) = template.find_resources("AWS::Logs::DeliveryDestination")
    assert properties_of(template, "AWS::Logs::Delivery") == {
        "DeliverySourceName": {"Ref": source_id},
        "DeliveryDestinationArn": {"Fn::GetAtt": [destination_id, "Arn"]},
    }


@pytest.mark.parametrize("level", ["ERROR", "INFO", "TRACE"])
def test_events_are_never_logged(
    stack: Stack, own_bus: events.EventBus, synthesize: Callable[[], Template], level: str
) -> None:
    BusLogs(stack, "Logs", event_bus=own_bus, level=events.Level[level])

    bus = properties_of(synthesize(), "AWS::Events::EventBus")
    assert bus["LogConfig"] == {"Level": level, "IncludeDetail": "NONE"}


def test_a_level_delivers_the_ones_before_it_one_after_the_other(
    stack: Stack, own_bus: events.EventBus, synthesize: Callable[[], Template]
) -> None:
    bus_logs = BusLogs(stack, "Logs", event_bus=own_bus, level=events.Level.TRACE)

    template = synthesize()
    sources = template.find_resources("AWS::Logs::DeliverySource").values()
    assert {source["Properties"]["LogType"] for source in sources} == {
        "ERROR_LOGS",
        "INFO_LOGS",
        "TRACE_LOGS",
    }
    deliveries = template.find_resources("AWS::Logs::Delivery")
    ids = [stack.resolve(delivery.logical_id) for delivery in bus_logs.deliveries]
    assert [deliveries[id_].get("DependsOn") for id_ in ids] == [None, [ids[0]], [ids[1]]]


def test_only_log_deliveries_of_the_account_may_write_to_the_log_group(
    stack: Stack, own_bus: events.EventBus, synthesize: Callable[[], Template]
) -> None:
    BusLogs(stack, "Logs", event_bus=own_bus)

    group = properties_of(synthesize(), "AWS::Logs::LogGroup")
    (statement,) = group["ResourcePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    resource = statement["Resource"]["Fn::Join"][1]
    assert resource[-1] == f":log-group:{group['LogGroupName']}:log-stream:*"
    assert statement["Condition"]["StringEquals"] == {
        "aws:SourceAccount": {"Ref": "AWS::AccountId"}
    }
    assert statement["Condition"]["ArnLike"]["aws:SourceArn"]["Fn::Join"][1][-1] == ":*"


@pytest.mark.parametrize(
    ("policy", "rendered"), [(RemovalPolicy.RETAIN, "Retain"), (RemovalPolicy.DESTROY, "Delete")]
)
def test_the_log_group_is_kept_as_the_caller_says(
    stack: Stack,
    own_bus: events.EventBus,
    synthesize: Callable[[], Template],
    policy: RemovalPolicy,
    rendered: str,
) -> None:
    BusLogs(
        stack,
        "Logs",
        event_bus=own_bus,
        retention=logs.RetentionDays.ONE_YEAR,
        removal_policy=policy,
    )

    group = only(synthesize(), "AWS::Logs::LogGroup")
    assert group["Properties"]["RetentionInDays"] == 365
    assert group["DeletionPolicy"] == rendered


def test_a_customer_key_admits_bus_delivery_and_log_group_each_in_its_own_context(
    stack: Stack, own_bus: events.EventBus, synthesize: Callable[[], Template]
) -> None:
    key = kms.Key(stack, "Key")

    BusLogs(stack, "Logs", event_bus=own_bus, kms_key=key)

    template = synthesize()
    group = properties_of(template, "AWS::Logs::LogGroup")
    assert group["KmsKeyId"] == stack.resolve(key.key_arn)
    _root, bus, delivery, log_group = properties_of(template, "AWS::KMS::Key")["KeyPolicy"][
        "Statement"
    ]
    assert bus["Principal"] == {"Service": "events.amazonaws.com"}
    assert bus["Action"] == "kms:GenerateDataKey"
    assert delivery["Principal"] == {"Service": "delivery.logs.amazonaws.com"}
    assert delivery["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    for statement in (bus, delivery):
        context = statement["Condition"]["StringLike"]["kms:EncryptionContext:SourceArn"]
        assert context["Fn::Join"][1][-1] == ":*"
    assert log_group["Principal"]["Service"]["Fn::Join"][1][0] == "logs."
    context = log_group["Condition"]["ArnEquals"]["kms:EncryptionContext:aws:logs:arn"]
    assert context["Fn::Join"][1][-1] == f":log-group:{group['LogGroupName']}"


def test_an_imported_key_brings_warnings_of_what_it_must_allow(
    stack: Stack, own_bus: events.EventBus
) -> None:
    arn = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"

    BusLogs(stack, "Logs", event_bus=own_bus, kms_key=kms.Key.from_key_arn(stack, "Key", arn))

    message = Match.string_like_regexp("let delivery.logs.amazonaws.com use kms:Decrypt")
    assert Annotations.from_stack(stack).find_warning("*", message)


def test_logs_of_two_buses_with_long_names_fit_in_one_stack(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    for name in ("First" * 20, "Second" * 20):
        BusLogs(stack, name, event_bus=events.EventBus(stack, f"{name}Bus"))

    template = synthesize()
    for end in ("AWS::Logs::DeliverySource", "AWS::Logs::DeliveryDestination"):
        names = {found["Properties"]["Name"] for found in template.find_resources(end).values()}
        assert len(names) == 2
        assert max(len(name) for name in names) <= 60


def test_a_bus_whose_name_is_known_only_at_deployment_logs_too(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    name = Token.as_string({"Ref": "BusName"})

    BusLogs(stack, "Logs", event_bus=events.EventBus(stack, "Bus", event_bus_name=name))

    synthesize().resource_count_is("AWS::Logs::Delivery", 1)


def test_the_l2_log_group_stays_open_to_escape_hatches(
    stack: Stack, own_bus: events.EventBus, synthesize: Callable[[], Template]
) -> None:
    resource = BusLogs(stack, "Logs", event_bus=own_bus).log_group.node.default_child
    assert isinstance(resource, logs.CfnLogGroup)

    resource.retention_in_days = 3

    synthesize().has_resource_properties("AWS::Logs::LogGroup", {"RetentionInDays": 3})


def test_a_level_that_logs_nothing_is_refused(stack: Stack, own_bus: events.EventBus) -> None:
    with pytest.raises(ConfigError, match="level must be ERROR, INFO or TRACE, got OFF"):
        BusLogs(stack, "Logs", event_bus=own_bus, level=events.Level.OFF)


def test_a_bus_of_another_app_is_refused(stack: Stack, event_bus: events.IEventBus) -> None:
    with pytest.raises(ConfigError, match="event_bus must be a bus that this app makes"):
        BusLogs(stack, "Logs", event_bus=event_bus)
