"""What the construct makes, and every state, transition and catch of its workflow run in process.

``sfnx`` runs the synthesized definition; the test answers the tasks.
"""

import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from aws_cdk import App, RemovalPolicy, Stack, Token
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template
from sfnx.testing import Call, Execution, Failure, run

from constructs_lib.choreography import PipeTarget, StreamPipe
from constructs_lib.orchestration import ForgetUser, users_table
from constructs_lib.templates.state_machines import state_machine_definition, state_machine_ids
from tests.coverage_table import LOG
from tests.unit.every_task import findings
from tests.unit.resources import only, properties_of
from tests.workflow_coverage import Paths, all_paths, catch_of

STATE_MACHINE = "AWS::StepFunctions::StateMachine"
USER_NOT_FOUND = "CognitoIdentityProvider.UserNotFoundException"
NOT_OURS = "DynamoDB.ConditionalCheckFailedException"
USER = {"userId": "0b5f4f1e-9c3a-4f58-8a52-6f0f4a3b2c1d", "emailHash": "0123456789abcdef" * 4}


def _table(stack: Stack) -> dynamodb.ITable:
    return dynamodb.Table.from_table_name(stack, "Users", "users")


def _user_pool(stack: Stack) -> cognito.IUserPool:
    return cognito.UserPool.from_user_pool_id(stack, "Identities", "us-east-1_pool")


@pytest.fixture
def forget(stack: Stack) -> Callable[..., ForgetUser]:
    """Make one beside the caller's table and user pool."""
    defaults = {"table": _table(stack), "user_pool": _user_pool(stack)}

    def make(id_: str = "ForgetUser", **others: Any) -> ForgetUser:
        return ForgetUser(stack, id_, **{**defaults, **others})

    return make


@pytest.fixture(scope="module")
def definition() -> dict[str, Any]:
    """The workflow, synthesized once."""
    stack = Stack(App(), "Stack")
    ForgetUser(stack, "ForgetUser", table=_table(stack), user_pool=_user_pool(stack))
    return _definition(Template.from_stack(stack))


def _definition(template: Template) -> dict[str, Any]:
    document = template.to_json()
    (logical_id,) = state_machine_ids(document)
    return dict(state_machine_definition(document, logical_id, substitutions={}, placeholders=True))


# ── What is made ─────────────────────────────────────────────────────────────────────────────────


def test_every_attempt_to_forget_is_kept_and_logged_without_its_data(
    forget: Callable[..., ForgetUser], synthesize: Callable[[], Template]
) -> None:
    forget()

    properties = properties_of(synthesize(), STATE_MACHINE)
    assert properties["StateMachineType"] == "STANDARD"
    assert properties["LoggingConfiguration"]["IncludeExecutionData"] is False


def test_everything_set_reaches_the_template(
    stack: Stack, forget: Callable[..., ForgetUser], synthesize: Callable[[], Template]
) -> None:
    forget(
        table=dynamodb.Table.from_table_name(stack, "OtherUsers", "members"),
        user_pool=cognito.UserPool.from_user_pool_id(stack, "OtherPool", "us-east-1_other"),
        removal_policy=RemovalPolicy.RETAIN,
    )

    template = synthesize()
    states = _definition(template)["States"]
    assert states["Release email"]["Arguments"]["TableName"] == "members"
    assert states["Delete identity"]["Arguments"]["UserPoolId"] == "us-east-1_other"
    assert only(template, STATE_MACHINE)["DeletionPolicy"] == "Retain"


def test_two_fit_in_one_stack(
    forget: Callable[..., ForgetUser], synthesize: Callable[[], Template]
) -> None:
    forget("Members")
    forget("Guests")

    synthesize().resource_count_is(STATE_MACHINE, 2)


def test_a_table_known_only_at_deployment_passes(
    stack: Stack, forget: Callable[..., ForgetUser], synthesize: Callable[[], Template]
) -> None:
    name = Token.as_string({"Ref": "AWS::StackName"})

    forget(table=dynamodb.Table.from_table_name(stack, "Named", name))

    arguments = _definition(synthesize())["States"]["Release email"]["Arguments"]
    assert arguments["TableName"] == "${AWS::StackName}"


