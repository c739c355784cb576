"""Versions of a workflow, and the alias that callers start."""

from collections.abc import Sequence
from typing import Literal

from aws_cdk import CfnDeletionPolicy, Token
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from constructs_lib.orchestration.workflow import Workflow
from constructs_lib.validation import ConfigError, require_between, require_match

# Source: AWS CloudFormation resource reference, AWS::StepFunctions::StateMachineAlias
# DeploymentPreference (read 2026-11-23).
_LONGEST_INTERVAL_MINUTES = 2100
_LARGEST_PERCENTAGE = 99
_MOST_ALARMS = 100


class WorkflowRelease(Construct):
    """Publish each change of a workflow as a version, and lead an alias to it at once or slowly.

    Creates a version and an alias; ``workflow`` and ``alarms`` stay the caller's. Whoever starts
    ``alias_arn`` runs a published version; whoever starts the state machine itself runs the newest
    definition, without a version. An execution keeps its version to the end.

    The version names the workflow's revision (``Fn::GetAtt … StateMachineRevisionId``), which AWS
    renews whenever the definition or the configuration changes and at no other time, so that a
    deployment publishes a version when, and only when, it changes the workflow. Earlier versions
    are retained for what still runs and for a way back; AWS deletes them with the state machine.
    It keeps 1,000 versions of a state machine: delete those that no alias needs before that.

    A version keeps its definition and its role, not what the role may do. While traffic shifts, and
    until the last execution of an earlier version has ended, that version runs with the rights of
    the new definition. Pass the rights that the new definition does without as ``earlier_rights``,
    and drop them once nothing uses them.

    Args:
        workflow: The workflow whose changes are released; one release each, because AWS publishes
            a revision once.
        alias_name: Last part of ``alias_arn``: 1 to 80 letters, digits, dots, hyphens or
            underscores, with one that is no digit.
        deployment_type: How new executions move to a new version: ALL_AT_ONCE; CANARY,
            ``percentage`` of them first and the others after ``interval_minutes``; LINEAR,
            ``percentage`` more of them every ``interval_minutes``. The stack's update lasts until
            all have moved.
        interval_minutes: 1 to 2,100, for CANARY and LINEAR.
        percentage: 1 to 99, for CANARY and LINEAR.
        alarms: Up to 100; one that goes off while traffic shifts leads the alias back to the
            version before and rolls the stack back.
        earlier_rights: What executions of earlier versions may still do, added to the workflow's
            role.
    Raises:
        ConfigError: A number or the name is out of range, or ``interval_minutes`` and
            ``percentage`` do not fit ``deployment_type``.
    Source: Step Functions developer guide, "Manage continuous deployments with versions and
        aliases", "Authorization for versions and aliases"; AWS CloudFormation resource reference,
        AWS::StepFunctions::StateMachineVersion and StateMachineAlias (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        workflow: Workflow,
        alias_name: str = "live",
        deployment_type: Literal["ALL_AT_ONCE", "CANARY", "LINEAR"] = "ALL_AT_ONCE",
        interval_minutes: int | None = None,
        percentage: int | None = None,
        alarms: Sequence[cloudwatch.IAlarm] = (),
        earlier_rights: Sequence[iam.PolicyStatement] = (),
    ) -> None:
        require_match(
            "alias_name",
            alias_name,
            r"(?=.*[a-zA-Z_\-.])[a-zA-Z0-9_\-.]{1,80}",
            rule="be 1 to 80 letters, digits, dots, hyphens or underscores and no number",
            remedy="name what the alias is for, for example 'live'",
        )
        _require_deployment(deployment_type, interval_minutes, percentage)
        if len(alarms) > _MOST_ALARMS:
            raise ConfigError(
                f"alarms must be at most {_MOST_ALARMS}, got {len(alarms)}; "
                "pass one composite alarm instead"
            )
        super().__init__(scope, id_)
        self.workflow = workflow
        self.alias_name = alias_name
        for statement in earlier_rights:
            workflow.state_machine.add_to_role_policy(statement)
        self.version = sfn.CfnStateMachineVersion(
            self,
            "Version",
            state_machine_arn=workflow.state_machine.state_machine_arn,
            state_machine_revision_id=workflow.state_machine.state_machine_revision_id,
        )
        self.version.cfn_options.deletion_policy = CfnDeletionPolicy.RETAIN
        self.version.cfn_options.update_replace_policy = CfnDeletionPolicy.RETAIN
        self.alias = sfn.CfnStateMachineAlias(
            self,
            "Resource",
            name=alias_name,
            deployment_preference=sfn.CfnStateMachineAlias.DeploymentPreferenceProperty(
                state_machine_version_arn=self.version.ref,
                type=deployment_type,
                interval=interval_minutes,
                percentage=percentage,
                # Names, not ARNs: AWS takes an alarm that it does not find for one that is fine.
                alarms=[alarm.alarm_name for alarm in alarms] or None,
            ),
        )

    @property
    def alias_arn(self) -> str:
        """The ARN to start: the state machine's, and the alias's name."""
        return self.alias.ref

    def grant_start_execution(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let ``grantee`` start executions through this alias, and in no other way.

        IAM compares the ARN of the state machine, not the alias's; the name of the alias is a
        condition.
        """
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["states:StartExecution"],
            resource_arns=[self.workflow.state_machine.state_machine_arn],
            conditions={
                "ForAnyValue:StringEquals": {"states:StateMachineQualifier": [self.alias_name]}
            },
            scope=self,
        )


def _require_deployment(
    deployment_type: str, interval_minutes: int | None, percentage: int | None
) -> None:
    if Token.is_unresolved(deployment_type):
        return
    if deployment_type not in ("ALL_AT_ONCE", "CANARY", "LINEAR"):
        raise ConfigError(
            f"deployment_type must be ALL_AT_ONCE, CANARY or LINEAR, got {deployment_type!r}; "
            "ALL_AT_ONCE moves every new execution to the new version"
        )
    gradual = deployment_type != "ALL_AT_ONCE"
    for argument, value, maximum in (
        ("interval_minutes", interval_minutes, _LONGEST_INTERVAL_MINUTES),
        ("percentage", percentage, _LARGEST_PERCENTAGE),
    ):
        if gradual and value is not None:
            require_between(argument, value, 1, maximum, remedy="a shift takes two steps or more")
        elif gradual or value is not None:
            raise ConfigError(
                f"{argument} must be {'set' if gradual else 'left out'} with {deployment_type}, "
                f"got {value!r}; CANARY and LINEAR shift by steps, ALL_AT_ONCE has none"
            )
