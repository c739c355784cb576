"""Whom the example's alarms tell, and what its dashboard shows."""

from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from constructs_lib.choreography import ConsumerQueue, EventConsumer
from constructs_lib.observability import (
    EventFlow,
    EventFlowAlarms,
    FunctionAlarms,
    OperationsDashboard,
    QueueAlarms,
    WorkflowAlarms,
)


class Operations:
    """Gives what the stacks want watched its alarms, next to it, and a row on one dashboard."""

    def __init__(self, *, topic: sns.ITopic) -> None:
        self.topic = topic
        self._workflows: dict[str, sfn.IStateMachine] = {}
        self._event_flows: dict[str, EventFlow] = {}
        self._queues: dict[str, sqs.IQueue] = {}

    def watch_workflow(
        self,
        scope: Construct,
        id_: str,
        *,
        title: str,
        state_machine: sfn.IStateMachine,
        failed_per_5_minutes: int = 1,
        dead_letter_queue: sqs.IQueue | None = None,
    ) -> None:
        """Alarm about executions and what started none, and show them."""
        WorkflowAlarms(
            scope,
            id_,
            state_machine=state_machine,
            topic=self.topic,
            title=title,
            failed_per_5_minutes=failed_per_5_minutes,
            dead_letter_queue=dead_letter_queue,
        )
        self._workflows[title] = state_machine

    def watch_event_flow(self, scope: Construct, id_: str, *, title: str, flow: EventFlow) -> None:
        """Alarm about deliveries and dead letters, and show them."""
        EventFlowAlarms(scope, id_, flow=flow, topic=self.topic, title=title)
        self._event_flows[title] = flow

    def watch_queue(
        self, scope: Construct, id_: str, *, title: str, consumer: ConsumerQueue
    ) -> None:
        """Alarm about what a consumer does not get to or fails with, and show what waits."""
        QueueAlarms(
            scope,
            id_,
            queue=consumer.queue,
            dead_letter_queue=consumer.dead_letter_queue,
            topic=self.topic,
            title=title,
        )
        self._queues[title] = consumer.queue

    def watch_function(
        self, scope: Construct, id_: str, *, title: str, consumer: EventConsumer
    ) -> None:
        """Alarm about events that a function drops or fails with."""
        FunctionAlarms(
            scope,
            id_,
            function=consumer.function,
            dead_letter_queue=consumer.dead_letter_queue,
            topic=self.topic,
            title=title,
        )

    def add_dashboard(self, scope: Construct, id_: str) -> None:
        """Show what is watched by now; ``scope`` is in the last stack, which may refer to all."""
        OperationsDashboard(
            scope,
            id_,
            workflows=self._workflows,
            event_flows=self._event_flows,
            queues=self._queues,
        )
