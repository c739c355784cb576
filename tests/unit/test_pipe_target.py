import json
from typing import Any

import pytest
from aws_cdk import App, Aws, CfnParameter, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_pipes as pipes
from aws_cdk import aws_stepfunctions as sfn

from constructs_lib.choreography import PipeTarget
from constructs_lib.validation import ConfigError


@pytest.fixture(scope="module")
def stack() -> Stack:
    """Nothing here adds to it but imports."""
    return Stack(App(), "Stack")


@pytest.fixture(scope="module")
def bus(stack: Stack) -> events.IEventBus:
    return events.EventBus.from_event_bus_name(stack, "Bus", "bus")


@pytest.fixture(scope="module")
def workflow(stack: Stack) -> sfn.IStateMachine:
    return sfn.StateMachine.from_state_machine_name(stack, "Workflow", "workflow")


def _template(target: PipeTarget) -> str:
    template = target.parameters.input_template
    assert template is not None
    return template


def test_a_workflow_is_started_without_waiting_one_execution_a_record(
    workflow: sfn.IStateMachine,
) -> None:
    target = PipeTarget.state_machine(workflow)

    assert target.arn == workflow.state_machine_arn
    assert target.parameters == pipes.CfnPipe.PipeTargetParametersProperty(
        step_function_state_machine_parameters=(
            pipes.CfnPipe.PipeTargetStateMachineParametersProperty(
                invocation_type="FIRE_AND_FORGET"
            )
        )
    )
    assert (target.default_batch_size, target.max_batch_size) == (1, 10_000)


def test_an_express_workflow_can_be_waited_for(workflow: sfn.IStateMachine) -> None:
    target = PipeTarget.state_machine(workflow, wait_for_result=True)

    options = target.parameters.step_function_state_machine_parameters
    assert options == pipes.CfnPipe.PipeTargetStateMachineParametersProperty(
        invocation_type="REQUEST_RESPONSE"
    )


def test_a_standard_workflow_cannot_be_waited_for() -> None:
    machine = sfn.StateMachine(
        Stack(),
        "Machine",
        definition_body=sfn.DefinitionBody.from_string("{}"),
    )

    with pytest.raises(ConfigError, match="wait_for_result must be False for a Standard workflow"):
        PipeTarget.state_machine(machine, wait_for_result=True)


def test_a_bus_gets_ten_events_at_a_time_under_their_source_and_type(
    bus: events.IEventBus,
) -> None:
    target = PipeTarget.event_bus(bus, source="orders", detail_type="$.body.type")

    assert target.arn == bus.event_bus_arn
    options = target.parameters.event_bridge_event_bus_parameters
    assert options == pipes.CfnPipe.PipeTargetEventBridgeEventBusParametersProperty(
        source="orders", detail_type="$.body.type"
    )
    assert (target.default_batch_size, target.max_batch_size) == (10, 10)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("event_source", "aws.orders"),
        ("event_source", ""),
        ("detail_type", ""),
        ("detail_type", "x" * 129),
        ("detail_type", "$body.type"),
        ("detail_type", "$.body.type of it"),
    ],
)
def test_what_eventbridge_does_not_take_as_source_or_type_is_refused(
    bus: events.IEventBus, argument: str, value: str
) -> None:
    names = {"source": "orders", "detail_type": "OrderPlaced"}
    names[argument.removeprefix("event_")] = value

    with pytest.raises(ConfigError, match=f"{argument} must"):
        PipeTarget.event_bus(bus, source=names["source"], detail_type=names["detail_type"])


def test_a_token_is_taken_as_source_and_type(stack: Stack, bus: events.IEventBus) -> None:
    name = CfnParameter(stack, "Name").value_as_string

    target = PipeTarget.event_bus(bus, source=name, detail_type=name)

    options = target.parameters.event_bridge_event_bus_parameters
    assert isinstance(options, pipes.CfnPipe.PipeTargetEventBridgeEventBusParametersProperty)
    assert (options.source, options.detail_type) == (name, name)


def test_a_template_is_json_but_for_whole_placeholders(workflow: sfn.IStateMachine) -> None:
    target = PipeTarget.state_machine(
        workflow,
        input_template={
            "user": {"id": "<$.dynamodb.NewImage.userId.S>"},
            "list": ["<$.a[0].b>", "<$.a[*]>", 1, None, True],
            "text": 'say "hello" to <$.body.first-name>',
            "event": "<aws.pipes.event.json>",
        },
    )

    assert _template(target) == (
        '{"user": {"id": <$.dynamodb.NewImage.userId.S>}, '
        '"list": [<$.a[0].b>, <$.a[*]>, 1, null, true], '
        r'"text": "say \"hello\" to <$.body.first-name>", '
        '"event": <aws.pipes.event.json>}'
    )


def test_tokens_in_a_template_are_filled_in_at_deployment(
    stack: Stack, workflow: sfn.IStateMachine
) -> None:
    limit = CfnParameter(stack, "Limit", type="Number").value_as_number

    target = PipeTarget.state_machine(
        workflow, input_template={"region": Aws.REGION, "limit": limit}
    )

    assert stack.resolve(_template(target)) == {
        "Fn::Join": [
            "",
            ['{"region": "', {"Ref": "AWS::Region"}, '", "limit": ', {"Ref": "Limit"}, "}"],
        ]
    }


@pytest.mark.parametrize(
    "text",
    [
        "<body.id>",
        "<$>",
        "<$.>",
        "<$.a b>",
        "<$..a>",
        "<$.a[x]>",
        "<$.a[?(@.b)]>",
        "<aws.pipes.event.id>",
        "<>",
        "id <nothing>",
    ],
)
def test_a_placeholder_that_pipes_do_not_know_is_refused(
    workflow: sfn.IStateMachine, text: str
) -> None:
    with pytest.raises(ConfigError, match="input_template must hold paths such as"):
        PipeTarget.state_machine(workflow, input_template={"deep": [{"down": text}]})


def test_the_whole_event_does_not_fit_into_a_text(workflow: sfn.IStateMachine) -> None:
    with pytest.raises(ConfigError, match=r"must have <aws\.pipes\.event\.json> as a whole value"):
        PipeTarget.state_machine(workflow, input_template={"text": "it was <aws.pipes.event.json>"})


@pytest.mark.parametrize(("characters", "is_refused"), [(8192, False), (8193, True)])
def test_a_template_may_have_8192_characters(
    workflow: sfn.IStateMachine, characters: int, is_refused: bool
) -> None:
    template: dict[str, Any] = {"text": ""}
    template["text"] = "x" * (characters - len(json.dumps(template)))

    if is_refused:
        with pytest.raises(ConfigError, match="at most 8192 characters of JSON, got 8193"):
            PipeTarget.state_machine(workflow, input_template=template)
    else:
        target = PipeTarget.state_machine(workflow, input_template=template)
        assert len(_template(target)) == characters
