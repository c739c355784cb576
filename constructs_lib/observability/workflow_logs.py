"""The log group of a workflow."""

from aws_cdk import Names, RemovalPolicy
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct


class WorkflowLogs(Construct):
    """Create the log group of one workflow and say how the workflow writes to it.

    The name starts with ``/aws/vendedlogs/states/``: elsewhere each workflow adds to the account's
    log resource policy until that overflows at 5,120 characters. Every event is logged, inputs and
    outputs are not, so that no personal data reaches the log.

    Args:
        retention: How long log events are kept.
        removal_policy: What becomes of the log group when the stack is deleted.
    Source: Step Functions developer guide, "Using CloudWatch Logs to log execution history"
        (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
        removal_policy: RemovalPolicy = RemovalPolicy.DESTROY,
    ) -> None:
        super().__init__(scope, id_)
        name = Names.unique_resource_name(self, max_length=100)
        self.log_group = logs.LogGroup(
            self,
            "Resource",
            log_group_name=f"/aws/vendedlogs/states/{name}",
            retention=retention,
            removal_policy=removal_policy,
        )
        self.log_options = sfn.LogOptions(
            destination=self.log_group,
            level=sfn.LogLevel.ALL,
            include_execution_data=False,
        )
