from collections.abc import Callable
from typing import Literal

import pytest
from aws_cdk import Stack, Token
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Match, Template

from constructs_lib.orchestration.workflow import Workflow
from constructs_lib.orchestration.workflow_release import WorkflowRelease
from constructs_lib.validation import ConfigError

_ALIAS = "AWS::StepFunctions::StateMachineAlias"
_VERSION = "AWS::StepFunctions::StateMachineVersion"


@pytest.fixture
def workflow(stack: Stack) -> Workflow:
    return Workflow(stack, "Workflow", definition=sfn.Pass.jsonata(stack, "Do"))


def _alarm(stack: Stack, id_: str) -> cloudwatch.IAlarm:
    arn = f"arn:aws:cloudwatch:us-east-1:123456789012:alarm:{id_}"
    return cloudwatch.Alarm.from_alarm_arn(stack, id_, arn)


def test_the_alias_live_leads_to_the_version_at_once(
    stack: Stack, workflow: Workflow, synthesize: Callable[[], Template]
) -> None:
    release = WorkflowRelease(stack, "Release", workflow=workflow)

    assert stack.resolve(release.alias_arn) == stack.resolve(release.alias.ref)
    synthesize().has_resource_properties(
        _ALIAS,
        {
            "Name": "live",
            "RoutingConfiguration": Match.absent(),
            "DeploymentPreference": {
                "Type": "ALL_AT_ONCE",
                "StateMachineVersionArn": stack.resolve(release.version.ref),
                "Interval": Match.absent(),
                "Percentage": Match.absent(),
                "Alarms": Match.absent(),
            },
        },
    )


def test_a_version_belongs_to_a_revision_so_that_each_change_makes_one(
    stack: Stack, workflow: Workflow, synthesize: Callable[[], Template]
) -> None:
    WorkflowRelease(stack, "Release", workflow=workflow)

    machine = stack.resolve(workflow.state_machine.state_machine_arn)
    synthesize().has_resource_properties(
        _VERSION,
        {
            "StateMachineArn": machine,
            "StateMachineRevisionId": {"Fn::GetAtt": [machine["Ref"], "StateMachineRevisionId"]},
        },
    )


def test_earlier_versions_are_kept(
    stack: Stack, workflow: Workflow, synthesize: Callable[[], Template]
) -> None:
    WorkflowRelease(stack, "Release", workflow=workflow)

    synthesize().has_resource(
        _VERSION, {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    )


@pytest.mark.parametrize("deployment_type", ["CANARY", "LINEAR"])
def test_every_argument_reaches_the_template(
    stack: Stack,
    workflow: Workflow,
    synthesize: Callable[[], Template],
    deployment_type: Literal["CANARY", "LINEAR"],
) -> None:
    WorkflowRelease(
        stack,
        "Release",
        workflow=workflow,
        alias_name="v2.stable",
        deployment_type=deployment_type,
        interval_minutes=10,
        percentage=20,
        alarms=[_alarm(stack, "failures"), _alarm(stack, "delays")],
        earlier_rights=[
            iam.PolicyStatement(
                actions=["sqs:SendMessage"], resources=["arn:aws:sqs:us-east-1:123456789012:old"]
            )
        ],
    )

    template = synthesize()
    template.has_resource_properties(
        _ALIAS,
        {
            "Name": "v2.stable",
            "DeploymentPreference": {
                "Type": deployment_type,
                "Interval": 10,
                "Percentage": 20,
                "Alarms": ["failures", "delays"],
            },
        },
    )
    template.has_resource_properties(
        "AWS::IAM::Policy",
        {
            "Roles": [stack.resolve(workflow.state_machine.role.role_name)],
            "PolicyDocument": {
                "Statement": Match.array_with(
                    [
                        {
                            "Action": "sqs:SendMessage",
                            "Effect": "Allow",
                            "Resource": "arn:aws:sqs:us-east-1:123456789012:old",
                        }
                    ]
                )
            },
        },
    )


def test_values_known_only_at_deployment_pass(
    stack: Stack, workflow: Workflow, synthesize: Callable[[], Template]
) -> None:
    WorkflowRelease(
        stack,
        "Release",
        workflow=workflow,
        alias_name=Token.as_string({"Ref": "AWS::StackName"}),
        deployment_type="LINEAR",
        interval_minutes=Token.as_number({"Ref": "Interval"}),  # type: ignore[arg-type]  # CDK types number tokens as float
        percentage=Token.as_number({"Ref": "Percentage"}),  # type: ignore[arg-type]  # as above
    )

    synthesize().has_resource_properties(
        _ALIAS,
        {
            "Name": {"Ref": "AWS::StackName"},
            "DeploymentPreference": {
                "Interval": {"Ref": "Interval"},
                "Percentage": {"Ref": "Percentage"},
            },
        },
    )


def test_the_releases_of_two_workflows_fit_in_one_stack(
    stack: Stack, workflow: Workflow, synthesize: Callable[[], Template]
) -> None:
    other = Workflow(stack, "Other", definition=sfn.Pass.jsonata(stack, "Do otherwise"))

    WorkflowRelease(stack, "Release", workflow=workflow)
    WorkflowRelease(stack, "OtherRelease", workflow=other)

    synthesize().resource_count_is(_ALIAS, 2)


def test_the_l1_alias_stays_open_to_escape_hatches(
    stack: Stack, workflow: Workflow, synthesize: Callable[[], Template]
) -> None:
    resource = WorkflowRelease(stack, "Release", workflow=workflow).node.default_child
    assert isinstance(resource, sfn.CfnStateMachineAlias)

    resource.add_property_override("Description", "by hand")

    synthesize().has_resource_properties(_ALIAS, {"Description": "by hand"})


def test_starting_is_granted_through_this_alias_and_in_no_other_way(
    stack: Stack, workflow: Workflow, synthesize: Callable[[], Template]
) -> None:
    caller = iam.Role(stack, "Caller", assumed_by=iam.AccountRootPrincipal())

    grant = WorkflowRelease(stack, "Release", workflow=workflow).grant_start_execution(caller)

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
                        "Condition": {
                            "ForAnyValue:StringEquals": {"states:StateMachineQualifier": ["live"]}
                        },
                    }
                ]
            },
        },
    )


