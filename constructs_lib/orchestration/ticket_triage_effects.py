"""The states with which the ticket triage acts: record the event, notify, announce, and give back.

They take the ticket as ``ticket_triage_states`` left it. The last one is in JSONata, which alone
bears a field that may be missing.
"""

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from constructs_lib.orchestration.retry_policies import (
    DYNAMODB_TRANSIENT,
    EVENTBRIDGE_TRANSIENT,
    SNS_TRANSIENT,
)
from constructs_lib.orchestration.ticket_triage_states import EXPIRY

RECORD_KEY = "eventId"

_TASK_TIMEOUT = sfn.Timeout.duration(Duration.seconds(10))


def _text_at(path: str) -> tasks.DynamoAttributeValue:
    return tasks.DynamoAttributeValue.from_string(sfn.JsonPath.string_at(path))


def record_event(scope: Construct, *, triaged_table: dynamodb.ITable) -> tasks.DynamoPutItem:
    """Claim the event: the write succeeds for one execution and for that execution's own retry."""
    task = tasks.DynamoPutItem(
        scope,
        "Record event",
        table=triaged_table,
        item={
            RECORD_KEY: _text_at("$.eventId"),
            "executionId": _text_at("$$.Execution.Id"),
            "traceId": _text_at("$.traceId"),
            EXPIRY: tasks.DynamoAttributeValue.number_from_string(
                sfn.JsonPath.string_at(f"$.{EXPIRY}")
            ),
        },
        condition_expression="attribute_not_exists(eventId) OR executionId = :executionId",
        expression_attribute_values={":executionId": _text_at("$$.Execution.Id")},
        result_path=sfn.JsonPath.DISCARD,
        task_timeout=_TASK_TIMEOUT,
    )
    DYNAMODB_TRANSIENT.add_to(task)
    return task


def release_event(scope: Construct, *, triaged_table: dynamodb.ITable) -> tasks.DynamoDeleteItem:
    """Undo "Record event", only if the record is this execution's own."""
    task = tasks.DynamoDeleteItem(
        scope,
        "Release event",
        table=triaged_table,
        key={RECORD_KEY: _text_at("$.eventId")},
        condition_expression="executionId = :executionId",
        expression_attribute_values={":executionId": _text_at("$$.Execution.Id")},
        result_path=sfn.JsonPath.DISCARD,
        task_timeout=_TASK_TIMEOUT,
    )
    DYNAMODB_TRANSIENT.add_to(task)
    return task


def notify_urgent(scope: Construct, *, topic: sns.ITopic) -> tasks.SnsPublish:
    """Tell the topic's subscribers of an urgent ticket, by reference and without personal data."""
    task = tasks.SnsPublish(
        scope,
        "Notify of urgent ticket",
        topic=topic,
        subject=sfn.JsonPath.format("Urgent ticket {}", sfn.JsonPath.string_at("$.reference")),
        message=sfn.TaskInput.from_object(_what_was_found()),
        result_path=sfn.JsonPath.DISCARD,
        task_timeout=_TASK_TIMEOUT,
    )
    SNS_TRANSIENT.add_to(task)
    return task


def announce_triage(
    scope: Construct, *, event_bus: events.IEventBus, event_source: str
) -> tasks.EventBridgePutEvents:
    """Publish ``TicketTriaged``; its detail holds no personal data."""
    task = tasks.EventBridgePutEvents(
        scope,
        "Announce triage",
        entries=[
            tasks.EventBridgePutEventsEntry(
                event_bus=event_bus,
                source=event_source,
                detail_type="TicketTriaged",
                detail=sfn.TaskInput.from_object(_what_was_found()),
            )
        ],
        result_selector={"eventId.$": "$.Entries[0].EventId"},
        result_path="$.announced",
        task_timeout=_TASK_TIMEOUT,
    )
    EVENTBRIDGE_TRANSIENT.add_to(task)
    return task


def fail_triage(scope: Construct) -> sfn.Fail:
    """End with the error that was caught; one that carries no cause gets none."""
    return sfn.Fail.jsonata(
        scope,
        "Triage failed",
        error="{% $states.input.failure.Error %}",
        cause="{% $exists($states.input.failure.Cause) ? $states.input.failure.Cause : '' %}",
    )


def _what_was_found() -> dict[str, object]:
    path = sfn.JsonPath
    return {
        "reference": path.string_at("$.reference"),
        "ticketId": path.number_at("$.ticketId"),
        "requester": path.string_at("$.requester"),
        "urgency": path.string_at("$.urgency"),
        "tags": path.list_at("$.tags.distinct"),
        "attachmentCount": path.number_at("$.attachments.count"),
        "traceId": path.string_at("$.traceId"),
        "correlationId": path.string_at("$.correlationId"),
        "causedByEventId": path.string_at("$.eventId"),
    }
