"""What an Express workflow refuses, read from the definition as CDK renders it."""

from collections.abc import Callable

import pytest
from aws_cdk import App, CfnParameter, Duration, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from aws_cdk.assertions import Template

from constructs_lib.orchestration.workflow import Workflow
from constructs_lib.validation import ConfigError

EXPRESS = sfn.StateMachineType.EXPRESS


def _pass(stack: Stack) -> sfn.Pass:
    return sfn.Pass.jsonata(stack, "Do")


def _task(stack: Stack, name: str, resource: str, **fields: object) -> sfn.CustomState:
    state = {"Type": "Task", "Resource": resource, "End": True, **fields}
    return sfn.CustomState(stack, name, state_json=state)


def _activity_elsewhere(stack: Stack) -> sfn.Activity:
    app = stack.node.root
    assert isinstance(app, App)
    return sfn.Activity(Stack(app, "Other"), "Clerk")


def _token_wait(stack: Stack, name: str = "Wait for person") -> sfn.CustomState:
    return _task(stack, name, "arn:aws:states:::sqs:sendMessage.waitForTaskToken")


REFUSED_STATES: dict[str, tuple[Callable[[Stack], sfn.IChainable], str]] = {
    "a task token": (_token_wait, "'Wait for person', which waits for a task token"),
    "a job": (
        lambda stack: _task(stack, "Run job", "arn:aws:states:::batch:submitJob.sync"),
        "'Run job', which waits for a job",
    ),
    "a workflow whose output is awaited": (
        lambda stack: _task(stack, "Run", "arn:aws:states:::states:startExecution.sync:2"),
        "'Run', which waits for a job",
    ),
    "an activity of the stack": (
        lambda stack: tasks.StepFunctionsInvokeActivity.jsonata(
            stack, "Ask clerk", activity=sfn.Activity(stack, "Clerk")
        ),
        "'Ask clerk', which hands work to an activity",
    ),
    "an activity of another stack": (
        lambda stack: tasks.StepFunctionsInvokeActivity.jsonata(
            stack, "Ask clerk", activity=_activity_elsewhere(stack)
        ),
        "'Ask clerk', which hands work to an activity",
    ),
    "an imported activity": (
        lambda stack: tasks.StepFunctionsInvokeActivity.jsonata(
            stack, "Ask clerk", activity=sfn.Activity.from_activity_name(stack, "Clerk", "clerk")
        ),
        "'Ask clerk', which hands work to an activity",
    ),
    "a distributed map": (
        lambda stack: sfn.DistributedMap.jsonata(stack, "Each row").item_processor(_pass(stack)),
        "'Each row', which is a Distributed Map",
    ),
    "a long wait": (
        lambda stack: sfn.Wait.jsonata(
            stack, "Wait", time=sfn.WaitTime.duration(Duration.seconds(301))
        ),
        "'Wait', which waits 301 seconds of the 300",
    ),
    "a long task": (
        lambda stack: _task(stack, "Call", "arn:aws:states:::sqs:sendMessage", TimeoutSeconds=301),
        "'Call', which has a timeout of 301 seconds of the 300",
    ),
    "one nested in a parallel state": (
        lambda stack: (
            sfn.Parallel.jsonata(stack, "Both").branch(_pass(stack)).branch(_token_wait(stack))
        ),
        "'Wait for person'",
    ),
    "one nested in a map": (
        lambda stack: sfn.Map.jsonata(stack, "Each").item_processor(_token_wait(stack)),
        "'Wait for person'",
    ),
    "one nested in a map in a parallel state": (
        lambda stack: sfn.Parallel.jsonata(stack, "Both").branch(
            sfn.Map.jsonata(stack, "Each").item_processor(_token_wait(stack))
        ),
        "'Wait for person'",
    ),
    "one nested in a map of the older form": (
        lambda stack: sfn.CustomState(
            stack,
            "Each",
            state_json={
                "Type": "Map",
                "Iterator": {
                    "StartAt": "Wait for person",
                    "States": {
                        "Wait for person": {
                            "Type": "Task",
                            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                            "End": True,
                        }
                    },
                },
                "End": True,
            },
        ),
        "'Wait for person'",
    ),
    "one after a catch": (
        lambda stack: _task(stack, "Call", "arn:aws:states:::sqs:sendMessage").add_catch(
            _token_wait(stack)
        ),
        "'Wait for person'",
    ),
}


