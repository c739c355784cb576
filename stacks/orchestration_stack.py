"""The example's sign-up workflow."""

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_events as events
from constructs import Construct

from constructs_lib.orchestration import SignUpWorkflow


class OrchestrationStack(Stack):
    """The workflow that signs users up and announces them on ``event_bus``."""

    def __init__(self, scope: Construct, id_: str, *, event_bus: events.IEventBus) -> None:
        super().__init__(scope, id_, description="Duet example: a workflow that signs users up")
        sign_up = SignUpWorkflow(
            self, "SignUp", event_bus=event_bus, removal_policy=RemovalPolicy.DESTROY
        )
        self.users_table = sign_up.table

        CfnOutput(self, "SignUpStateMachineArn", value=sign_up.state_machine.state_machine_arn)
        CfnOutput(self, "UsersTableName", value=sign_up.table.table_name)
        CfnOutput(self, "UserPoolId", value=sign_up.user_pool.user_pool_id)