def test_the_state_machine_can_be_changed_behind_the_construct(
    forget: Callable[..., ForgetUser], synthesize: Callable[[], Template]
) -> None:
    resource = forget().state_machine.node.default_child
    assert isinstance(resource, sfn.CfnStateMachine)

    resource.state_machine_name = "forget-user"

    assert properties_of(synthesize(), STATE_MACHINE)["StateMachineName"] == "forget-user"


def test_the_role_may_delete_in_this_pool_and_this_table_and_no_more(
    forget: Callable[..., ForgetUser], synthesize: Callable[[], Template]
) -> None:
    forget()

    document = properties_of(synthesize(), "AWS::IAM::Policy")["PolicyDocument"]
    named = {
        str(each["Action"]): json.dumps(each["Resource"])
        for each in document["Statement"]
        if each["Resource"] != "*"
    }
    assert named.keys() == {"cognito-idp:AdminDeleteUser", "dynamodb:DeleteItem"}
    assert ":userpool/us-east-1_pool" in named["cognito-idp:AdminDeleteUser"]
    assert ":table/users" in named["dynamodb:DeleteItem"]


def test_starting_is_granted_on_this_workflow(
    stack: Stack, forget: Callable[..., ForgetUser], synthesize: Callable[[], Template]
) -> None:
    caller = iam.Role(stack, "Caller", assumed_by=iam.AccountRootPrincipal())
    made = forget()

    grant = made.grant_start_execution(caller)

    assert grant.success
    (statement,) = next(
        policy["Properties"]["PolicyDocument"]["Statement"]
        for policy in synthesize().find_resources("AWS::IAM::Policy").values()
        if policy["Properties"]["Roles"] == [stack.resolve(caller.role_name)]
    )
    assert statement["Action"] == "states:StartExecution"
    assert statement["Resource"] == stack.resolve(made.state_machine.state_machine_arn)


def test_every_task_has_a_timeout_retries_and_a_way_out(definition: dict[str, Any]) -> None:
    assert findings(definition) == []


def test_a_pipe_takes_the_filter_and_passes_on_identifiers_alone(
    stack: Stack, forget: Callable[..., ForgetUser], synthesize: Callable[[], Template]
) -> None:
    StreamPipe(
        stack,
        "DeletedProfiles",
        table=users_table(stack, "StreamedUsers"),
        target=PipeTarget.state_machine(
            forget().state_machine, input_template=ForgetUser.PIPE_INPUT
        ),
        filters=[ForgetUser.DELETED_PROFILES],
    )

    properties = properties_of(synthesize(), "AWS::Pipes::Pipe")
    assert properties["TargetParameters"]["InputTemplate"] == (
        '{"userId": <$.dynamodb.OldImage.userId.S>, "emailHash": <$.dynamodb.OldImage.emailHash.S>}'
    )
    (pattern,) = properties["SourceParameters"]["FilterCriteria"]["Filters"]
    assert json.loads(pattern["Pattern"]) == {
        "eventName": ["REMOVE"],
        "dynamodb": {"Keys": {"pk": {"S": [{"prefix": "USER#"}]}}},
    }


# ── What it does ─────────────────────────────────────────────────────────────────────────────────


def _forget(
    definition: dict[str, Any], request: object, errors: Mapping[str, str] | None = None
) -> Execution:
    """Run it while each state of ``errors`` fails."""
    errors = errors or {}

    def answer(call: Call) -> object:
        if call.state in errors:
            raise Failure(errors[call.state], "out of order")
        return {}

    execution = run(definition, request, answer)
    LOG.note("a", definition, _taken(definition, execution.states, errors))
    return execution


def _taken(definition: dict[str, Any], states: tuple[str, ...], errors: Mapping[str, str]) -> Paths:
    """``sfnx`` gives states in order, no history; a catch is told by what was raised."""
    caught = {
        found
        for name, error in errors.items()
        if name in states and (found := catch_of(name, definition["States"][name], error))
    }
    by_itself = {
        each
        for each in all_paths(definition).transitions
        if not each.is_catch
        and each.state not in errors
        and (each.state, each.to) in set(itertools.pairwise(states))
    }
    return Paths(frozenset(states), frozenset(caught | by_itself))


