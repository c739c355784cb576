from collections.abc import Callable

import pytest
from aws_cdk import CfnParameter, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Match, Template

from constructs_lib.orchestration.workflow import Workflow
from constructs_lib.validation import ConfigError

EXPRESS = sfn.StateMachineType.EXPRESS
STANDARD = sfn.StateMachineType.STANDARD
_MACHINE = "AWS::StepFunctions::StateMachine"


def _pass(stack: Stack, name: str = "Do") -> sfn.Pass:
    return sfn.Pass.jsonata(stack, name)


# ── What is made ─────────────────────────────────────────────────────────────────────────────────


def test_a_workflow_is_standard_jsonata_traced_and_ends_after_five_minutes(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    Workflow(stack, "Workflow", definition=_pass(stack))

    synthesize().has_resource_properties(
        _MACHINE,
        {
            "StateMachineType": "STANDARD",
            "DefinitionString": '{"StartAt":"Do","States":{"Do":{"Type":"Pass","End":true}},'
            '"TimeoutSeconds":300,"QueryLanguage":"JSONata"}',
            "TracingConfiguration": {"Enabled": True},
            "EncryptionConfiguration": Match.absent(),
        },
    )


def test_every_event_is_logged_without_data_where_the_accounts_log_policy_does_not_overflow(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    Workflow(stack, "Workflow", definition=_pass(stack))

    template = synthesize()
    template.has_resource_properties(
        _MACHINE,
        {
            "LoggingConfiguration": {
                "Level": "ALL",
                "IncludeExecutionData": False,
                "Destinations": Match.any_value(),
            }
        },
    )
    template.has_resource_properties(
        "AWS::Logs::LogGroup",
        {"LogGroupName": Match.string_like_regexp("^/aws/vendedlogs/states/.+")},
    )


def test_every_argument_reaches_the_template(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    key = kms.Key(stack, "CallersKey")

    Workflow(
        stack,
        "Workflow",
        definition=sfn.Pass(stack, "Do"),
        query_language=sfn.QueryLanguage.JSON_PATH,
        workflow_type=EXPRESS,
        timeout=Duration.seconds(30),
        encryption_key=key,
        removal_policy=RemovalPolicy.RETAIN,
    )

    template = synthesize()
    template.has_resource(
        _MACHINE,
        {
            "DeletionPolicy": "Retain",
            "Properties": {
                "StateMachineType": "EXPRESS",
                "DefinitionString": Match.string_like_regexp(
                    '"TimeoutSeconds":30,"QueryLanguage":"JSONPath"'
                ),
                "EncryptionConfiguration": {
                    "Type": "CUSTOMER_MANAGED_KMS_KEY",
                    "KmsKeyId": stack.resolve(key.key_arn),
                },
            },
        },
    )
    template.has_resource("AWS::Logs::LogGroup", {"DeletionPolicy": "Retain"})


def test_state_machine_and_log_group_go_with_the_stack_by_default(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    Workflow(stack, "Workflow", definition=_pass(stack))

    template = synthesize()
    template.has_resource(_MACHINE, {"DeletionPolicy": "Delete"})
    template.has_resource("AWS::Logs::LogGroup", {"DeletionPolicy": "Delete"})


def test_two_workflows_of_one_stack_have_a_role_and_a_log_group_each(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    Workflow(stack, "First", definition=_pass(stack, "One"))
    Workflow(stack, "Second", definition=_pass(stack, "Two"), workflow_type=EXPRESS)

    template = synthesize()
    for type_name in (_MACHINE, "AWS::IAM::Role", "AWS::Logs::LogGroup"):
        template.resource_count_is(type_name, 2)
    machines = template.find_resources(_MACHINE).values()
    assert len({str(machine["Properties"]["RoleArn"]) for machine in machines}) == 2


def test_the_l1_state_machine_stays_open_to_escape_hatches(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    workflow = Workflow(stack, "Workflow", definition=_pass(stack))
    resource = workflow.state_machine.node.default_child
    assert isinstance(resource, sfn.CfnStateMachine)

    resource.add_property_override("StateMachineName", "by-hand")

    synthesize().has_resource_properties(_MACHINE, {"StateMachineName": "by-hand"})


# ── Encryption ───────────────────────────────────────────────────────────────────────────────────


def test_the_role_may_use_the_key_for_this_workflow_alone(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    key = kms.Key(stack, "CallersKey")

    workflow = Workflow(stack, "Workflow", definition=_pass(stack), encryption_key=key)

    synthesize().has_resource_properties(
        "AWS::IAM::Policy",
        {
            "Roles": [stack.resolve(workflow.state_machine.role.role_name)],
            "PolicyDocument": {
                "Statement": [
                    {
                        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                        "Effect": "Allow",
                        "Resource": stack.resolve(key.key_arn),
                        "Condition": {
                            "StringEquals": {
                                "kms:EncryptionContext:aws:states:stateMachineArn": stack.resolve(
                                    workflow.state_machine.state_machine_arn
                                )
                            }
                        },
                    }
                ]
            },
        },
    )


def test_canary_cdk_names_no_state_machine_in_its_own_grant_on_the_key(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    """Fails once CDK's condition holds the whole ARN: then drop our policy."""
    sfn.StateMachine(
        stack,
        "Plain",
        definition_body=sfn.DefinitionBody.from_chainable(_pass(stack)),
        encryption_configuration=sfn.CustomerManagedEncryptionConfiguration(kms.Key(stack, "Key")),
    )

    (policy,) = synthesize().find_resources("AWS::IAM::Policy").values()
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    (arn,) = statement["Condition"]["StringEquals"].values()
    assert arn["Fn::Join"][1][-1] == ":stateMachine:"


def test_log_delivery_may_read_what_the_key_encrypts(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    Workflow(
        stack, "Workflow", definition=_pass(stack), encryption_key=kms.Key(stack, "CallersKey")
    )

    synthesize().has_resource_properties(
        "AWS::KMS::Key",
        {
            "KeyPolicy": {
                "Statement": Match.array_with(
                    [
                        Match.object_like(
                            {
                                "Action": "kms:Decrypt*",
                                "Principal": {"Service": "delivery.logs.amazonaws.com"},
                            }
                        )
                    ]
                )
            }
        },
    )


# ── Grants ───────────────────────────────────────────────────────────────────────────────────────


def _caller_may(stack: Stack, caller: iam.Role, action: str, workflow: Workflow) -> object:
    return {
        "Roles": [stack.resolve(caller.role_name)],
        "PolicyDocument": {
            "Statement": [
                {
                    "Action": action,
                    "Effect": "Allow",
                    "Resource": stack.resolve(workflow.state_machine.state_machine_arn),
                }
            ]
        },
    }


def test_starting_is_granted_on_this_workflow(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    workflow = Workflow(stack, "Workflow", definition=_pass(stack))
    caller = iam.Role(stack, "Caller", assumed_by=iam.AccountRootPrincipal())

    grant = workflow.grant_start_execution(caller)

    assert grant.success
    expected = _caller_may(stack, caller, "states:StartExecution", workflow)
    synthesize().has_resource_properties("AWS::IAM::Policy", expected)


def test_calling_is_granted_on_this_express_workflow(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    workflow = Workflow(stack, "Workflow", definition=_pass(stack), workflow_type=EXPRESS)
    caller = iam.Role(stack, "Caller", assumed_by=iam.AccountRootPrincipal())

    grant = workflow.grant_start_sync_execution(caller)

    assert grant.success
    expected = _caller_may(stack, caller, "states:StartSyncExecution", workflow)
    synthesize().has_resource_properties("AWS::IAM::Policy", expected)


def test_calling_a_standard_workflow_is_refused(stack: Stack) -> None:
    workflow = Workflow(stack, "Workflow", definition=_pass(stack))
    caller = iam.Role(stack, "Caller", assumed_by=iam.AccountRootPrincipal())

    with pytest.raises(ConfigError, match=r"must be EXPRESS.*got STANDARD; use grant_start_exec"):
        workflow.grant_start_sync_execution(caller)


# ── Timeouts ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("workflow_type", "timeout", "refused"),
    [
        (EXPRESS, Duration.seconds(1), False),
        (EXPRESS, Duration.seconds(300), False),
        (EXPRESS, Duration.seconds(301), True),
        (EXPRESS, Duration.seconds(0), True),
        (STANDARD, Duration.seconds(301), False),
        (STANDARD, Duration.days(365), False),
        (STANDARD, Duration.days(366), True),
        (STANDARD, Duration.seconds(0), True),
    ],
)
def test_a_timeout_lies_within_what_the_type_allows(
    stack: Stack, workflow_type: sfn.StateMachineType, timeout: Duration, refused: bool
) -> None:
    def make() -> None:
        Workflow(
            stack,
            "Workflow",
            definition=_pass(stack),
            workflow_type=workflow_type,
            timeout=timeout,
        )

    if refused:
        with pytest.raises(ConfigError, match="timeout in seconds must be between 1 and"):
            make()
        assert stack.node.try_find_child("Workflow") is None
    else:
        make()


@pytest.mark.parametrize("workflow_type", [STANDARD, EXPRESS])
def test_times_known_only_at_deployment_pass(
    stack: Stack, synthesize: Callable[[], Template], workflow_type: sfn.StateMachineType
) -> None:
    seconds = Duration.seconds(CfnParameter(stack, "Longest", type="Number").value_as_number)

    Workflow(
        stack,
        "Workflow",
        definition=sfn.Wait.jsonata(stack, "Wait", time=sfn.WaitTime.duration(seconds)),
        workflow_type=workflow_type,
        timeout=seconds,
    )

    (machine,) = synthesize().find_resources(_MACHINE).values()
    parts = machine["Properties"]["DefinitionString"]["Fn::Join"][1]
    assert parts.count({"Ref": "Longest"}) == 2
