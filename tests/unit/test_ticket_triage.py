import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from aws_cdk import App, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Match, Template

from constructs_lib.orchestration import TicketTriage
from constructs_lib.templates.json_value import JsonValue
from constructs_lib.templates.state_machines import state_machine_definition, state_machine_ids
from constructs_lib.validation import ConfigError

_TOPIC_ARN = "arn:aws:sns:us-east-1:123456789012:urgent-tickets"


def _table(stack: Stack) -> dynamodb.ITable:
    return dynamodb.Table.from_table_name(stack, "CallersTable", "callers-users")


def _definition(template: Template) -> Mapping[str, JsonValue]:
    document = template.to_json()
    (logical_id,) = state_machine_ids(document)
    return state_machine_definition(document, logical_id, substitutions={}, placeholders=True)


def _states(machine: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every state, those inside of maps included."""
    for name, state in machine["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from _states(state["ItemProcessor"])


@pytest.fixture
def everything(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> Mapping[str, JsonValue]:
    """The workflow with every argument set."""
    TicketTriage(
        stack,
        "Triage",
        table=_table(stack),
        event_bus=event_bus,
        event_source="help-desk",
        urgent_topic=sns.Topic.from_topic_arn(stack, "Urgent", _TOPIC_ARN),
        removal_policy=RemovalPolicy.DESTROY,
    )
    return _definition(synthesize())


def test_every_choice_of_the_triage_has_a_default(everything: Mapping[str, JsonValue]) -> None:
    choices = {name: state for name, state in _states(everything) if state["Type"] == "Choice"}

    assert len(choices) == 8
    assert [name for name, choice in choices.items() if "Default" not in choice] == []


def test_every_task_of_the_triage_has_timeout_retry_and_catch(
    everything: Mapping[str, JsonValue],
) -> None:
    tasks = {name: state for name, state in _states(everything) if state["Type"] == "Task"}

    assert len(tasks) == 5
    for name, task in tasks.items():
        assert {"TimeoutSeconds", "Retry", "Catch"} <= task.keys(), name
        assert task["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name


def test_a_triage_never_times_out_before_its_tasks_have(
    everything: Mapping[str, JsonValue],
) -> None:
    """A workflow that times out catches nothing and would keep its record."""
    longest = 0.0
    for _, state in _states(everything):
        if state["Type"] == "Task":
            (retry,) = state["Retry"]
            waits = [
                min(
                    retry["IntervalSeconds"] * retry["BackoffRate"] ** attempt,
                    retry["MaxDelaySeconds"],
                )
                for attempt in range(retry["MaxAttempts"])
            ]
            longest += state["TimeoutSeconds"] * (len(waits) + 1) + sum(waits)

    timeout = everything["TimeoutSeconds"]
    assert isinstance(timeout, int)
    assert longest < timeout


def test_the_requesters_address_ends_in_the_first_step(
    everything: Mapping[str, JsonValue],
) -> None:
    users = {name for name, state in _states(everything) if "requesterEmail" in json.dumps(state)}

    assert users == {"Check ticket", "Identify requester"}


def test_no_topic_means_no_notice(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    TicketTriage(stack, "Triage", table=_table(stack), event_bus=event_bus)

    template = synthesize()
    assert "sns:" not in json.dumps(template.to_json())
    assert "Must somebody be told?" not in dict(_states(_definition(template)))


def test_a_topic_hears_of_urgent_tickets_before_they_are_announced(
    everything: Mapping[str, JsonValue],
) -> None:
    notify = dict(_states(everything))["Notify of urgent ticket"]

    assert notify["Parameters"]["TopicArn"] == _TOPIC_ARN
    assert notify["Next"] == "Announce triage"


def test_a_fifo_topic_is_refused(stack: Stack, event_bus: events.IEventBus) -> None:
    with pytest.raises(ConfigError, match="urgent_topic must be a standard topic"):
        TicketTriage(
            stack,
            "Triage",
            table=_table(stack),
            event_bus=event_bus,
            urgent_topic=sns.Topic(stack, "Urgent", fifo=True),
        )


@pytest.mark.parametrize("event_source", ["aws.tickets", "", "help desk"])
def test_an_event_source_that_aws_refuses_is_refused(
    stack: Stack, event_bus: events.IEventBus, event_source: str
) -> None:
    with pytest.raises(ConfigError, match="event_source must be 1 to 256"):
        TicketTriage(
            stack, "Triage", table=_table(stack), event_bus=event_bus, event_source=event_source
        )


def test_the_event_source_reaches_the_published_event(
    everything: Mapping[str, JsonValue],
) -> None:
    (entry,) = dict(_states(everything))["Announce triage"]["Parameters"]["Entries"]

    assert entry["Source"] == "help-desk"


def test_the_records_of_triaged_events_expire_and_stay_with_the_stack(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    TicketTriage(stack, "Triage", table=_table(stack), event_bus=event_bus)

    synthesize().has_resource(
        "AWS::DynamoDB::Table",
        {
            "DeletionPolicy": "Retain",
            "Properties": {
                "KeySchema": [{"AttributeName": "eventId", "KeyType": "HASH"}],
                "TimeToLiveSpecification": {"AttributeName": "expiresAt", "Enabled": True},
                "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
                "SSESpecification": Match.absent(),
            },
        },
    )


def test_the_removal_policy_reaches_the_table(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    TicketTriage(
        stack,
        "Triage",
        table=_table(stack),
        event_bus=event_bus,
        removal_policy=RemovalPolicy.DESTROY,
    )

    synthesize().has_resource("AWS::DynamoDB::Table", {"DeletionPolicy": "Delete"})


@pytest.mark.usefixtures("everything")
def test_the_triage_may_read_users_keep_its_records_and_publish(stack: Stack) -> None:
    (policy,) = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()

    actions = {
        action
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        for action in (
            statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        )
        if not action.startswith(("logs:", "xray:"))
    }
    assert actions == {
        "dynamodb:DeleteItem",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "events:PutEvents",
        "sns:Publish",
    }


def test_the_input_takes_from_the_event_what_the_triage_needs_and_no_more(stack: Stack) -> None:
    rule = events.Rule(stack, "Rule", event_pattern=events.EventPattern(source=["any"]))

    mapped = TicketTriage.input_from_event().bind(rule)

    assert mapped.input_paths_map == {
        "id": "$.id",
        "detail-ticket-id": "$.detail.ticket.id",
        "detail-ticket-priority": "$.detail.ticket.priority",
        "detail-ticket-tags": "$.detail.ticket.tags",
        "detail-ticket-attachments": "$.detail.ticket.attachments",
        "detail-requester-email": "$.detail.requester.email",
    }
    assert '"eventId":<id>,"correlationId":<id>,' in stack.resolve(mapped.input_template)


def test_a_topic_of_another_stack_can_be_told(
    event_bus: events.IEventBus, stack: Stack, synthesize: Callable[[], Template]
) -> None:
    app = stack.node.root
    assert isinstance(app, App)
    topic = sns.Topic(Stack(app, "Topics"), "Urgent")

    TicketTriage(stack, "Triage", table=_table(stack), event_bus=event_bus, urgent_topic=topic)

    assert "Notify of urgent ticket" in dict(_states(_definition(synthesize())))


def test_two_triages_fit_in_one_stack(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    table = _table(stack)
    TicketTriage(stack, "First", table=table, event_bus=event_bus)
    TicketTriage(stack, "Second", table=table, event_bus=event_bus)

    template = synthesize()
    template.resource_count_is("AWS::StepFunctions::StateMachine", 2)
    template.resource_count_is("AWS::DynamoDB::Table", 2)


def test_the_way_out_reaches_the_state_machine(
    stack: Stack, event_bus: events.IEventBus, synthesize: Callable[[], Template]
) -> None:
    triage = TicketTriage(stack, "Triage", table=_table(stack), event_bus=event_bus)
    resource = triage.state_machine.node.default_child
    assert resource is not None

    resource.add_property_override("StateMachineName", "by-hand")  # type: ignore[attr-defined]  # jsii's declared type is the interface

    synthesize().has_resource_properties(
        "AWS::StepFunctions::StateMachine", {"StateMachineName": "by-hand"}
    )
