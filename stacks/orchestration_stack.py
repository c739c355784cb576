"""The example's sign-up workflow, and the one that forgets users."""

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_events as events
from constructs import Construct

from constructs_lib.choreography import PipeTarget, StreamPipe
from constructs_lib.orchestration import ForgetUser, SignUpMail, SignUpWorkflow
from stacks.operations import Operations

# Refused requests end red as well.
_FAILED_SIGN_UPS_PER_5_MINUTES = 20


class OrchestrationStack(Stack):
    """The workflow that signs users up and announces them on ``event_bus``.

    People confirm their address where there is a ``mail_sender`` that SES has verified. Who deletes
    a profile deletes the user: a pipe from the table's stream has the rest forgotten, point to
    point.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        event_bus: events.IEventBus,
        operations: Operations,
        mail_sender: str | None,
    ) -> None:
        super().__init__(scope, id_, description="Duet example: a workflow that signs users up")
        sign_up = SignUpWorkflow(
            self,
            "SignUp",
            event_bus=event_bus,
            mail=None if mail_sender is None else SignUpMail(sender=mail_sender),
            failure_topic=operations.topic,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.users_table = sign_up.table
        operations.watch_workflow(
            self,
            "SignUpAlarms",
            title="Sign-up",
            state_machine=sign_up.state_machine,
            failed_per_5_minutes=_FAILED_SIGN_UPS_PER_5_MINUTES,
        )

        CfnOutput(self, "SignUpStateMachineArn", value=sign_up.state_machine.state_machine_arn)
        if sign_up.confirm_email is not None:
            operations.watch_workflow(
                self,
                "ConfirmEmailAlarms",
                title="Confirmation of an address",
                state_machine=sign_up.confirm_email.state_machine,
            )
            confirm_arn = sign_up.confirm_email.state_machine.state_machine_arn
            CfnOutput(self, "ConfirmEmailStateMachineArn", value=confirm_arn)
        CfnOutput(self, "UsersTableName", value=sign_up.table.table_name)
        CfnOutput(self, "UserPoolId", value=sign_up.user_pool.user_pool_id)

        self._forget_deleted_users(sign_up, operations)

    def _forget_deleted_users(self, sign_up: SignUpWorkflow, operations: Operations) -> None:
        forget_user = ForgetUser(
            self, "ForgetUser", table=sign_up.table, user_pool=sign_up.user_pool
        )
        deleted_profiles = StreamPipe(
            self,
            "DeletedProfiles",
            table=sign_up.table,
            target=PipeTarget.state_machine(
                forget_user.state_machine, input_template=ForgetUser.PIPE_INPUT
            ),
            filters=[ForgetUser.DELETED_PROFILES],
            description="A deleted profile takes its identity and its reservation along",
        )
        operations.watch_workflow(
            self,
            "ForgetUserAlarms",
            title="Forgetting a user",
            state_machine=forget_user.state_machine,
            dead_letter_queue=deleted_profiles.dead_letter_queue,
        )
