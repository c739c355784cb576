from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Stack, Token
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Annotations, Match, Template

from constructs_lib.choreography import AppEventBus
from constructs_lib.validation import ConfigError
from tests.unit.resources import properties_of

IMPORTED_KEY_ARN = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"


@pytest.fixture
def key(stack: Stack) -> kms.Key:
    return kms.Key(stack, "Key")


def key_statements(template: Template) -> list[dict[str, Any]]:
    """What a key's policy allows to services."""
    statements: list[dict[str, Any]] = properties_of(template, "AWS::KMS::Key")["KeyPolicy"][
        "Statement"
    ]
    return [s for s in statements if "Service" in s["Principal"]]


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


def test_errors_of_a_bus_are_delivered_to_a_log(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    bus = AppEventBus(stack, "Bus")

    assert bus.logs is not None
    template = synthesize()
    template.has_resource_properties(
        "AWS::Events::EventBus", {"LogConfig": {"Level": "ERROR", "IncludeDetail": "NONE"}}
    )
    template.resource_count_is("AWS::Logs::Delivery", 1)


def test_the_log_level_is_the_callers_choice(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    AppEventBus(stack, "Bus", log_level=events.Level.INFO)

    synthesize().has_resource_properties("AWS::Events::EventBus", {"LogConfig": {"Level": "INFO"}})


def test_the_log_can_be_left_out(stack: Stack, synthesize: Callable[[], Template]) -> None:
    bus = AppEventBus(stack, "Bus", log_level=events.Level.OFF)

    assert bus.logs is None
    template = synthesize()
    template.resource_count_is("AWS::Logs::LogGroup", 0)
    assert "LogConfig" not in properties_of(template, "AWS::Events::EventBus")


def test_the_archive_keeps_the_events_of_the_callers_pattern(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    pattern = {"detail-type": [{"anything-but": ["SignUpRequested"]}]}

    AppEventBus(stack, "Bus", archive_pattern=pattern)

    synthesize().has_resource_properties("AWS::Events::Archive", {"EventPattern": pattern})


def test_a_pattern_for_no_archive_is_refused(stack: Stack) -> None:
    with pytest.raises(ConfigError, match="archive_pattern must come with archive_retention_days"):
        AppEventBus(stack, "Bus", archive_retention_days=None, archive_pattern={"source": ["a"]})


def test_the_l2_bus_stays_open_to_escape_hatches(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    resource = AppEventBus(stack, "Bus").event_bus.node.default_child
    assert isinstance(resource, events.CfnEventBus)

    resource.name = "by-hand"

    synthesize().has_resource_properties("AWS::Events::EventBus", {"Name": "by-hand"})


# ── A customer key ───────────────────────────────────────────────────────────────────────────────


def test_without_a_customer_key_there_is_no_dead_letter_queue(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    bus = AppEventBus(stack, "Bus")

    assert bus.dead_letter_queue is None
    assert "DeadLetterConfig" not in properties_of(synthesize(), "AWS::Events::EventBus")


def test_a_customer_key_encrypts_bus_archive_and_log(
    stack: Stack, key: kms.Key, synthesize: Callable[[], Template]
) -> None:
    AppEventBus(stack, "Bus", kms_key=key)

    template = synthesize()
    key_arn = stack.resolve(key.key_arn)
    assert properties_of(template, "AWS::Events::EventBus")["KmsKeyIdentifier"] == key_arn
    assert properties_of(template, "AWS::Events::Archive")["KmsKeyIdentifier"] == key_arn
    assert properties_of(template, "AWS::Logs::LogGroup")["KmsKeyId"] == key_arn


def test_the_dead_letter_queue_of_an_encrypted_bus_outlives_the_key(
    stack: Stack, key: kms.Key, synthesize: Callable[[], Template]
) -> None:
    bus = AppEventBus(stack, "Bus", kms_key=key)

    assert bus.dead_letter_queue is not None
    template = synthesize()
    queue = properties_of(template, "AWS::SQS::Queue")
    assert queue["SqsManagedSseEnabled"] is True
    assert "KmsMasterKeyId" not in queue
    arn = stack.resolve(bus.dead_letter_queue.queue_arn)
    assert properties_of(template, "AWS::Events::EventBus")["DeadLetterConfig"] == {"Arn": arn}


def test_only_the_bus_may_send_to_its_dead_letter_queue(
    stack: Stack, key: kms.Key, synthesize: Callable[[], Template]
) -> None:
    AppEventBus(stack, "Bus", kms_key=key)

    template = synthesize()
    name = properties_of(template, "AWS::Events::EventBus")["Name"]
    statements = properties_of(template, "AWS::SQS::QueuePolicy")["PolicyDocument"]["Statement"]
    (allowed,) = (statement for statement in statements if statement["Effect"] == "Allow")
    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    assert allowed["Action"] == "sqs:SendMessage"
    source = allowed["Condition"]["ArnEquals"]["aws:SourceArn"]
    assert source["Fn::Join"][1][-1] == f":event-bus/{name}"


def test_eventbridge_may_use_the_key_for_this_bus_only(
    stack: Stack, key: kms.Key, synthesize: Callable[[], Template]
) -> None:
    AppEventBus(stack, "Bus", kms_key=key, log_level=events.Level.OFF)

    template = synthesize()
    name = properties_of(template, "AWS::Events::EventBus")["Name"]
    for statement in key_statements(template):
        assert statement["Principal"] == {"Service": "events.amazonaws.com"}
        if statement["Action"] != "kms:DescribeKey":
            context = statement["Condition"]["StringEquals"][
                "kms:EncryptionContext:aws:events:event-bus:arn"
            ]
            assert context["Fn::Join"][1][-1] == f":event-bus/{name}"


def test_eventbridge_may_look_the_key_up_without_an_encryption_context(
    stack: Stack, key: kms.Key, synthesize: Callable[[], Template]
) -> None:
    AppEventBus(stack, "Bus", kms_key=key, archive_retention_days=None)

    assert {
        "Action": "kms:DescribeKey",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Resource": "*",
    } in key_statements(synthesize())


def test_a_key_and_queue_of_another_stack_make_no_cycle() -> None:
    app = App()
    keys = Stack(app, "Keys")
    key = kms.Key(keys, "Key")
    queue = sqs.Queue(keys, "Queue", encryption_master_key=key)

    bus = AppEventBus(Stack(app, "Bus"), "Bus", kms_key=key, dead_letter_queue=queue)

    app.synth()
    assert keys.dependencies == []
    assert bus.dead_letter_queue is queue


def test_a_brought_dead_letter_queue_is_used_and_its_key_opened_to_the_bus(
    stack: Stack, key: kms.Key, synthesize: Callable[[], Template]
) -> None:
    queue = sqs.Queue(stack, "Queue", encryption_master_key=key)

    AppEventBus(stack, "Bus", dead_letter_queue=queue)

    template = synthesize()
    name = properties_of(template, "AWS::Events::EventBus")["Name"]
    arn = stack.resolve(queue.queue_arn)
    assert properties_of(template, "AWS::Events::EventBus")["DeadLetterConfig"] == {"Arn": arn}
    (statement,) = key_statements(template)
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    source = statement["Condition"]["ArnEquals"]["aws:SourceArn"]
    assert source["Fn::Join"][1][-1] == f":event-bus/{name}"


def test_a_fifo_dead_letter_queue_is_refused(stack: Stack) -> None:
    queue = sqs.Queue(stack, "Queue", fifo=True)

    with pytest.raises(ConfigError, match="dead_letter_queue must be a standard queue"):
        AppEventBus(stack, "Bus", dead_letter_queue=queue)


def test_an_imported_key_brings_warnings_of_what_it_must_allow(stack: Stack) -> None:
    key = kms.Key.from_key_arn(stack, "Key", IMPORTED_KEY_ARN)

    AppEventBus(stack, "Bus", kms_key=key)

    found = Annotations.from_stack(stack)
    for principal in ("events.amazonaws.com", "delivery.logs.amazonaws.com"):
        message = f"is not of this app: let {principal} use"
        assert found.find_warning("*", Match.string_like_regexp(message))


# ── Who may publish ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("sources", [[], "billing"])
def test_publishing_without_a_list_of_sources_is_refused(
    stack: Stack, sources: list[str] | str
) -> None:
    bus = AppEventBus(stack, "Bus")
    publisher = iam.Role(stack, "Publisher", assumed_by=iam.AccountRootPrincipal())

    with pytest.raises(ConfigError, match="sources must be a list"):
        bus.grant_publish(publisher, sources=sources)


def test_other_accounts_may_publish_named_sources_and_detail_types(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    bus = AppEventBus(stack, "Bus")

    bus.allow_publish_from_accounts(
        "Billing", accounts=["111122223333"], sources=["billing"], detail_types=["InvoicePaid"]
    )

    policy = properties_of(synthesize(), "AWS::Events::EventBusPolicy")
    assert policy["EventBusName"] == stack.resolve(bus.event_bus.event_bus_name)
    statement = policy["Statement"]
    assert policy["StatementId"] == statement["Sid"] == "Billing"
    assert statement["Principal"]["AWS"]["Fn::Join"][1][-1] == ":iam::111122223333:root"
    assert statement["Action"] == "events:PutEvents"
    assert statement["Resource"] == stack.resolve(bus.event_bus.event_bus_arn)
    assert statement["Condition"] == {
        "ForAllValues:StringEquals": {
            "events:source": ["billing"],
            "events:detail-type": ["InvoicePaid"],
        },
        "Null": {"events:source": "false", "events:detail-type": "false"},
    }


def test_an_organization_may_publish_and_nobody_outside_it(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    bus = AppEventBus(stack, "Bus")

    bus.allow_publish_from_organization(
        "Company", organization_id="o-a1b2c3d4e5", sources=["billing"]
    )

    statement = properties_of(synthesize(), "AWS::Events::EventBusPolicy")["Statement"]
    assert statement["Principal"] == {"AWS": "*"}
    assert statement["Condition"] == {
        "StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
        "ForAllValues:StringEquals": {"events:source": ["billing"]},
        "Null": {"events:source": "false"},
    }


def test_a_bus_has_as_many_statements_as_it_is_given(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    bus = AppEventBus(stack, "Bus")

    bus.allow_publish_from_accounts("First", accounts=["111122223333"], sources=["billing"])
    bus.allow_publish_from_accounts("Second", accounts=["444455556666"], sources=["shipping"])

    synthesize().resource_count_is("AWS::Events::EventBusPolicy", 2)


def test_an_account_known_only_at_deployment_may_publish(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    account = Token.as_string({"Ref": "Account"})

    AppEventBus(stack, "Bus").allow_publish_from_accounts(
        "Billing", accounts=[account], sources=["billing"]
    )

    statement = properties_of(synthesize(), "AWS::Events::EventBusPolicy")["Statement"]
    assert {"Ref": "Account"} in statement["Principal"]["AWS"]["Fn::Join"][1]


@pytest.mark.parametrize(
    ("id_", "accounts", "sources", "detail_types", "message"),
    [
        ("Billing", [], ["billing"], None, "accounts must be a list of at least one, got"),
        ("Billing", "111122223333", ["billing"], None, "accounts must be a list of at least one"),
        ("Billing", ["*"], ["billing"], None, "accounts must be account ids of twelve digits"),
        ("Billing", ["111122223333"], [], None, "sources must be a list of at least one"),
        ("Billing", ["111122223333"], ["billing"], [], "detail_types must be a list"),
        ("Bill ing", ["111122223333"], ["billing"], None, "id_ must be 1 to 64 letters, digits"),
    ],
)
def test_a_statement_that_allows_too_much_or_nothing_is_refused(
    stack: Stack,
    id_: str,
    accounts: list[str],
    sources: list[str],
    detail_types: list[str] | None,
    message: str,
) -> None:
    bus = AppEventBus(stack, "Bus")

    with pytest.raises(ConfigError, match=message):
        bus.allow_publish_from_accounts(
            id_, accounts=accounts, sources=sources, detail_types=detail_types
        )


@pytest.mark.parametrize("organization_id", ["*", "o-short", "111122223333", ""])
def test_what_is_no_organization_is_refused(stack: Stack, organization_id: str) -> None:
    bus = AppEventBus(stack, "Bus")

    with pytest.raises(ConfigError, match="organization_id must be 'o-' and 10 to 32"):
        bus.allow_publish_from_organization(
            "Company", organization_id=organization_id, sources=["billing"]
        )