@pytest.mark.parametrize("alias_name", ["", "7", "live alias", "x" * 81])
def test_an_alias_name_that_aws_refuses_is_refused(
    stack: Stack, workflow: Workflow, alias_name: str
) -> None:
    with pytest.raises(ConfigError, match="alias_name must be 1 to 80 letters"):
        WorkflowRelease(stack, "Release", workflow=workflow, alias_name=alias_name)


@pytest.mark.parametrize(
    ("interval_minutes", "percentage", "refused"),
    [
        (0, 10, "interval_minutes must be between 1 and 2100"),
        (2101, 10, "interval_minutes must be between 1 and 2100"),
        (10, 0, "percentage must be between 1 and 99"),
        (10, 100, "percentage must be between 1 and 99"),
        (None, 10, "interval_minutes must be set with CANARY"),
        (10, None, "percentage must be set with CANARY"),
    ],
)
def test_a_shift_by_steps_needs_an_interval_and_a_percentage_in_range(
    stack: Stack,
    workflow: Workflow,
    interval_minutes: int | None,
    percentage: int | None,
    refused: str,
) -> None:
    with pytest.raises(ConfigError, match=refused):
        WorkflowRelease(
            stack,
            "Release",
            workflow=workflow,
            deployment_type="CANARY",
            interval_minutes=interval_minutes,
            percentage=percentage,
        )


def test_a_shift_at_once_has_no_interval_and_no_percentage(
    stack: Stack, workflow: Workflow
) -> None:
    with pytest.raises(ConfigError, match="interval_minutes must be left out with ALL_AT_ONCE"):
        WorkflowRelease(stack, "Minutes", workflow=workflow, interval_minutes=5)
    with pytest.raises(ConfigError, match="percentage must be left out with ALL_AT_ONCE"):
        WorkflowRelease(stack, "Percentage", workflow=workflow, percentage=5)


def test_an_unknown_deployment_type_is_refused(stack: Stack, workflow: Workflow) -> None:
    with pytest.raises(ConfigError, match="deployment_type must be ALL_AT_ONCE, CANARY or LINEAR"):
        WorkflowRelease(stack, "Release", workflow=workflow, deployment_type="BLUE_GREEN")  # type: ignore[arg-type]  # what an untyped caller may pass


def test_more_alarms_than_aws_watches_are_refused(stack: Stack, workflow: Workflow) -> None:
    alarms = [_alarm(stack, "failures")] * 101

    with pytest.raises(ConfigError, match="alarms must be at most 100, got 101"):
        WorkflowRelease(stack, "Release", workflow=workflow, alarms=alarms)
