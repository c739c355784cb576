"""Workflows that break one rule each, and near ones that keep it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.insight.insight_templates import (
    Resources,
    attribute,
    catch,
    ref,
    resource,
    retry,
    role,
    task,
    workflow,
)

Case = tuple[str, str, Resources]

_PUT = "dynamodb:putItem"
_SDK_PUT = "aws-sdk:dynamodb:putItem"
_END: dict[str, Any] = {"Type": "Succeed"}
_FAIL: dict[str, Any] = {"Type": "Fail", "Error": "Shop.Broken"}
_PASS: dict[str, Any] = {"Type": "Pass", "End": True}


def _pass(**fields: object) -> Resources:
    return workflow({"Prepare": {"Type": "Pass", "End": True, **fields}})


def _call(resource_: str = _PUT, **fields: object) -> Resources:
    return workflow({"Call": task(resource_, **fields)})


def _jsonata(**fields: object) -> Resources:
    return workflow({"Call": task(_PUT, **fields)}, fields={"QueryLanguage": "JSONata"})


def _choice(*choices: Mapping[str, object], **fields: object) -> Resources:
    return workflow({"Which": {"Type": "Choice", "Choices": list(choices), **fields}, "Done": _END})


def _caught(handler: Mapping[str, object], *errors: str, **more: object) -> Resources:
    states = {
        "Call": task(_PUT, Catch=catch("Handle", *errors), Next="Done"),
        "Done": _END,
        "Handle": handler,
        **more,
    }
    return workflow(states)


def _with_role(actions: tuple[str, ...], on: object = "*", **states: object) -> Resources:
    call = states or {"Call": task(_PUT, Parameters={"TableName": ref("Orders")})}
    return {
        **workflow(call, RoleArn=attribute("Role")),
        "Role": role(*actions, on=on),
        "Orders": resource("AWS::DynamoDB::Table"),
        "Others": resource("AWS::DynamoDB::Table"),
    }


def _logged(*states: object, included: bool = True) -> Resources:
    writes = {"Type": "Pass", "End": True, "Parameters": states[0]}
    return workflow(
        {"Write": writes},
        LoggingConfiguration={"Level": "ALL", "IncludeExecutionData": included},
    )


_PAID: dict[str, Any] = {"Variable": "$.paid", "BooleanEquals": True, "Next": "Done"}
_UNPAID: dict[str, Any] = {"Variable": "$.paid", "BooleanEquals": False, "Next": "Done"}
_POLL: dict[str, Any] = {
    "Wait": {"Type": "Wait", "Seconds": 5, "Next": "Look"},
    "Look": task("aws-sdk:glue:getJobRun", Next="Ready"),
    "Ready": {
        "Type": "Choice",
        "Choices": [{"Variable": "$.ready", "BooleanEquals": True, "Next": "Done"}],
        "Default": "Wait",
    },
    "Done": _END,
}

BREAKS: list[Case] = [
    ("definition-refused", "no such state", workflow({"A": {"Type": "Pass", "Next": "Nowhere"}})),
    ("definition-refused", "no states", workflow({})),
    ("definition-refused", "no type", workflow({"A": {"End": True}})),
    (
        "definition-refused",
        "callback in an Express workflow",
        workflow({"A": task("sqs:sendMessage.waitForTaskToken")}, StateMachineType="EXPRESS"),
    ),
    ("choice-without-default", "one rule", _choice(_PAID)),
    (
        "choice-without-default",
        "JSONata",
        workflow(
            {
                "Which": {"Type": "Choice", "Choices": [{"Condition": "{% $x %}", "Next": "Done"}]},
                "Done": _END,
            },
            fields={"QueryLanguage": "JSONata"},
        ),
    ),
    ("unreachable-state", "left over", workflow({"A": _PASS, "B": _PASS})),
    (
        "unreachable-state",
        "in a branch",
        workflow(
            {
                "All": {
                    "Type": "Parallel",
                    "End": True,
                    "Branches": [{"StartAt": "A", "States": {"A": _PASS, "B": _PASS}}],
                }
            }
        ),
    ),
    ("literal-intrinsic", "in parameters", _pass(Parameters={"id": "States.UUID()"})),
    (
        "literal-intrinsic",
        "deep inside",
        _call(Parameters={"Item": {"pk": {"S": "States.Format('USER#{}', $.id)"}}}),
    ),
    ("result-never-evaluated", "a path", _pass(Result={"id.$": "$.order.id"})),
    ("result-never-evaluated", "a function", _pass(Result={"id": "States.UUID()"})),
    ("literal-path", "in parameters", _pass(Parameters={"id": "$.order.id"})),
    ("literal-path", "of the context", _call(Parameters={"token": "$$.Task.Token"})),
    ("literal-path", "JSONata in a JSONPath state", _pass(Parameters={"id": "{% $uuid() %}"})),
    ("literal-jsonata", "no tags", _jsonata(Arguments={"id": "$states.input.id"})),
    ("literal-jsonata", "a blank before", _jsonata(Arguments={"id": " {% $uuid() %}"})),
    ("literal-jsonata", "words around", _jsonata(Arguments={"id": "USER#{% $uuid() %}"})),
    ("literal-jsonata", "a JSONPath name", _jsonata(Arguments={"id.$": "$.id"})),
    (
        "wrong-error-name",
        "a letter left out",
        _call("lambda:invoke", Retry=retry("Lambda.TooManyRequestException")),
    ),
    ("wrong-error-name", "SDK's for optimized", _call(Retry=retry("DynamoDb.ThrottlingException"))),
    (
        "wrong-error-name",
        "optimized's for the SDK",
        _call(_SDK_PUT, Retry=retry("DynamoDB.ThrottlingException")),
    ),
    (
        "wrong-error-name",
        "without Exception",
        workflow(
            {
                "Read": task("aws-sdk:s3:getObject", Catch=catch("Done", "S3.NoSuchKey")),
                "Done": _FAIL,
            }
        ),
    ),
    (
        "wrong-error-name",
        "wrong capital",
        _call(
            "aws-sdk:cognitoidentityprovider:adminCreateUser",
            Retry=retry("CognitoIdentityProvider.UserNameExistsException"),
        ),
    ),
    ("wrong-error-name", "no reserved name", _call(Retry=retry("States.TaskFailure"))),
    ("uncatchable-error", "runtime", _caught(_FAIL, "States.Runtime")),
    (
        "timeout-not-caught",
        "task failed only",
        workflow(
            {
                "Call": task(_PUT, TimeoutSeconds=5, Catch=catch("No", "States.TaskFailed")),
                "No": _FAIL,
            }
        ),
    ),
    ("failure-ends-green", "nothing is done", _caught(_PASS)),
    ("failure-ends-green", "a notice", _caught(task("sns:publish"))),
    ("transient-error-not-retried", "no retry", _call()),
    (
        "transient-error-not-retried",
        "another error retried",
        _call(Retry=retry("DynamoDB.ConditionalCheckFailedException")),
    ),
    (
        "transient-error-not-retried",
        "a function by its ARN",
        _call("arn:aws:lambda:us-east-1:123456789012:function:f"),
    ),
    ("transient-error-not-retried", "a service not in the table", _call("aws-sdk:glue:getJob")),
    (
        "permanent-error-retried",
        "a failed condition",
        _call(Retry=retry("DynamoDB.ConditionalCheckFailedException")),
    ),
    ("permanent-error-retried", "a path", _call(Retry=retry("States.ParameterPathFailure"))),
    (
        "permanent-error-retried",
        "not found",
        _call("http:invoke", Retry=retry("States.Http.StatusCode.404")),
    ),
    ("callback-without-timeout", "token", _call("sqs:sendMessage.waitForTaskToken")),
    (
        "callback-without-timeout",
        "activity",
        _call("arn:aws:states:us-east-1:123456789012:activity:Pack"),
    ),
    ("task-without-timeout", "a call", _call()),
    (
        "failure-ends-green",
        "all items may fail",
        workflow(
            {
                "Each": {
                    "Type": "Map",
                    "End": True,
                    "ToleratedFailurePercentage": 100,
                    "ItemProcessor": {
                        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                        "StartAt": "A",
                        "States": {"A": _PASS},
                    },
                }
            }
        ),
    ),
    ("task-lacks-permission", "no policy", _with_role(())),
    (
        "task-lacks-permission",
        "what waiting for a job needs",
        _with_role(("ecs:RunTask",), Run=task("ecs:runTask.sync")),
    ),
    ("task-lacks-permission", "another action", _with_role(("dynamodb:GetItem",))),
    (
        "task-lacks-permission",
        "another table",
        _with_role(("dynamodb:PutItem",), on=attribute("Others")),
    ),
    (
        "task-lacks-permission",
        "the SDK's prefix for IAM's",
        _with_role(("sesv2:SendEmail",), Call=task("aws-sdk:sesv2:sendEmail")),
    ),
    (
        "permission-not-needed",
        "one more action",
        _with_role(("dynamodb:PutItem", "dynamodb:DeleteItem")),
    ),
    ("permission-not-needed", "a wildcard", _with_role(("dynamodb:*",))),
    ("quota-exceeded", "a long name", workflow({"n" * 81: _PASS})),
    (
        "quota-exceeded",
        "a long wait in an Express workflow",
        workflow(
            {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}, StateMachineType="EXPRESS"
        ),
    ),
    (
        "quota-exceeded",
        "too many entries",
        _call("events:putEvents", Parameters={"Entries": [{"Source": "shop"}] * 11}),
    ),
    ("quota-nearly-reached", "a large constant", _pass(Result="x" * 230_000)),
    ("quota-nearly-reached", "polling", workflow(_POLL)),
    ("personal-data-in-logs", "an email", _logged({"email.$": "$.email"})),
    ("whole-content-in-logs", "anything", _logged({"id.$": "$.id"})),
    (
        "personal-data-in-names",
        "of an execution",
        _call("states:startExecution", Parameters={"Name.$": "$.email", "StateMachineArn": "x"}),
    ),
    (
        "personal-data-in-names",
        "in a cause",
        workflow(
            {"No": {"Type": "Fail", "Error": "No", "Cause": "{% 'no ' & $states.input.email %}"}},
            fields={"QueryLanguage": "JSONata"},
        ),
    ),
]

KEEPS: list[Case] = [
    ("definition-refused", "a good one", _pass()),
    ("choice-without-default", "a Default", _choice(_PAID, Default="Done")),
    ("choice-without-default", "both answers", _choice(_PAID, _UNPAID)),
    ("unreachable-state", "by an error only", _caught(_FAIL)),
    ("literal-intrinsic", "evaluated", _pass(Parameters={"id.$": "States.UUID()"})),
    ("literal-intrinsic", "about them", _pass(Parameters={"help": "States.UUID makes an id"})),
    ("result-never-evaluated", "a constant", _pass(Result={"price": "$5.00", "id": 1})),
    ("literal-path", "evaluated", _pass(Parameters={"id.$": "$.order.id"})),
    ("literal-path", "money", _pass(Parameters={"price": "$5.00"})),
    (
        "literal-path",
        "another service evaluates it",
        _call(
            "aws-sdk:eventbridge:putTargets", Parameters={"Targets": [{"InputPath": "$.detail"}]}
        ),
    ),
    ("literal-jsonata", "an expression", _jsonata(Arguments={"id": "{% $states.input.id %}"})),
    ("literal-jsonata", "money", _jsonata(Arguments={"price": "$5.00"})),
    ("literal-jsonata", "percent", _jsonata(Arguments={"text": "50 % off"})),
    (
        "wrong-error-name",
        "EC2, which models write otherwise",
        _call("lambda:invoke", Retry=retry("Lambda.EC2ThrottledException")),
    ),
    ("wrong-error-name", "optimized", _call(Retry=retry("DynamoDB.ThrottlingException"))),
    ("wrong-error-name", "SDK", _call(_SDK_PUT, Retry=retry("DynamoDb.ThrottlingException"))),
    (
        "wrong-error-name",
        "an error of one's own",
        _call("lambda:invoke", Retry=retry("OutOfStock")),
    ),
    (
        "wrong-error-name",
        "a Fail state within says it",
        workflow(
            {
                "Vote": {
                    "Type": "Parallel",
                    "Branches": [
                        {
                            "StartAt": "Enough",
                            "States": {"Enough": {"Type": "Fail", "Error": "States.QuorumMet"}},
                        }
                    ],
                    "Catch": catch("Done", "States.QuorumMet"),
                    "Next": "Done",
                },
                "Done": _END,
            }
        ),
    ),
    ("wrong-error-name", "HTTP", _call("http:invoke", Retry=retry("States.Http.StatusCode.503"))),
    (
        "wrong-error-name",
        "the service's own exception",
        _call("aws-sdk:s3:getObject", Retry=retry("S3.S3Exception", "S3.SdkClientException")),
    ),
    ("uncatchable-error", "all", _caught(_FAIL)),
    (
        "timeout-not-caught",
        "both",
        workflow(
            {
                "Call": task(
                    _PUT,
                    TimeoutSeconds=5,
                    Catch=catch("No", "States.TaskFailed", "States.Timeout"),
                ),
                "No": _FAIL,
            }
        ),
    ),
    ("timeout-not-caught", "no limit", _caught(_FAIL, "States.TaskFailed")),
    ("failure-ends-green", "fails", _caught(_FAIL)),
    ("failure-ends-green", "best effort", _caught({"Type": "Pass", "Next": "Done"})),
    (
        "failure-ends-green",
        "understood",
        _caught(_PASS, "DynamoDB.ConditionalCheckFailedException"),
    ),
    (
        "failure-ends-green",
        "asks first",
        _caught(
            {"Type": "Choice", "Choices": [_PAID | {"Next": "Green"}], "Default": "Green"},
            Green=_PASS,
        ),
    ),
    (
        "failure-ends-green",
        "an answer",
        {
            "Work": resource(
                "AWS::StepFunctions::StateMachine",
                StateMachineType="EXPRESS",
                Definition=_caught(_PASS)["Work"]["Properties"]["Definition"],
            )
        },
    ),
    (
        "transient-error-not-retried",
        "the service's",
        _call(Retry=retry("DynamoDB.ThrottlingException")),
    ),
    ("transient-error-not-retried", "whatever", _call(Retry=retry("States.ALL"))),
    ("transient-error-not-retried", "on purpose", _call(Retry=retry("States.ALL", MaxAttempts=0))),
    ("transient-error-not-retried", "a worker", _call("sqs:sendMessage.waitForTaskToken")),
    (
        "transient-error-not-retried",
        "the Map around it retries",
        workflow(
            {
                "Each": {
                    "Type": "Map",
                    "End": True,
                    "Retry": retry("States.TaskFailed"),
                    "ItemProcessor": {"StartAt": "Call", "States": {"Call": task(_PUT)}},
                }
            }
        ),
    ),
    ("permanent-error-retried", "transient", _call(Retry=retry("DynamoDB.ThrottlingException"))),
    (
        "permanent-error-retried",
        "never retried",
        _call(Retry=retry("DynamoDB.ConditionalCheckFailedException", MaxAttempts=0)),
    ),
    (
        "permanent-error-retried",
        "too many requests",
        _call("http:invoke", Retry=retry("States.Http.StatusCode.429")),
    ),
    (
        "callback-without-timeout",
        "a heartbeat",
        _call("sqs:sendMessage.waitForTaskToken", HeartbeatSeconds=60),
    ),
    (
        "callback-without-timeout",
        "a path",
        _call("sqs:sendMessage.waitForTaskToken", TimeoutSecondsPath="$.limit"),
    ),
    ("task-without-timeout", "of the task", _call(TimeoutSeconds=10)),
    (
        "task-without-timeout",
        "of the workflow",
        workflow({"Call": task(_PUT)}, fields={"TimeoutSeconds": 60}),
    ),
    (
        "task-without-timeout",
        "Express",
        workflow({"Call": task(_PUT)}, StateMachineType="EXPRESS"),
    ),
    (
        "task-without-timeout",
        "a workflow that ends by itself",
        {
            **workflow(
                {
                    "Run": task(
                        "states:startExecution.sync:2", Parameters={"StateMachineArn": ref("Other")}
                    )
                }
            ),
            "Other": workflow({"A": _PASS}, fields={"TimeoutSeconds": 60})["Work"],
        },
    ),
    (
        "failure-ends-green",
        "some items may fail",
        workflow(
            {
                "Each": {
                    "Type": "Map",
                    "End": True,
                    "ToleratedFailurePercentage": 5,
                    "ItemProcessor": {
                        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                        "StartAt": "A",
                        "States": {"A": _PASS},
                    },
                }
            }
        ),
    ),
    ("task-lacks-permission", "given", _with_role(("dynamodb:PutItem",))),
    (
        "task-lacks-permission",
        "what waiting for a job needs",
        _with_role(
            ("ecs:RunTask", "events:PutRule", "events:PutTargets"), Run=task("ecs:runTask.sync")
        ),
    ),
    (
        "task-lacks-permission",
        "a job that Step Functions asks after",
        _with_role(("glue:StartJobRun",), Run=task("glue:startJobRun.sync")),
    ),
    ("task-lacks-permission", "by a wildcard", _with_role(("dynamodb:Put*",))),
    (
        "task-lacks-permission",
        "on the table",
        _with_role(("dynamodb:PutItem",), on=attribute("Orders")),
    ),
    (
        "task-lacks-permission",
        "IAM's prefix",
        _with_role(("ses:SendEmail",), Call=task("aws-sdk:sesv2:sendEmail")),
    ),
    (
        "task-lacks-permission",
        "a policy of AWS that is not known here",
        {
            **_with_role(()),
            "Role": resource(
                "AWS::IAM::Role",
                ManagedPolicyArns=["arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"],
            ),
        },
    ),
    (
        "permission-not-needed",
        "what a service does in the caller's name",
        _with_role(
            ("rekognition:DetectLabels", "s3:GetObject"),
            Look=task("aws-sdk:rekognition:detectLabels"),
        ),
    ),
    ("permission-not-needed", "just that", _with_role(("dynamodb:PutItem", "logs:PutLogEvents"))),
    (
        "permission-not-needed",
        "a role that a schedule has too",
        {
            **_with_role(("dynamodb:*",)),
            "Tick": resource(
                "AWS::Scheduler::Schedule",
                Target={"Arn": attribute("Orders"), "RoleArn": attribute("Role")},
            ),
        },
    ),
    (
        "permission-not-needed",
        "what .sync needs",
        _with_role(
            ("glue:StartJobRun", "glue:GetJobRun", "events:PutRule"),
            Run=task("glue:startJobRun.sync"),
        ),
    ),
    (
        "task-lacks-permission",
        "a task definition of ECS, on whatever cluster",
        {
            **_with_role(
                ("ecs:RunTask",),
                on=ref("Definition"),
                Run=task(
                    "ecs:runTask",
                    Parameters={"Cluster": ref("Cluster"), "TaskDefinition": ref("Definition")},
                ),
            ),
            "Cluster": resource("AWS::ECS::Cluster"),
            "Definition": resource("AWS::ECS::TaskDefinition"),
        },
    ),
    ("quota-exceeded", "eighty characters", workflow({"n" * 80: _PASS})),
    ("quota-nearly-reached", "a small constant", _pass(Result="x" * 1000)),
    (
        "quota-nearly-reached",
        "counted polling",
        workflow(
            {
                **_POLL,
                "Look": task(
                    "aws-sdk:glue:getJobRun",
                    Next="Ready",
                    ResultSelector={"n.$": "States.MathAdd($.n, 1)"},
                ),
            }
        ),
    ),
    (
        "quota-nearly-reached",
        "polling twice a minute",
        workflow({**_POLL, "Wait": {"Type": "Wait", "Seconds": 30, "Next": "Look"}}),
    ),
    ("personal-data-in-logs", "not included", _logged({"email.$": "$.email"}, included=False)),
    ("personal-data-in-logs", "a hash", _logged({"emailHash.$": "$.emailHash"})),
    (
        "personal-data-in-logs",
        "a state's name",
        workflow(
            {"SendEmail": {"Type": "Pass", "End": True, "Parameters": {"id.$": "$.id"}}},
            LoggingConfiguration={"Level": "ALL", "IncludeExecutionData": True},
        ),
    ),
    ("personal-data-in-logs", "a switch", _logged({"sendEmail.$": "$.sendEmail"})),
    ("whole-content-in-logs", "not included", _logged({"id.$": "$.id"}, included=False)),
    (
        "personal-data-in-names",
        "an id",
        _call("states:startExecution", Parameters={"Name.$": "$.orderId", "StateMachineArn": "x"}),
    ),
    (
        "personal-data-in-names",
        "a word in a cause",
        workflow({"No": {"Type": "Fail", "Error": "No", "Cause": "the email is taken"}}),
    ),
]
