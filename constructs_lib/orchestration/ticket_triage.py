"""The support ticket workflow."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from constructs_lib.observability.workflow_logs import WorkflowLogs
from constructs_lib.orchestration import ticket_triage_effects as effects
from constructs_lib.orchestration import ticket_triage_states as states
from constructs_lib.validation import ConfigError, require_event_source


class TicketTriage(Construct):
    """Say how urgent a Freshdesk ticket is and whether one of our users wrote it.

    Creates a Standard state machine (JSONPath, intrinsic functions, no Lambda) with its role and
    log group, and the table of triaged events, whose items expire after 90 days. It publishes
    ``TicketTriaged``. The requester's address is hashed in the first step and does not go on; of
    attachments only the number does. ``table``, ``event_bus`` and ``urgent_topic`` stay the
    caller's.

    Each event has one effect: an execution first records the event's id, and a repeated event ends
    green as "Already triaged". After any failure the record is released before the execution fails
    with the original error, so that the event can be sent again; an urgent notice may then come
    twice, and so may an announcement whose answer was lost. An execution that is stopped keeps its
    record.

    ``TicketTriaged`` carries the ``correlationId`` of the ticket's input, and the event's id where
    there is none.

    A ticket without id, priority or requester, with tags that are no list of texts or more than
    100, or with attachments that are no list fails with ``TicketTriage.InvalidTicket``. No tags and
    no attachments may be given as a missing field, null or the empty text.

    Args:
        table: Users table of the sign-up workflow, read by ``pk`` = ``EMAIL#`` and the hash.
        event_bus: Where ``TicketTriaged`` is published.
        event_source: The ``source`` of those events; must not start with ``aws.``.
        urgent_topic: Standard topic that hears of tickets of high and urgent priority before they
            are announced; nobody is notified without one.
        removal_policy: What becomes of the table of triaged events when the stack is deleted.
    Raises:
        ConfigError: ``event_source`` starts with ``aws.`` or has other characters than AWS allows,
            or ``urgent_topic`` is a FIFO topic.
    Source: Step Functions developer guide, "Handling errors in workflows", "Fail workflow state";
        DynamoDB developer guide, "Using time to live" (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        table: dynamodb.ITable,
        event_bus: events.IEventBus,
        event_source: str = "ticket-triage",
        urgent_topic: sns.ITopic | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, id_)
        require_event_source(event_source)
        if urgent_topic is not None and urgent_topic.fifo:
            raise ConfigError(
                "urgent_topic must be a standard topic, got a FIFO topic; "
                "people are told by mail or chat, which take standard topics only"
            )
        self.event_source = event_source
        self.triaged_table = self._triaged_table(removal_policy)
        self.state_machine = sfn.StateMachine(
            self,
            "Resource",
            definition_body=sfn.DefinitionBody.from_chainable(
                self._chain(table, event_bus, urgent_topic)
            ),
            # More than all tasks take at their longest: a workflow that times out releases nothing.
            timeout=Duration.minutes(15),
            logs=WorkflowLogs(self, "Logs").log_options,
            tracing_enabled=True,
        )

    @staticmethod
    def input_from_event() -> events.RuleTargetInput:
        """Make the workflow's input from a partner event: what it needs and nothing else.

        The partner's event begins a request: its id is the correlation id as well. EventBridge
        puts the empty text where the event has no such field.
        """
        field = events.EventField
        return events.RuleTargetInput.from_object(
            {
                "eventId": field.event_id,
                "correlationId": field.event_id,
                "ticketId": field.from_path("$.detail.ticket.id"),
                "priority": field.from_path("$.detail.ticket.priority"),
                "tags": field.from_path("$.detail.ticket.tags"),
                "attachments": field.from_path("$.detail.ticket.attachments"),
                "requesterEmail": field.from_path("$.detail.requester.email"),
            }
        )

    def _triaged_table(self, removal_policy: RemovalPolicy) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            "Triaged",
            partition_key=dynamodb.Attribute(
                name=effects.RECORD_KEY, type=dynamodb.AttributeType.STRING
            ),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute=states.EXPIRY,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=removal_policy,
        )

    def _chain(
        self, table: dynamodb.ITable, event_bus: events.IEventBus, urgent_topic: sns.ITopic | None
    ) -> sfn.IChainable:
        """Join the states: the checks, the findings, the effects, and the way back."""
        refused, failed = states.refuse_ticket(self), effects.fail_triage(self)
        find = states.find_requester(self, table=table)
        record = effects.record_event(self, triaged_table=self.triaged_table)
        release = effects.release_event(self, triaged_table=self.triaged_table)
        announce = effects.announce_triage(
            self, event_bus=event_bus, event_source=self.event_source
        )
        act: sfn.IChainable = announce
        if urgent_topic is not None:
            notify = effects.notify_urgent(self, topic=urgent_topic)
            self._catch(notify, release)
            act = (
                sfn.Choice(self, "Must somebody be told?")
                .when(sfn.Condition.string_equals("$.urgency", "urgent"), notify.next(announce))
                .otherwise(announce)
            )

        record.add_catch(
            sfn.Succeed(self, "Already triaged"),
            errors=["DynamoDB.ConditionalCheckFailedException"],
            result_path=states.FAILURE_PATH,
        )
        # A write that timed out may have happened: the release is bound to this execution.
        for task, handler in ((find, failed), (record, release), (announce, release)):
            self._catch(task, handler)
        # "Not ours" means that there is nothing to release; the original error is reported anyway.
        release.add_catch(failed, errors=[sfn.Errors.ALL], result_path=sfn.JsonPath.DISCARD)
        release.next(failed)

        findings = (
            states.normalize_tags(self, refused=refused, failed=failed)
            .next(states.count_attachments(self))
            .next(find)
            .next(states.judge_requester(self))
            .next(states.judge_urgency(self))
            .next(record)
            .next(act)
        )
        prepared = (
            states.identify_requester(self)
            .next(states.fill_in_defaults(self))
            .next(states.prepare_ticket(self))
            .next(states.check_lists(self, accepted=findings, refused=refused))
        )
        return states.check_ticket(self, accepted=prepared, refused=refused)

    @staticmethod
    def _catch(task: sfn.TaskStateBase, handler: sfn.IChainable) -> None:
        task.add_catch(handler, errors=[sfn.Errors.ALL], result_path=states.FAILURE_PATH)
