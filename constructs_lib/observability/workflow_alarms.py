"""The alarms of a workflow."""

from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from constructs_lib.observability._alarm_rules import DEAD_LETTER_RULES, WORKFLOW_RULES
from constructs_lib.observability._metrics import add_alarms, require_titles
from constructs_lib.validation import require_between


class WorkflowAlarms(Construct):
    """Tell ``topic`` when executions fail, time out, are stopped or are throttled.

    Creates four alarms, in ``alarms`` by ``Failed``, ``TimedOut``, ``Aborted`` and ``Throttled``,
    and those of a dead-letter queue where there is one. Standard and Express workflows have the
    same metrics. Workflow, queue and topic stay the caller's.

    Args:
        state_machine: The workflow.
        topic: Where alarms go; an ``AlarmTopic``'s, or any that CloudWatch may publish on.
        title: What the business calls the workflow, first in each alarm's description.
        failed_per_5_minutes: Failed executions, 1 to 1,000,000, that are too many. Raise it for a
            workflow that refuses requests by failing.
        dead_letter_queue: Where that ends which starts no execution, a ``StreamPipe``'s for
            example.
    Raises:
        ConfigError: ``title`` is empty or longer than 100 characters, or ``failed_per_5_minutes``
            is out of range.
    Source: Step Functions developer guide, "Monitoring Step Functions metrics using Amazon
        CloudWatch" (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        state_machine: sfn.IStateMachine,
        topic: sns.ITopic,
        title: str,
        failed_per_5_minutes: int = 1,
        dead_letter_queue: sqs.IQueue | None = None,
    ) -> None:
        require_titles("title", [title])
        require_between(
            "failed_per_5_minutes",
            failed_per_5_minutes,
            1,
            1_000_000,
            remedy="1 alarms on every failure",
        )
        super().__init__(scope, id_)
        self.alarms = add_alarms(
            self,
            WORKFLOW_RULES,
            title=title,
            dimensions={"StateMachineArn": state_machine.state_machine_arn},
            topic=topic,
            thresholds={"Failed": failed_per_5_minutes},
        )
        if dead_letter_queue is not None:
            self.alarms |= add_alarms(
                self,
                DEAD_LETTER_RULES,
                title=title,
                dimensions={"QueueName": dead_letter_queue.queue_name},
                topic=topic,
            )