def _calls(execution: Execution) -> list[tuple[str, Any]]:
    return [(call.state, call.arguments) for call in execution.calls]


@pytest.mark.parametrize("request_", [USER, [USER]], ids=["of a caller", "of a pipe"])
def test_the_identity_goes_first_then_this_users_reservation(
    definition: dict[str, Any], request_: object
) -> None:
    execution = _forget(definition, request_)

    assert execution.output == {"userId": USER["userId"]}
    assert _calls(execution) == [
        ("Delete identity", {"UserPoolId": "us-east-1_pool", "Username": USER["userId"]}),
        (
            "Release email",
            {
                "TableName": "users",
                "Key": {"pk": {"S": f"EMAIL#{USER['emailHash']}"}},
                "ConditionExpression": "userId = :userId",
                "ExpressionAttributeValues": {":userId": {"S": USER["userId"]}},
            },
        ),
    ]


@pytest.mark.parametrize(
    "errors",
    [
        {"Delete identity": USER_NOT_FOUND},
        {"Release email": NOT_OURS},
        {"Delete identity": USER_NOT_FOUND, "Release email": NOT_OURS},
    ],
    ids=["identity", "reservation", "both"],
)
def test_what_is_gone_already_counts_as_done(
    definition: dict[str, Any], errors: dict[str, str]
) -> None:
    execution = _forget(definition, USER, errors)

    assert execution.output == {"userId": USER["userId"]}
    assert [state for state, _ in _calls(execution)] == ["Delete identity", "Release email"]


@pytest.mark.parametrize(
    ("state", "error", "attempts"),
    [
        ("Delete identity", "CognitoIdentityProvider.ResourceNotFoundException", 1),
        ("Delete identity", "CognitoIdentityProvider.TooManyRequestsException", 6),
        ("Delete identity", "States.Timeout", 6),
        ("Release email", "DynamoDB.ResourceNotFoundException", 1),
        ("Release email", "DynamoDB.ThrottlingException", 6),
    ],
)
def test_any_other_failure_ends_red_as_itself_and_is_retried_if_it_may_pass(
    definition: dict[str, Any], state: str, error: str, attempts: int
) -> None:
    execution = _forget(definition, USER, {state: error})

    assert (execution.error, execution.cause) == (error, "out of order")
    assert [name for name, _ in _calls(execution)].count(state) == attempts


def test_while_the_identity_stays_its_address_stays_reserved(definition: dict[str, Any]) -> None:
    error = "CognitoIdentityProvider.NotAuthorizedException"

    execution = _forget(definition, USER, {"Delete identity": error})

    assert "Release email" not in execution.states


@pytest.mark.parametrize(
    "request_",
    [
        {},
        [],
        "text",
        None,
        [USER, USER],
        {"userId": USER["userId"]},
        {"emailHash": USER["emailHash"]},
        *({**USER, "userId": bad} for bad in ("", " ", "a b", "a\n", "x" * 129, 7, None, ["a"])),
        *(
            {**USER, "emailHash": bad}
            for bad in ("", "0" * 63, "0" * 65, "G" * 64, "A" * 64, "0" * 63 + "\n", 7, ["0" * 64])
        ),
    ],
    ids=repr,
)
def test_a_request_for_no_one_user_is_refused_by_name_before_anything_is_deleted(
    definition: dict[str, Any], request_: object
) -> None:
    execution = _forget(definition, request_)

    assert execution.error == "ForgetUser.InvalidRequest"
    assert "the request must have userId" in str(execution.cause)
    assert execution.calls == ()


def test_every_path_is_one_of_these(definition: dict[str, Any]) -> None:
    broken = "States.Timeout"
    taken = Paths()

    for request, errors in (
        (USER, {}),
        (USER, {"Delete identity": USER_NOT_FOUND, "Release email": NOT_OURS}),
        (USER, {"Delete identity": broken}),
        (USER, {"Release email": broken}),
        ({}, {}),
    ):
        taken |= _taken(definition, _forget(definition, request, errors).states, errors)

    assert all_paths(definition) - taken == Paths()
