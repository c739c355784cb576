from collections.abc import Callable

import pytest
from aws_cdk import Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Match, Template

from constructs_lib.hybrid import WorkflowTrigger
from tests.unit.order_placed import order_placed

_PATTERN = events.EventPattern(source=events.Match.prefix("aws.partner/freshworks.com/"))


@pytest.fixture
def state_machine(stack: Stack) -> sfn.IStateMachine:
    return sfn.StateMachine(
        stack, "Workflow", definition_body=sfn.DefinitionBody.from_chainable(sfn.Pass(stack, "Do"))
    )


def test_an_event_starts_the_workflow_with_the_whole_event(
    stack: Stack,
    event_bus: events.IEventBus,
    state_machine: sfn.IStateMachine,
    synthesize: Callable[[], Template],
) -> None:
    trigger = WorkflowTrigger(
        stack,
        "Trigger",
        event_bus=event_bus,
        event_pattern=_PATTERN,
        state_machine=state_machine,
    )

    synthesize().has_resource_properties(
        "AWS::Events::Rule",
        {
            "Targets": [
                {
                    "Id": Match.any_value(),
                    "Arn": stack.resolve(state_machine.state_machine_arn),
                    "RoleArn": stack.resolve(trigger.role.role_arn),
                    "DeadLetterConfig": Match.any_value(),
                    "RetryPolicy": Match.any_value(),
                }
            ]
        },
    )


def test_the_triggers_role_may_start_this_workflow_and_nothing_else(
    stack: Stack,
    event_bus: events.IEventBus,
    state_machine: sfn.IStateMachine,
    synthesize: Callable[[], Template],
) -> None:
    trigger = WorkflowTrigger(
        stack,
        "Trigger",
        event_bus=event_bus,
        event_pattern=_PATTERN,
        state_machine=state_machine,
    )

    synthesize().has_resource_properties(
        "AWS::IAM::Policy",
        {
            "Roles": [stack.resolve(trigger.role.role_name)],
            "PolicyDocument": {
                "Statement": [
                    {
                        "Action": "states:StartExecution",
                        "Effect": "Allow",
                        "Resource": stack.resolve(state_machine.state_machine_arn),
                    }
                ]
            },
        },
    )


def test_input_dead_letter_queue_and_description_reach_the_template(
    stack: Stack,
    event_bus: events.IEventBus,
    state_machine: sfn.IStateMachine,
    synthesize: Callable[[], Template],
) -> None:
    dead_letters = sqs.Queue(stack, "CallersDeadLetters")

    trigger = WorkflowTrigger(
        stack,
        "Trigger",
        event_bus=event_bus,
        event_pattern=_PATTERN,
        state_machine=state_machine,
        workflow_input=events.RuleTargetInput.from_object(
            {"ticketId": events.EventField.from_path("$.detail.ticket.id")}
        ),
        dead_letter_queue=dead_letters,
        description="Why",
    )

    assert trigger.dead_letter_queue is dead_letters
    synthesize().has_resource_properties(
        "AWS::Events::Rule",
        {
            "Description": "Why",
            "Targets": [
                Match.object_like(
                    {
                        "InputTransformer": {
                            "InputPathsMap": {"detail-ticket-id": "$.detail.ticket.id"},
                            "InputTemplate": '{"ticketId":<detail-ticket-id>}',
                        },
                        "DeadLetterConfig": {"Arn": stack.resolve(dead_letters.queue_arn)},
                    }
                )
            ],
        },
    )


def test_two_triggers_of_one_workflow_have_a_role_each(
    stack: Stack,
    event_bus: events.IEventBus,
    state_machine: sfn.IStateMachine,
    synthesize: Callable[[], Template],
) -> None:
    for id_ in ("First", "Second"):
        WorkflowTrigger(
            stack, id_, event_bus=event_bus, event_pattern=_PATTERN, state_machine=state_machine
        )

    rules = synthesize().find_resources("AWS::Events::Rule").values()
    assert len({str(rule["Properties"]["Targets"][0]["RoleArn"]) for rule in rules}) == 2


def test_the_pattern_may_be_json_narrowed_by_conditions_on_the_detail(
    stack: Stack,
    event_bus: events.IEventBus,
    state_machine: sfn.IStateMachine,
    synthesize: Callable[[], Template],
) -> None:
    WorkflowTrigger(
        stack,
        "Trigger",
        event_bus=event_bus,
        event_pattern={
            "source": ["tickets"],
            "$or": [{"region": ["eu-west-1"]}, {"resources": ["a"]}],
        },
        detail_filter={"priority": [3, 4]},
        state_machine=state_machine,
    )

    (rule,) = synthesize().find_resources("AWS::Events::Rule").values()
    assert rule["Properties"]["EventPattern"] == {
        "source": ["tickets"],
        "$or": [{"region": ["eu-west-1"]}, {"resources": ["a"]}],
        "detail": {"priority": [3, 4]},
    }


def test_a_contract_is_a_pattern(
    stack: Stack,
    event_bus: events.IEventBus,
    state_machine: sfn.IStateMachine,
    synthesize: Callable[[], Template],
) -> None:
    contract = order_placed()

    WorkflowTrigger(
        stack, "Trigger", event_bus=event_bus, event_pattern=contract, state_machine=state_machine
    )

    (rule,) = synthesize().find_resources("AWS::Events::Rule").values()
    assert rule["Properties"]["EventPattern"] == contract.pattern
