from collections.abc import Callable

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Match, Template

from constructs_lib.observability import AlarmTopic


def test_the_topic_is_encrypted_with_a_key_of_its_own_that_is_rotated(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    alarms = AlarmTopic(stack, "Alarms")

    template = synthesize()
    template.has_resource_properties(
        "AWS::SNS::Topic",
        {"KmsMasterKeyId": stack.resolve(alarms.encryption_key.key_arn)},
    )
    template.has_resource(
        "AWS::KMS::Key",
        {"Properties": {"EnableKeyRotation": True}, "DeletionPolicy": "Delete"},
    )


def test_the_key_lets_alarms_in_which_the_key_that_aws_manages_does_not(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    AlarmTopic(stack, "Alarms")

    synthesize().has_resource_properties(
        "AWS::KMS::Key",
        {
            "KeyPolicy": {
                "Statement": Match.array_with(
                    [
                        {
                            "Sid": "AlarmsEncrypt",
                            "Effect": "Allow",
                            "Principal": {"Service": "cloudwatch.amazonaws.com"},
                            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                            "Resource": "*",
                        }
                    ]
                )
            }
        },
    )


def test_the_alarms_of_this_account_and_region_may_publish_and_nothing_over_plain_http(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    alarms = AlarmTopic(stack, "Alarms")

    any_alarm = stack.resolve(
        f"arn:{stack.partition}:cloudwatch:{stack.region}:{stack.account}:alarm:*"
    )
    synthesize().has_resource_properties(
        "AWS::SNS::TopicPolicy",
        {
            "Topics": [stack.resolve(alarms.topic.topic_arn)],
            "PolicyDocument": {
                "Statement": [
                    Match.object_like(
                        {
                            "Effect": "Deny",
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }
                    ),
                    {
                        "Sid": "AlarmsOfThisAccount",
                        "Effect": "Allow",
                        "Principal": {"Service": "cloudwatch.amazonaws.com"},
                        "Action": "sns:Publish",
                        "Resource": stack.resolve(alarms.topic.topic_arn),
                        "Condition": {
                            "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
                            "ArnLike": {"aws:SourceArn": any_alarm},
                        },
                    },
                ]
            },
        },
    )


def test_a_key_of_the_callers_is_used_and_let_in(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    key = kms.Key(stack, "Key")

    alarms = AlarmTopic(stack, "Alarms", encryption_key=key)

    assert alarms.encryption_key is key
    template = synthesize()
    template.resource_count_is("AWS::KMS::Key", 1)
    template.has_resource_properties(
        "AWS::KMS::Key",
        {
            "KeyPolicy": {
                "Statement": Match.array_with([Match.object_like({"Sid": "AlarmsEncrypt"})])
            }
        },
    )


def test_an_imported_key_is_used_and_its_policy_left_alone(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    arn = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"

    AlarmTopic(stack, "Alarms", encryption_key=kms.Key.from_key_arn(stack, "Key", arn))

    template = synthesize()
    template.resource_count_is("AWS::KMS::Key", 0)
    template.has_resource_properties("AWS::SNS::Topic", {"KmsMasterKeyId": arn})


def test_a_key_can_be_kept_when_the_stack_is_deleted(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    AlarmTopic(stack, "Alarms", removal_policy=RemovalPolicy.RETAIN)

    synthesize().has_resource("AWS::KMS::Key", {"DeletionPolicy": "Retain"})


def test_two_topics_fit_in_one_stack(stack: Stack, synthesize: Callable[[], Template]) -> None:
    for id_ in ("First", "Second"):
        AlarmTopic(stack, id_)

    synthesize().resource_count_is("AWS::SNS::Topic", 2)


def test_the_topic_can_be_changed_behind_the_construct(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    alarms = AlarmTopic(stack, "Alarms")
    resource = alarms.topic.node.default_child
    assert isinstance(resource, sns.CfnTopic)

    resource.display_name = "Operations"

    synthesize().has_resource_properties("AWS::SNS::Topic", {"DisplayName": "Operations"})
