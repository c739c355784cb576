import json
from collections.abc import Callable, Mapping

from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk.assertions import Template

from constructs_lib.orchestration import TicketTriage
from constructs_lib.testing.workflow import (
    JsonValue,
    state_machine_definition,
    state_machine_ids,
)


def _table(stack: Stack) -> dynamodb.ITable:
    return dynamodb.Table.from_table_name(stack, "CallersTable", "callers-users")


def _definition(template: Template) -> Mapping[str, JsonValue]:
    document = template.to_json()
    (logical_id,) = state_machine_ids(document)
    return state_machine_definition(document, logical_id, substitutions={}, placeholders=True)


def test_every_choice_of_the_triage_has_a_default(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    TicketTriage(stack, "Triage", table=_table(stack), event_bus=event_bus)

    states = _definition(synthesize())["States"]
    assert isinstance(states, dict)
    choices = [state for state in states.values() if state["Type"] == "Choice"]
    assert len(choices) == 3
    assert all("Default" in choice for choice in choices)


def test_the_requesters_address_ends_in_the_first_step(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    TicketTriage(stack, "Triage", table=_table(stack), event_bus=event_bus)

    states = _definition(synthesize())["States"]
    assert isinstance(states, dict)
    users = {name for name, state in states.items() if "requesterEmail" in json.dumps(state)}
    assert users == {"Check ticket", "Prepare ticket"}
    assert "requesterEmail" not in states["Prepare ticket"]["Parameters"]


def test_the_event_source_reaches_the_published_event(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    TicketTriage(
        stack, "Triage", table=_table(stack), event_bus=event_bus, event_source="help-desk"
    )

    assert '"Source": "help-desk"' in json.dumps(_definition(synthesize()))


def test_the_triage_reads_the_users_table_and_writes_nothing_but_events(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    TicketTriage(stack, "Triage", table=_table(stack), event_bus=event_bus)

    (policy,) = synthesize().find_resources("AWS::IAM::Policy").values()
    actions = {
        action
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        for action in (
            statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        )
        if not action.startswith(("logs:", "xray:"))
    }
    assert actions == {"dynamodb:GetItem", "events:PutEvents"}


def test_the_input_takes_from_the_event_what_the_triage_needs_and_no_more(stack: Stack) -> None:
    rule = events.Rule(stack, "Rule", event_pattern=events.EventPattern(source=["any"]))

    mapped = TicketTriage.input_from_event().bind(rule)

    assert mapped.input_paths_map == {
        "id": "$.id",
        "detail-ticket-id": "$.detail.ticket.id",
        "detail-ticket-priority": "$.detail.ticket.priority",
        "detail-requester-email": "$.detail.requester.email",
    }


def test_two_triages_fit_in_one_stack(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    table = _table(stack)
    TicketTriage(stack, "First", table=table, event_bus=event_bus)
    TicketTriage(stack, "Second", table=table, event_bus=event_bus)

    synthesize().resource_count_is("AWS::StepFunctions::StateMachine", 2)
