"""From an event to a workflow."""

from collections.abc import Mapping

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from constructs_lib.choreography.rendered_pattern import EventPatternLike
from constructs_lib.choreography.subscription import Subscription


class WorkflowTrigger(Construct):
    """Start ``state_machine`` for each event of ``event_bus`` that matches ``event_pattern``.

    Creates the rule, its dead-letter queue and a role of its own that may start this one workflow
    (a role shared with other rules ties stacks together). Bus and workflow stay the caller's.
    EventBridge delivers at least once and names executions itself: a workflow that must not act
    twice keys its effects on the event's ``id``.

    Args:
        event_bus: The bus to follow.
        event_pattern: Which of its events: CDK's ``EventPattern``, the pattern as JSON has it, or
            a contract.
        state_machine: The Standard or Express workflow to start.
        workflow_input: The execution's input made from the event; the whole event when not given.
            Standard workflows keep their input for 90 days: pass on what the workflow needs.
        detail_filter: Conditions on the event's detail that narrow the pattern.
        dead_letter_queue: Where events end that could not start it; made when not given.
        description: What the rule is for, in the console.
    Raises:
        ConfigError: ``event_pattern`` or ``workflow_input`` is such that events would be refused or
            lost.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        event_bus: events.IEventBus,
        event_pattern: EventPatternLike,
        state_machine: sfn.IStateMachine,
        workflow_input: events.RuleTargetInput | None = None,
        detail_filter: Mapping[str, object] | None = None,
        dead_letter_queue: sqs.IQueue | None = None,
        description: str | None = None,
    ) -> None:
        super().__init__(scope, id_)
        self.state_machine = state_machine
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("events.amazonaws.com"))
        self.subscription = Subscription(
            self,
            "Subscription",
            event_bus=event_bus,
            event_pattern=event_pattern,
            target=targets.SfnStateMachine(state_machine, input=workflow_input, role=self.role),
            detail_filter=detail_filter,
            dead_letter_queue=dead_letter_queue,
            description=description,
        )
        self.dead_letter_queue = self.subscription.dead_letter_queue
