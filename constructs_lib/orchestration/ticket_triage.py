"""The support ticket workflow."""

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from constructs_lib.observability.workflow_logs import WorkflowLogs
from constructs_lib.orchestration.retry_policies import DYNAMODB_TRANSIENT, EVENTBRIDGE_TRANSIENT

INVALID_TICKET = "TicketTriage.InvalidTicket"

#: Freshdesk: 1 low, 2 medium, 3 high, 4 urgent.
#: Source: Freshdesk API reference, "Ticket properties" (read 2026-11-23).
_HIGH_PRIORITY = 3
_TASK_TIMEOUT = sfn.Timeout.duration(Duration.seconds(10))
_FAILURE_PATH = "$.failure"


class TicketTriage(Construct):
    """Say how urgent a Freshdesk ticket is and whether one of our users wrote it.

    Creates a Standard state machine (JSONPath, intrinsic functions, no Lambda) with its role and
    log group. It publishes ``TicketTriaged``; the requester's address is hashed in the first step
    and does not go on. ``table`` and ``event_bus`` stay the caller's.

    Args:
        table: Users table of the sign-up workflow, read by ``pk`` = ``EMAIL#`` and the hash.
        event_bus: Where ``TicketTriaged`` is published.
        event_source: The ``source`` of those events.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        table: dynamodb.ITable,
        event_bus: events.IEventBus,
        event_source: str = "ticket-triage",
    ) -> None:
        super().__init__(scope, id_)
        self.event_source = event_source
        self.state_machine = sfn.StateMachine(
            self,
            "Resource",
            definition_body=sfn.DefinitionBody.from_chainable(self._chain(table, event_bus)),
            timeout=Duration.minutes(5),
            logs=WorkflowLogs(self, "Logs").log_options,
            tracing_enabled=True,
        )

    @staticmethod
    def input_from_event() -> events.RuleTargetInput:
        """Make the workflow's input from a partner event: what it needs and nothing else."""
        field = events.EventField
        return events.RuleTargetInput.from_object(
            {
                "eventId": field.event_id,
                "ticketId": field.from_path("$.detail.ticket.id"),
                "priority": field.from_path("$.detail.ticket.priority"),
                "requesterEmail": field.from_path("$.detail.requester.email"),
            }
        )

    def _chain(self, table: dynamodb.ITable, event_bus: events.IEventBus) -> sfn.IChainable:
        refuse = sfn.Fail(
            self,
            "Refuse ticket",
            error=INVALID_TICKET,
            cause="the event must carry a ticket id and priority as numbers and the requester's "
            "email as text",
        )
        failed = sfn.Fail(
            self,
            "Triage failed",
            error_path=f"{_FAILURE_PATH}.Error",
            cause_path=f"{_FAILURE_PATH}.Cause",
        )
        find = self._find_requester(table)
        announce = self._announce(event_bus)
        for task in (find, announce):
            task.add_catch(failed, errors=[sfn.Errors.ALL], result_path=_FAILURE_PATH)

        valid = sfn.Condition.and_(
            sfn.Condition.is_present("$.ticketId"),
            sfn.Condition.is_numeric("$.ticketId"),
            sfn.Condition.is_present("$.priority"),
            sfn.Condition.is_numeric("$.priority"),
            sfn.Condition.is_present("$.requesterEmail"),
            sfn.Condition.string_matches("$.requesterEmail", "*@*"),
        )
        path = (
            self._prepare_ticket()
            .next(find)
            .next(
                self._decide(
                    "Is the requester a user?",
                    sfn.Condition.is_present("$.found.Item.userId.S"),
                    ("Requester is a user", "requester", "user"),
                    ("Requester is unknown", "requester", "unknown"),
                )
            )
            .next(
                self._decide(
                    "Is the ticket urgent?",
                    sfn.Condition.number_greater_than_equals("$.priority", _HIGH_PRIORITY),
                    ("Ticket is urgent", "urgency", "urgent"),
                    ("Ticket is normal", "urgency", "normal"),
                )
            )
            .next(announce)
        )
        return sfn.Choice(self, "Check ticket").when(valid, path).otherwise(refuse)

    def _prepare_ticket(self) -> sfn.Pass:
        return sfn.Pass(
            self,
            "Prepare ticket",
            parameters={
                "eventId.$": "$.eventId",
                "ticketId.$": "$.ticketId",
                "priority.$": "$.priority",
                "reference.$": "States.Format('freshdesk-{}', $.ticketId)",
                "requesterKey.$": "States.Format('EMAIL#{}',"
                " States.Hash($.requesterEmail, 'SHA-256'))",
            },
        )

    def _find_requester(self, table: dynamodb.ITable) -> tasks.DynamoGetItem:
        task = tasks.DynamoGetItem(
            self,
            "Find requester",
            table=table,
            key={
                "pk": tasks.DynamoAttributeValue.from_string(
                    sfn.JsonPath.string_at("$.requesterKey")
                )
            },
            projection_expression=[tasks.DynamoProjectionExpression().with_attribute("userId")],
            result_path="$.found",
            task_timeout=_TASK_TIMEOUT,
        )
        DYNAMODB_TRANSIENT.add_to(task)
        return task

    def _decide(
        self,
        name: str,
        condition: sfn.Condition,
        when_true: tuple[str, str, str],
        when_false: tuple[str, str, str],
    ) -> sfn.Chain:
        """Branch on ``condition`` and note the answer: (state name, its field, the answer)."""
        yes, no = (
            sfn.Pass(self, state, result=sfn.Result.from_string(answer), result_path=f"$.{field}")
            for state, field, answer in (when_true, when_false)
        )
        return sfn.Choice(self, name).when(condition, yes).otherwise(no).afterwards()

    def _announce(self, event_bus: events.IEventBus) -> tasks.EventBridgePutEvents:
        task = tasks.EventBridgePutEvents(
            self,
            "Announce triage",
            entries=[
                tasks.EventBridgePutEventsEntry(
                    event_bus=event_bus,
                    source=self.event_source,
                    detail_type="TicketTriaged",
                    detail=sfn.TaskInput.from_object(
                        {
                            "reference": sfn.JsonPath.string_at("$.reference"),
                            "ticketId": sfn.JsonPath.number_at("$.ticketId"),
                            "requester": sfn.JsonPath.string_at("$.requester"),
                            "urgency": sfn.JsonPath.string_at("$.urgency"),
                            "causedByEventId": sfn.JsonPath.string_at("$.eventId"),
                        }
                    ),
                )
            ],
            result_selector={"eventId.$": "$.Entries[0].EventId"},
            result_path="$.announced",
            task_timeout=_TASK_TIMEOUT,
        )
        EVENTBRIDGE_TRANSIENT.add_to(task)
        return task