@pytest.mark.parametrize("kind", REFUSED_STATES)
def test_express_refuses_the_state_by_name_and_says_why(stack: Stack, kind: str) -> None:
    make, reason = REFUSED_STATES[kind]

    with pytest.raises(ConfigError) as refused:
        Workflow(stack, "Workflow", definition=make(stack), workflow_type=EXPRESS)

    assert reason in str(refused.value)
    assert "choose STANDARD, or leave these states" in str(refused.value)


@pytest.mark.parametrize("kind", REFUSED_STATES)
def test_standard_takes_every_state_that_express_refuses(stack: Stack, kind: str) -> None:
    Workflow(stack, "Workflow", definition=REFUSED_STATES[kind][0](stack))


def test_express_names_every_state_that_it_refuses(stack: Stack) -> None:
    job = _task(stack, "Run job", "arn:aws:states:::batch:submitJob.sync")
    both = sfn.Parallel.jsonata(stack, "Both").branch(job).branch(_token_wait(stack))

    with pytest.raises(ConfigError, match=r"'Run job'.*'Wait for person'"):
        Workflow(stack, "Workflow", definition=both, workflow_type=EXPRESS)


def test_express_takes_calls_choices_maps_and_functions(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    code = lambda_.Code.from_inline("def handler(event, context): ...")
    function = lambda_.Function(
        stack, "F", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=code
    )
    steps = (
        tasks.LambdaInvoke.jsonata(stack, "Invoke", lambda_function=function)
        .next(_task(stack, "Call alias", function.current_version.function_arn, End=None))
        .next(
            sfn.Map.jsonata(stack, "Each").item_processor(
                _task(stack, "Run", "arn:aws:states:::aws-sdk:sfn:startSyncExecution")
            )
        )
        .next(
            sfn.Pass.jsonata(
                stack,
                "Say",
                outputs={"quoted": 'a "quoted" \\ text', "of": f"stack {stack.stack_name}"},
            )
        )
        .next(sfn.Wait.jsonata(stack, "Wait", time=sfn.WaitTime.duration(Duration.seconds(300))))
    )

    Workflow(stack, "Workflow", definition=steps, workflow_type=EXPRESS)

    synthesize().has_resource_properties(
        "AWS::StepFunctions::StateMachine", {"StateMachineType": "EXPRESS"}
    )


def test_a_definition_with_references_and_quotation_marks_is_read_whole(stack: Stack) -> None:
    """A quotation mark that is counted wrongly would spoil what comes after it."""
    seconds = Duration.seconds(CfnParameter(stack, "Longest", type="Number").value_as_number)
    quoted = sfn.Pass.jsonata(stack, "Say", outputs={"text": f'5" of {stack.stack_name}'})
    wait = sfn.Wait.jsonata(stack, "Wait", time=sfn.WaitTime.duration(seconds))

    with pytest.raises(ConfigError, match="'Wait for person'"):
        Workflow(
            stack,
            "Workflow",
            definition=quoted.next(wait).next(_token_wait(stack)),
            workflow_type=EXPRESS,
        )


def test_a_definition_without_any_reference_is_plain_text_and_read_as_well() -> None:
    stack = Stack(App(), "Stack", env={"account": "111111111111", "region": "us-east-1"})

    with pytest.raises(ConfigError, match="'Wait for person'"):
        Workflow(stack, "Workflow", definition=_token_wait(stack), workflow_type=EXPRESS)
