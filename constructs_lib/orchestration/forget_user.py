"""What a deleted profile takes along."""

from collections.abc import Mapping
from typing import ClassVar

from aws_cdk import RemovalPolicy
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from constructs_lib.orchestration.sign_up_states import (
    CONDITION_FAILED,
    PROFILE_KEY_PREFIX,
    USER_NOT_FOUND,
    delete_identity,
    release_email,
)
from constructs_lib.orchestration.workflow import Workflow

INVALID_REQUEST = "ForgetUser.InvalidRequest"

# Source: Cognito API reference, AdminDeleteUser, Username (read 2026-11-23).
_USER_ID_MAX_CHARACTERS = 128
_REQUEST_RULE = (
    f"the request must have userId, text of 1 to {_USER_ID_MAX_CHARACTERS} characters without "
    "spaces, and emailHash, 64 lower-case hexadecimal digits, of one user"
)
# A list of one has the fields of its one user, a longer one has lists of them.
_IS_VALID = (
    "$type($states.input.userId) = 'string'"
    " and $length($states.input.userId) >= 1"
    f" and $length($states.input.userId) <= {_USER_ID_MAX_CHARACTERS}"
    r" and $not($contains($states.input.userId, /[\s\x00-\x1f\x7f]/))"
    " and $type($states.input.emailHash) = 'string'"
    " and $length($states.input.emailHash) = 64"
    " and $contains($states.input.emailHash, /^[0-9a-f]{64}/)"
)
_FAILURE = {
    "Error": "{% $states.errorOutput.Error %}",
    "Cause": "{% $states.errorOutput.Cause ? $states.errorOutput.Cause : 'no cause given' %}",
}


class ForgetUser(Construct):
    """Delete what a sign-up has made besides the profile: the identity, then the reservation.

    Creates a Standard state machine with its role and log group; table and user pool stay the
    caller's. The identity goes first: while there is one, nobody else can use its address, and the
    reservation says so. A reservation that has become another user's stays. What is gone already
    counts as done, so that the workflow may run any number of times for one user.

    Start it with ``{"userId": "…", "emailHash": "…"}`` or a list of one such, as a pipe without
    batching does. It ends in ``userId``, or fails with ``ForgetUser.InvalidRequest`` or the error
    of the step that failed; then start it again with the same input.

    With a ``StreamPipe`` it follows the deletion of profiles; the users table has the stream::

        from aws_cdk import App, Stack
        from constructs_lib.choreography import PipeTarget, StreamPipe
        from constructs_lib.orchestration import ForgetUser, passwordless_user_pool, users_table

        stack = Stack(App(), "Members")
        table = users_table(stack, "Users")
        forget_user = ForgetUser(
            stack, "ForgetUser", table=table, user_pool=passwordless_user_pool(stack, "Identities")
        )
        StreamPipe(
            stack,
            "DeletedProfiles",
            table=table,
            target=PipeTarget.state_machine(
                forget_user.state_machine, input_template=ForgetUser.PIPE_INPUT
            ),
            filters=[ForgetUser.DELETED_PROFILES],
        )

    Args:
        table: Users table of the sign-up workflow.
        user_pool: Where the sign-up workflow creates identities.
        removal_policy: What becomes of state machine and log group when the stack is deleted.
    Source: Cognito API reference, AdminDeleteUser; DynamoDB API reference, DeleteItem
        (read 2026-11-23).
    """

    #: The records of the table's stream that tell of a deleted profile.
    DELETED_PROFILES: ClassVar[Mapping[str, object]] = {
        "eventName": ["REMOVE"],
        "dynamodb": {"Keys": {"pk": {"S": [{"prefix": PROFILE_KEY_PREFIX}]}}},
    }
    #: What a pipe passes on of such a record: identifiers.
    PIPE_INPUT: ClassVar[Mapping[str, str]] = {
        "userId": "<$.dynamodb.OldImage.userId.S>",
        "emailHash": "<$.dynamodb.OldImage.emailHash.S>",
    }

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        table: dynamodb.ITable,
        user_pool: cognito.IUserPool,
        removal_policy: RemovalPolicy = RemovalPolicy.DESTROY,
    ) -> None:
        super().__init__(scope, id_)
        self.workflow = Workflow(
            self,
            "Workflow",
            definition=self._chain(table, user_pool),
            removal_policy=removal_policy,
        )
        self.state_machine = self.workflow.state_machine

    def grant_start_execution(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let ``grantee`` have users forgotten."""
        return self.workflow.grant_start_execution(grantee)

    def _chain(self, table: dynamodb.ITable, user_pool: cognito.IUserPool) -> sfn.IChainable:
        identity = delete_identity(self, user_pool=user_pool)
        reservation = release_email(self, table=table)
        forgotten = sfn.Succeed.jsonata(self, "User forgotten", outputs={"userId": "{% $userId %}"})
        failed = sfn.Fail.jsonata(
            self, "User not forgotten", error="{% $failure.Error %}", cause="{% $failure.Cause %}"
        )
        identity.add_catch(reservation, errors=[USER_NOT_FOUND])
        reservation.add_catch(forgotten, errors=[CONDITION_FAILED])
        for task in (identity, reservation):
            task.add_catch(failed, errors=[sfn.Errors.ALL], assign={"failure": _FAILURE})
        return (
            sfn.Choice.jsonata(self, "Check request")
            .when(
                sfn.Condition.jsonata(f"{{% {_IS_VALID} %}}"),
                identity.next(reservation).next(forgotten),
                assign={
                    "userId": "{% $states.input.userId %}",
                    "emailHash": "{% $states.input.emailHash %}",
                },
            )
            .otherwise(
                sfn.Fail.jsonata(self, "Refuse request", error=INVALID_REQUEST, cause=_REQUEST_RULE)
            )
        )
