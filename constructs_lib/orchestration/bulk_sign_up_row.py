"""What becomes of one row of a file of users."""

from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from constructs_lib.orchestration.retry_policies import STEP_FUNCTIONS_TRANSIENT, RetryPolicy
from constructs_lib.orchestration.sdk_task import SdkTask

# Source: Step Functions developer guide, "Start workflow executions from a task state"; API
# reference, StartExecution (read 2026-11-23).
_STARTED_BEFORE = "StepFunctions.ExecutionAlreadyExistsException"
# A start under the same name is safe to repeat.
_START_TRANSIENT = RetryPolicy(
    errors=(
        "StepFunctions.ExecutionLimitExceededException",
        "StepFunctions.SdkClientException",
    )
)


def sign_up_row(
    scope: Construct, *, sign_up: sfn.IStateMachine, timeout: Duration
) -> sfn.IChainable:
    """Start the sign-up of ``row`` under ``requestId``, wait for it and answer as it does.

    If one of that name has ended before, its outcome is the row's.
    """
    start = tasks.StepFunctionsStartExecution.jsonata(
        scope,
        "Sign up",
        state_machine=sign_up,
        integration_pattern=sfn.IntegrationPattern.RUN_JOB,
        name="{% $states.input.requestId %}",
        # The row and nothing else: the same name with another input is another execution.
        input=sfn.TaskInput.from_text("{% $states.input.row %}"),
        outputs="{% $states.result.Output %}",
        task_timeout=sfn.Timeout.duration(timeout),
    )
    _START_TRANSIENT.add_to(start)
    earlier = _find_earlier(scope, sign_up)
    start.add_catch(earlier, errors=[_STARTED_BEFORE], outputs="{% $states.input %}")
    earlier.next(
        sfn.Choice.jsonata(scope, "Did the earlier sign-up succeed?")
        .when(
            sfn.Condition.jsonata("{% $states.input.Status = 'SUCCEEDED' %}"),
            sfn.Pass.jsonata(
                scope, "Earlier sign-up succeeded", outputs="{% $parse($states.input.Output) %}"
            ),
        )
        .otherwise(
            sfn.Fail.jsonata(
                scope,
                "Earlier sign-up failed",
                error="{% $states.input.Error %}",
                cause="{% $states.input.Cause %}",
            )
        )
    )
    return start


def _find_earlier(scope: Construct, sign_up: sfn.IStateMachine) -> SdkTask:
    stack = Stack.of(scope)
    form = ArnFormat.COLON_RESOURCE_NAME
    name = stack.split_arn(sign_up.state_machine_arn, form).resource_name
    execution = (
        f"$replace('{sign_up.state_machine_arn}', ':stateMachine:', ':execution:')"
        " & ':' & $states.input.requestId"
    )
    task = SdkTask(
        scope,
        "Find earlier sign-up",
        service="sfn",
        action="describeExecution",
        parameters={"ExecutionArn": f"{{% {execution} %}}"},
        iam_resources=[
            stack.format_arn(
                service="states",
                resource="execution",
                resource_name=f"{name}:*",
                arn_format=form,
            )
        ],
        outputs={
            "Status": "{% $states.result.Status %}",
            "Output": "{% $exists($states.result.Output) ? $states.result.Output : 'null' %}",
            "Error": "{% $exists($states.result.Error)"
            " ? $states.result.Error : $states.result.Status %}",
            "Cause": "{% $exists($states.result.Cause)"
            " ? $states.result.Cause : 'no cause given' %}",
        },
    )
    STEP_FUNCTIONS_TRANSIENT.add_to(task)
    return task
