"""A deleted profile on the embedded AWS: what it takes along, what it leaves, what fails."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import App, CfnElement
from aws_cdk import Stack as CdkStack
from aws_cdk.assertions import Template
from constructs import IConstruct

from constructs_lib.choreography import PipeTarget, StreamPipe, StreamReading
from constructs_lib.local import EmbeddedAws
from constructs_lib.orchestration import ForgetUser, passwordless_user_pool, users_table
from tests.local.clients import Inbox, put
from tests.local.conftest import Stack

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

    from tests.local.conftest import WaitUntil

USERS, IDENTITIES, FORGET_USER, DEAD_LETTERS = "Users", "Identities", "ForgetUser", "DeadLetters"


def _resources() -> dict[str, Any]:
    """Table, user pool, workflow and pipe, under logical names of their own."""
    stack = CdkStack(App(), "ForgetUser")
    table = users_table(stack, "Table")
    user_pool = passwordless_user_pool(stack, "Pool")
    forget_user = ForgetUser(stack, "Workflow", table=table, user_pool=user_pool)
    pipe = StreamPipe(
        stack,
        "DeletedProfiles",
        table=table,
        target=PipeTarget.state_machine(
            forget_user.state_machine, input_template=ForgetUser.PIPE_INPUT
        ),
        filters=[ForgetUser.DELETED_PROFILES],
        reading=StreamReading(retry_attempts=1),
    )
    named: dict[str, IConstruct] = {
        USERS: table,
        IDENTITIES: user_pool,
        FORGET_USER: forget_user.state_machine,
        DEAD_LETTERS: pipe.dead_letter_queue,
    }
    for name, construct in named.items():
        resource = construct.node.default_child
        assert isinstance(resource, CfnElement)
        resource.override_logical_id(name)
    resources: dict[str, Any] = Template.from_stack(stack).to_json()["Resources"]
    return resources


class World:
    """The deployed stack, and what is done to users in it."""

    def __init__(self, aws: EmbeddedAws, stack: Stack) -> None:
        self.dynamodb: DynamoDBClient = aws.client("dynamodb")
        self.pools: CognitoIdentityProviderClient = aws.client("cognito-idp")
        self.workflows: SFNClient = aws.client("stepfunctions")
        self.queues: SQSClient = aws.client("sqs")
        self.physical = {
            name: stack.physical_id(name) for name in (USERS, IDENTITIES, FORGET_USER, DEAD_LETTERS)
        }

    def close(self) -> None:
        for client in (self.dynamodb, self.pools, self.workflows, self.queues):
            client.close()

    def sign_up(self) -> User:
        """What a sign-up leaves behind."""
        user = User(self)
        put(self.dynamodb, self.physical[USERS], pk=user.reservation, userId=user.id)
        self.pools.admin_create_user(
            UserPoolId=self.physical[IDENTITIES], Username=user.id, MessageAction="SUPPRESS"
        )
        put(
            self.dynamodb,
            self.physical[USERS],
            pk=user.profile,
            userId=user.id,
            emailHash=user.email_hash,
        )
        return user

    def delete(self, pk: str) -> None:
        self.dynamodb.delete_item(TableName=self.physical[USERS], Key={"pk": {"S": pk}})

    def executions_of(self, user_id: str) -> list[tuple[str, Any]]:
        """Status and input of the executions that have ended about a user."""
        arn = self.physical[FORGET_USER]
        listed = self.workflows.list_executions(stateMachineArn=arn)["executions"]
        found = [self.workflows.describe_execution(executionArn=e["executionArn"]) for e in listed]
        return [
            (each["status"], json.loads(each["input"]))
            for each in found
            if user_id in each["input"] and each["status"] != "RUNNING"
        ]


class User:
    """A user, by identifiers."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.id = str(uuid.uuid4())
        self.email_hash = hashlib.sha256(self.id.encode()).hexdigest()
        self.reservation = f"EMAIL#{self.email_hash}"
        self.profile = f"USER#{self.id}"

    def left(self) -> set[str]:
        """What there is of the user: profile, identity, and whose the reservation is."""
        world = self._world
        users = world.pools.list_users(UserPoolId=world.physical[IDENTITIES])["Users"]
        left = {"identity" for each in users if each["Username"] == self.id}
        for name, pk in (("profile", self.profile), ("reservation", self.reservation)):
            if "Item" in world.dynamodb.get_item(
                TableName=world.physical[USERS], Key={"pk": {"S": pk}}
            ):
                left.add(name)
        return left


