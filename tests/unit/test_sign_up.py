import dataclasses
import json
from collections.abc import Callable

import pytest
from aws_cdk import Duration, RemovalPolicy, Stack, Token
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Match, Template

from constructs_lib.orchestration import MailTemplate, SignUpMail, SignUpWorkflow
from constructs_lib.templates.state_machines import state_machine_definition, state_machine_ids
from constructs_lib.validation import ConfigError


def _definition(template: Template) -> dict[str, object]:
    """The sign-up's own definition; the confirmation's comes after it."""
    document = template.to_json()
    logical_id = state_machine_ids(document)[0]
    return dict(state_machine_definition(document, logical_id, substitutions={}, placeholders=True))


def test_a_sign_up_workflow_is_standard_traced_and_logged_without_personal_data(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    SignUpWorkflow(stack, "SignUp", event_bus=event_bus)

    template = synthesize()
    template.has_resource_properties(
        "AWS::StepFunctions::StateMachine",
        {
            "StateMachineType": "STANDARD",
            "TracingConfiguration": {"Enabled": True},
            "LoggingConfiguration": {
                "Level": "ALL",
                "IncludeExecutionData": False,
                "Destinations": Match.any_value(),
            },
        },
    )
    template.has_resource_properties(
        "AWS::Logs::LogGroup",
        {"LogGroupName": Match.string_like_regexp("^/aws/vendedlogs/states/.+")},
    )


def test_users_and_identities_made_here_are_kept_when_the_stack_goes(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    SignUpWorkflow(stack, "SignUp", event_bus=event_bus)

    template = synthesize()
    template.has_resource("AWS::DynamoDB::Table", {"DeletionPolicy": "Retain"})
    template.has_resource("AWS::Cognito::UserPool", {"DeletionPolicy": "Retain"})


def test_nobody_signs_up_past_the_workflow(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    SignUpWorkflow(stack, "SignUp", event_bus=event_bus)

    synthesize().has_resource_properties(
        "AWS::Cognito::UserPool", {"AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True}}
    )


def test_every_argument_reaches_the_template(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    table = dynamodb.Table.from_table_name(stack, "CallersTable", "callers-users")
    pool = cognito.UserPool.from_user_pool_id(stack, "CallersPool", "us-east-1_callers")

    workflow = SignUpWorkflow(
        stack,
        "SignUp",
        event_bus=event_bus,
        event_source="members/sign-up",
        table=table,
        user_pool=pool,
        mail=SignUpMail(
            sender="hello@example.com",
            confirmation_timeout=Duration.hours(2),
            confirmation=MailTemplate(subject="Code", text="{name}: {code}"),
            welcome=MailTemplate(subject="Hi {name}", text="Hi"),
        ),
        failure_topic=sns.Topic.from_topic_arn(
            stack, "CallersTopic", "arn:aws:sns:us-east-1:123456789012:operators"
        ),
        removal_policy=RemovalPolicy.DESTROY,
    )

    assert workflow.table is table
    assert workflow.user_pool is pool
    template = synthesize()
    template.resource_count_is("AWS::DynamoDB::Table", 0)
    template.resource_count_is("AWS::Cognito::UserPool", 0)
    definition = json.dumps(_definition(template))
    assert '"TimeoutSeconds": 7200' in definition
    assert '"FromEmailAddress": "hello@example.com"' in definition
    assert r'"Data": "{% $name & \": \" & $code %}"' in definition
    assert r'"Data": "{% \"Hi \" & $name %}"' in definition
    assert '"TopicArn": "arn:aws:sns:us-east-1:123456789012:operators"' in definition
    assert '"TableName": "callers-users"' in definition
    assert '"UserPoolId": "us-east-1_callers"' in definition
    assert '"Source": "members/sign-up"' in definition


def test_what_is_made_here_can_go_with_the_stack(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    SignUpWorkflow(stack, "SignUp", event_bus=event_bus, removal_policy=RemovalPolicy.DESTROY)

    template = synthesize()
    template.has_resource("AWS::DynamoDB::Table", {"DeletionPolicy": "Delete"})
    template.has_resource("AWS::Cognito::UserPool", {"DeletionPolicy": "Delete"})


@pytest.mark.parametrize("event_source", ["", "aws.signup", "sign up", "x" * 257])
def test_an_event_source_that_eventbridge_refuses_is_refused(
    stack: Stack, event_bus: events.IEventBus, event_source: str
) -> None:
    with pytest.raises(ConfigError, match="event_source must be 1 to 256 letters"):
        SignUpWorkflow(stack, "SignUp", event_bus=event_bus, event_source=event_source)


def test_an_event_source_known_only_at_deployment_passes(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    source = Token.as_string({"Ref": "AWS::StackName"})

    SignUpWorkflow(stack, "SignUp", event_bus=event_bus, event_source=source)

    assert '"Source": "${AWS::StackName}"' in json.dumps(_definition(synthesize()))


def test_without_mail_nobody_is_asked_to_confirm(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    workflow = SignUpWorkflow(stack, "SignUp", event_bus=event_bus)

    assert workflow.confirm_email is None
    template = synthesize()
    template.resource_count_is("AWS::StepFunctions::StateMachine", 1)
    assert "sesv2" not in json.dumps(_definition(template))


@pytest.mark.parametrize(("confirms", "welcomes"), [(True, False), (False, True)])
def test_confirmation_and_welcome_can_be_had_one_without_the_other(
    stack: Stack,
    event_bus: events.IEventBus,
    synthesize: Callable[[], Template],
    confirms: bool,
    welcomes: bool,
) -> None:
    mail = SignUpMail(sender="hello@example.com")
    if not confirms:
        mail = dataclasses.replace(mail, confirmation=None)
    if not welcomes:
        mail = dataclasses.replace(mail, welcome=None)

    workflow = SignUpWorkflow(stack, "SignUp", event_bus=event_bus, mail=mail)

    assert (workflow.confirm_email is not None) is confirms
    definition = json.dumps(_definition(synthesize()))
    assert ("Wait for confirmation" in definition) is confirms
    assert ("Mail welcome" in definition) is welcomes


def test_the_roles_name_every_resource_but_those_that_aws_has_no_name_for(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    mail = SignUpMail(sender="hello@example.com")
    SignUpWorkflow(stack, "SignUp", event_bus=event_bus, mail=mail)

    named = {
        action: statement["Resource"]
        for policy in synthesize().find_resources("AWS::IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        for action in (
            statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        )
        if not action.startswith(("logs:", "xray:"))
    }
    assert sorted(named) == [
        "cognito-idp:AdminCreateUser",
        "cognito-idp:AdminDeleteUser",
        "cognito-idp:AdminUpdateUserAttributes",
        "dynamodb:DeleteItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "events:PutEvents",
        "ses:SendEmail",
        "states:SendTaskSuccess",
    ]
    assert "*" not in named.values()


@pytest.mark.parametrize(("identity", "named"), [(None, "*"), ("example.com", "example.com")])
def test_mail_may_use_any_identity_unless_one_is_named_and_come_from_the_sender_alone(
    stack: Stack,
    event_bus: events.IEventBus,
    synthesize: Callable[[], Template],
    identity: str | None,
    named: str,
) -> None:
    mail = SignUpMail(sender="hello@example.com", identity=identity)
    SignUpWorkflow(stack, "SignUp", event_bus=event_bus, mail=mail)

    arn = stack.resolve(
        f"arn:{stack.partition}:ses:{stack.region}:{stack.account}:identity/{named}"
    )
    assert [
        statement
        for policy in synthesize().find_resources("AWS::IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "ses:SendEmail" in statement["Action"]
    ] == [
        {"Effect": "Allow", "Action": "ses:SendEmail", "Resource": arn},
        {
            "Effect": "Deny",
            "Action": "ses:SendEmail",
            "Resource": arn,
            "Condition": {"StringNotEqualsIgnoreCase": {"ses:FromAddress": "hello@example.com"}},
        },
    ]


def test_confirming_is_granted_on_the_confirmation_alone(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    mail = SignUpMail(sender="hello@example.com")
    confirm_email = SignUpWorkflow(stack, "SignUp", event_bus=event_bus, mail=mail).confirm_email
    assert confirm_email is not None
    caller = iam.Role(stack, "Caller", assumed_by=iam.AccountRootPrincipal())

    grant = confirm_email.grant_confirm(caller)

    assert grant.success
    synthesize().has_resource_properties(
        "AWS::IAM::Policy",
        {
            "Roles": [stack.resolve(caller.role_name)],
            "PolicyDocument": {
                "Statement": [
                    {
                        "Action": "states:StartSyncExecution",
                        "Effect": "Allow",
                        "Resource": stack.resolve(confirm_email.state_machine.state_machine_arn),
                    }
                ]
            },
        },
    )


def test_starting_is_granted_on_this_workflow(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    workflow = SignUpWorkflow(stack, "SignUp", event_bus=event_bus)
    caller = iam.Role(stack, "Caller", assumed_by=iam.AccountRootPrincipal())

    grant = workflow.grant_start_execution(caller)

    assert grant.success
    synthesize().has_resource_properties(
        "AWS::IAM::Policy",
        {
            "Roles": [stack.resolve(caller.role_name)],
            "PolicyDocument": {
                "Statement": [
                    {
                        "Action": "states:StartExecution",
                        "Effect": "Allow",
                        "Resource": stack.resolve(workflow.state_machine.state_machine_arn),
                    }
                ]
            },
        },
    )


def test_two_sign_up_workflows_fit_in_one_stack(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    SignUpWorkflow(stack, "Members", event_bus=event_bus)
    SignUpWorkflow(stack, "Guests", event_bus=event_bus)

    synthesize().resource_count_is("AWS::StepFunctions::StateMachine", 2)
