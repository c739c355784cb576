"""The user pool and the users table that both ways to sign up have."""

from collections.abc import Callable

import pytest
from aws_cdk import RemovalPolicy, Stack
from aws_cdk.assertions import Template

from constructs_lib.orchestration import passwordless_user_pool, users_table
from tests.unit.resources import only

STORES = {"AWS::Cognito::UserPool": passwordless_user_pool, "AWS::DynamoDB::Table": users_table}


@pytest.mark.parametrize("type_name", STORES)
@pytest.mark.parametrize(
    ("removal_policy", "kept"),
    [(RemovalPolicy.RETAIN, "Retain"), (RemovalPolicy.DESTROY, "Delete")],
)
def test_users_outlive_the_stack_unless_the_caller_says_otherwise(
    stack: Stack,
    synthesize: Callable[[], Template],
    type_name: str,
    removal_policy: RemovalPolicy,
    kept: str,
) -> None:
    make = STORES[type_name]
    if removal_policy is RemovalPolicy.RETAIN:
        make(stack, "Users")
    else:
        make(stack, "Users", removal_policy=removal_policy)

    assert only(synthesize(), type_name)["DeletionPolicy"] == kept


@pytest.mark.parametrize("type_name", STORES)
def test_two_fit_in_one_stack(
    stack: Stack, synthesize: Callable[[], Template], type_name: str
) -> None:
    for id_ in ("Users", "UsersToo"):
        STORES[type_name](stack, id_)

    synthesize().resource_count_is(type_name, 2)


def test_nobody_but_the_sign_up_makes_users(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    passwordless_user_pool(stack, "Users")

    properties = only(synthesize(), "AWS::Cognito::UserPool")["Properties"]
    assert properties["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True


def test_what_a_deleted_item_was_can_be_read_from_the_stream(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    users_table(stack, "Users")

    properties = only(synthesize(), "AWS::DynamoDB::Table")["Properties"]
    assert properties["StreamSpecification"] == {"StreamViewType": "OLD_IMAGE"}