@pytest.fixture(scope="module")
def world(aws: EmbeddedAws, wait_until: WaitUntil) -> Iterator[World]:
    with closing(aws.client("cloudformation")) as client:
        stack = Stack(client, wait_until)
        assert stack.create(**_resources()) == "CREATE_COMPLETE", stack.reasons()
        with closing(World(aws, stack)) as world:
            yield world
        stack.delete()


def test_a_deleted_profile_takes_its_identity_and_its_reservation_along(
    world: World, wait_until: WaitUntil
) -> None:
    ada, bob = world.sign_up(), world.sign_up()

    world.delete(ada.profile)

    wait_until(lambda: not ada.left())
    assert bob.left() == {"profile", "identity", "reservation"}


def test_the_workflow_gets_identifiers_alone(world: World, wait_until: WaitUntil) -> None:
    ada = world.sign_up()

    world.delete(ada.profile)

    ended = wait_until(lambda: world.executions_of(ada.id))
    assert ended == [("SUCCEEDED", [{"userId": ada.id, "emailHash": ada.email_hash}])]


def test_a_reservation_that_is_somebody_elses_by_now_stays(
    world: World, wait_until: WaitUntil
) -> None:
    ada = world.sign_up()
    put(world.dynamodb, world.physical[USERS], pk=ada.reservation, userId="somebody else")

    world.delete(ada.profile)

    ended = wait_until(lambda: world.executions_of(ada.id))
    assert [status for status, _ in ended] == ["SUCCEEDED"]
    assert ada.left() == {"reservation"}


def test_an_identity_that_is_gone_already_keeps_nothing_from_going(
    world: World, wait_until: WaitUntil
) -> None:
    ada = world.sign_up()
    world.pools.admin_delete_user(UserPoolId=world.physical[IDENTITIES], Username=ada.id)

    world.delete(ada.profile)

    ended = wait_until(lambda: world.executions_of(ada.id))
    assert [status for status, _ in ended] == ["SUCCEEDED"]
    assert ada.left() == set()


def test_only_profiles_take_something_along(world: World, wait_until: WaitUntil) -> None:
    ada, bob = world.sign_up(), world.sign_up()

    world.delete(ada.reservation)
    put(world.dynamodb, world.physical[USERS], pk=ada.profile, userId=ada.id, emailHash="changed")
    world.delete(bob.profile)

    # Bob's comes after hers in the one shard there is.
    wait_until(lambda: world.executions_of(bob.id))
    assert ada.left() == {"profile", "identity"}
    assert world.executions_of(ada.id) == []


def test_a_profile_without_the_hash_of_an_address_fails_red_and_takes_nothing(
    world: World, wait_until: WaitUntil
) -> None:
    ada = world.sign_up()
    put(world.dynamodb, world.physical[USERS], pk=ada.profile, userId=ada.id)

    world.delete(ada.profile)

    ended = wait_until(lambda: world.executions_of(ada.id))
    assert ended == [("FAILED", [{"userId": ada.id, "emailHash": ""}])]
    assert ada.left() == {"identity", "reservation"}


def test_a_deletion_that_starts_no_workflow_becomes_a_dead_letter(
    aws: EmbeddedAws, wait_until: WaitUntil
) -> None:
    with closing(aws.client("cloudformation")) as client:
        stack = Stack(client, wait_until)
        stack.create(**_resources())
        with closing(World(aws, stack)) as world:
            ada = world.sign_up()
            dead = Inbox(world.queues, world.physical[DEAD_LETTERS])
            world.workflows.delete_state_machine(stateMachineArn=world.physical[FORGET_USER])

            world.delete(ada.profile)

            (letter,) = wait_until(dead.take)
            assert letter["context"]["condition"] == "RetryAttemptsExhausted"
            assert letter["DDBStreamBatchInfo"]["batchSize"] == 1
            assert ada.id not in json.dumps(letter)
        stack.delete()
