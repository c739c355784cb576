"""The engine runs Step Functions workflows in process, as AWS would.

The second half holds one canary for each change to moto: it runs the engine with that one change
left out, and fails once moto has closed the gap. Then drop patch and canary.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from unittest import mock

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import (
    WaitFunction,
)
from moto.stepfunctions.parser.asl.jsonata import jsonata as moto_jsonata
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from constructs_lib.testing import JsonValue, _moto_patches
from constructs_lib.testing.moto_engine import (
    FAILED_ENTRY,
    FaultError,
    WorkflowDeadlineError,
    WorkflowEngine,
    WorkflowRefusedError,
    WorkflowRun,
    moto_workflows,
)

Asl = dict[str, JsonValue]
EMAIL = "ada@example.com"
EMAIL_HASH = hashlib.sha256(EMAIL.encode()).hexdigest()


@pytest.fixture
def engine() -> Iterator[WorkflowEngine]:
    with moto_workflows() as made:
        yield made


def jsonata(states: Mapping[str, JsonValue], *, start_at: str | None = None) -> Asl:
    start = start_at or next(iter(states))
    return {"QueryLanguage": "JSONata", "StartAt": start, "States": states}


def answer(expression: str) -> Asl:
    """A workflow whose output is the value of one JSONata expression."""
    return jsonata({"Answer": {"Type": "Pass", "Output": f"{{% {expression} %}}", "End": True}})


# --- a sign-up, the workflow shape this exists for ------------------------------------------------


@dataclass(frozen=True)
class World:
    """The AWS resources around the sign-up workflow of these tests."""

    engine: WorkflowEngine
    pool_id: str
    queue_url: str

    def sign_up(self, email: str = f"  {EMAIL.upper()} ") -> WorkflowRun:
        return self.engine.run(sign_up(self.pool_id), {"email": email})

    def reserved(self) -> Sequence[Mapping[str, object]]:
        return boto3.client("dynamodb").scan(TableName="reservations")["Items"]

    def published(self) -> list[dict[str, JsonValue]]:
        answer = boto3.client("sqs").receive_message(QueueUrl=self.queue_url)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


@pytest.fixture
def world(engine: WorkflowEngine) -> World:
    boto3.client("dynamodb").create_table(
        TableName="reservations",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    pool = boto3.client("cognito-idp").create_user_pool(PoolName="people")["UserPool"]["Id"]
    queue_url = boto3.client("sqs").create_queue(QueueName="seen")["QueueUrl"]
    events = boto3.client("events")
    events.create_event_bus(Name="app")
    events.put_rule(
        Name="all", EventBusName="app", EventPattern=json.dumps({"source": ["sign-up"]})
    )
    queue_arn = "arn:aws:sqs:us-east-1:123456789012:seen"
    events.put_targets(Rule="all", EventBusName="app", Targets=[{"Id": "seen", "Arn": queue_arn}])
    return World(engine, pool, queue_url)


def sign_up(pool_id: str) -> Asl:
    undo: Asl = {
        "Assign": {"failure": "{% $states.errorOutput %}"},
        "Output": {"undone": "{% $states.errorOutput.Error %}"},
        "Next": "Release reservation",
    }
    return jsonata(
        {
            "Check request": {
                "Type": "Choice",
                "Choices": [
                    {"Condition": "{% $contains($states.input.email, '@') %}", "Next": "Prepare"}
                ],
                "Default": "Invalid request",
            },
            "Invalid request": {
                "Type": "Fail",
                "Error": "{% 'SignUp.' & 'InvalidRequest' %}",
                "Cause": "{% 'no address: ' & $states.input.email %}",
            },
            "Prepare": {
                "Type": "Pass",
                "Assign": {
                    "userId": "{% $uuid() %}",
                    "email": "{% $lowercase($trim($states.input.email)) %}",
                    "emailHash": "{% $hash($lowercase($trim($states.input.email)), 'SHA-256') %}",
                },
                "Next": "Reserve email",
            },
            "Reserve email": {
                "Type": "Task",
                "Resource": "arn:aws:states:::dynamodb:putItem",
                "Arguments": {
                    "TableName": "reservations",
                    "Item": {
                        "pk": {"S": "{% $emailHash %}"},
                        "userId": {"S": "{% $userId %}"},
                    },
                    "ConditionExpression": "attribute_not_exists(pk) OR userId = :me",
                    "ExpressionAttributeValues": {":me": {"S": "{% $userId %}"}},
                },
                "Catch": [
                    {
                        "ErrorEquals": ["DynamoDB.ConditionalCheckFailedException"],
                        "Next": "Email taken",
                    }
                ],
                "Next": "Create identity",
            },
            "Email taken": {"Type": "Fail", "Error": "SignUp.EmailTaken"},
            "Create identity": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:cognitoidentityprovider:adminCreateUser",
                "Arguments": {
                    "UserPoolId": pool_id,
                    "Username": "{% $userId %}",
                    "UserAttributes": [{"Name": "email", "Value": "{% $email %}"}],
                },
                "Retry": [
                    {
                        "ErrorEquals": ["CognitoIdentityProvider.TooManyRequestsException"],
                        "IntervalSeconds": 10,
                        "MaxAttempts": 4,
                        "BackoffRate": 3,
                        "MaxDelaySeconds": 20,
                        "JitterStrategy": "FULL",
                    }
                ],
                "Catch": [{"ErrorEquals": ["States.ALL"], **undo}],
                "Output": {"created": "{% $states.result.User.UserCreateDate %}"},
                "Next": "Announce",
            },
            "Announce": {
                "Type": "Task",
                "Resource": "arn:aws:states:::events:putEvents",
                "Arguments": {
                    "Entries": [
                        {
                            "EventBusName": "app",
                            "Source": "sign-up",
                            "DetailType": "UserSignedUp",
                            "Detail": {"userId": "{% $userId %}"},
                        }
                    ]
                },
                "Catch": [{"ErrorEquals": ["EventBridge.FailedEntry"], **undo}],
                "Output": {"userId": "{% $userId %}", "created": "{% $states.input.created %}"},
                "End": True,
            },
            "Release reservation": {
                "Type": "Task",
                "Resource": "arn:aws:states:::dynamodb:deleteItem",
                "Arguments": {
                    "TableName": "reservations",
                    "Key": {"pk": {"S": "{% $emailHash %}"}},
                },
                "Output": "{% $states.input %}",
                "Next": "Sign-up failed",
            },
            "Sign-up failed": {
                "Type": "Fail",
                "Error": "{% $failure.Error %}",
                "Cause": "{% 'undone after ' & $states.input.undone %}",
            },
        }
    )


def test_a_sign_up_changes_the_table_the_user_pool_and_the_bus(world: World) -> None:
    run = world.sign_up()

    assert run.status == "SUCCEEDED", run
    assert run.path == ("Check request", "Prepare", "Reserve email", "Create identity", "Announce")
    assert isinstance(run.output, dict)
    user_id = str(run.output["userId"])
    assert uuid.UUID(user_id).version == 4
    assert world.reserved() == [{"pk": {"S": EMAIL_HASH}, "userId": {"S": user_id}}]
    users = boto3.client("cognito-idp").list_users(UserPoolId=world.pool_id)["Users"]
    assert {"Name": "email", "Value": EMAIL} in users[0]["Attributes"]


def test_an_event_published_by_a_task_reaches_the_queue_with_the_execution_as_its_source(
    world: World,
) -> None:
    run = world.sign_up()

    [event] = world.published()
    assert event["detail-type"] == "UserSignedUp"
    assert isinstance(run.output, dict)
    assert event["detail"] == {"userId": run.output["userId"]}
    assert [str(arn).split(":")[5] for arn in _list(event["resources"])] == [
        "stateMachine",
        "execution",
    ]


def test_a_failed_condition_of_an_optimized_task_has_the_name_aws_gives_it(world: World) -> None:
    world.sign_up()

    run = world.sign_up()

    assert (run.status, run.error) == ("FAILED", "SignUp.EmailTaken")
    assert run.retries == 0


def test_a_fail_state_evaluates_its_error_and_cause(world: World) -> None:
    run = world.sign_up("nobody")

    assert (run.error, run.cause) == ("SignUp.InvalidRequest", "no address: nobody")
    assert run.path == ("Check request", "Invalid request")


def test_a_transient_error_is_retried_without_really_waiting(world: World) -> None:
    throttle(world.engine, times=2)

    started = time.monotonic()
    run = world.sign_up()

    assert run.status == "SUCCEEDED", run
    assert run.retries == 2
    assert [fault.error for fault in world.engine.injected] == ["TooManyRequestsException"] * 2
    assert time.monotonic() - started < 5


def test_retry_delays_are_jittered_within_backoff_and_the_maximum_delay(world: World) -> None:
    throttle(world.engine, times=4)

    delays = world.sign_up().retry_delays_seconds

    assert len(delays) == 4
    for delay, ceiling in zip(delays, (10, 20, 20, 20), strict=True):
        assert 0 <= delay <= ceiling
    assert delays[0] != 10, "no jitter"


def test_an_error_that_outlasts_its_retries_is_caught_and_undone(world: World) -> None:
    throttle(world.engine, times=None)

    run = world.sign_up()

    assert (run.status, run.error) == (
        "FAILED",
        "CognitoIdentityProvider.TooManyRequestsException",
    )
    assert run.cause == f"undone after {run.error}"
    assert run.retries == 4
    assert run.path[-3:] == ("Create identity", "Release reservation", "Sign-up failed")
    assert world.reserved() == []


def test_an_error_of_the_emulated_service_has_the_name_aws_gives_it(world: World) -> None:
    create: Asl = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:cognitoidentityprovider:adminCreateUser",
        "Arguments": {"UserPoolId": world.pool_id, "Username": "ada"},
    }
    definition = jsonata({"First": {**create, "Next": "Second"}, "Second": {**create, "End": True}})

    run = world.engine.run(definition, {})

    assert run.error == "CognitoIdentityProvider.UsernameExistsException"


def test_a_failed_entry_is_noticed_by_the_optimized_put_events(world: World) -> None:
    world.engine.fail(service="events", operation="PutEvents", error=FAILED_ENTRY)

    run = world.sign_up()

    assert run.error == "EventBridge.FailedEntry"
    assert world.published() == []


def test_a_refused_put_events_can_be_caught(world: World) -> None:
    world.engine.fail(service="events", operation="PutEvents", error="InternalException")

    run = world.sign_up()

    assert run.error == "EventBridge.InternalException"


# --- faults ---------------------------------------------------------------------------------------


def throttle(engine: WorkflowEngine, *, times: int | None) -> None:
    engine.fail(
        service="cognito-idp",
        operation="AdminCreateUser",
        error="TooManyRequestsException",
        times=times,
    )


def test_faults_spare_the_clients_of_the_test_itself(world: World) -> None:
    throttle(world.engine, times=None)

    boto3.client("cognito-idp").admin_create_user(UserPoolId=world.pool_id, Username="ada")

    assert world.engine.injected == ()


def test_after_heal_no_call_fails_any_more(world: World) -> None:
    throttle(world.engine, times=None)
    world.engine.heal()

    assert world.sign_up().status == "SUCCEEDED"


def test_an_sns_error_is_found_by_its_exception_though_sns_sends_another_code(
    engine: WorkflowEngine,
) -> None:
    engine.fail(service="sns", operation="Publish", error="NotFoundException", times=2)
    arn = boto3.client("sns").create_topic(Name="there")["TopicArn"]
    topic: Asl = {"TopicArn": arn, "Message": "hello"}

    for prefix, error in (("", "SNS"), ("aws-sdk:", "Sns")):
        task: Asl = {
            "Type": "Task",
            "Resource": f"arn:aws:states:::{prefix}sns:publish",
            "End": True,
        }
        run = engine.run(jsonata({"Notify": {**task, "Arguments": topic}}), {})
        assert run.error == f"{error}.NotFoundException"


@pytest.mark.parametrize(
    ("service", "operation", "error", "times", "message"),
    [
        ("cognito", "AdminCreateUser", "X", 1, "service must be a boto3 service name"),
        ("cognito-idp", "CreateAdminUser", "X", 1, "AdminCreateUser"),
        ("sns", "Publish", FAILED_ENTRY, 1, "only PutEvents knows"),
        ("sns", "Publish", "X", 0, "times must be at least 1, got 0"),
    ],
)
def test_a_fault_that_can_never_happen_is_refused(
    engine: WorkflowEngine,
    service: str,
    operation: str,
    error: str,
    times: int,
    message: str,
) -> None:
    with pytest.raises(FaultError, match=message):
        engine.fail(service=service, operation=operation, error=error, times=times)


# --- JSONata --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$hash('ada', 'SHA-512')", hashlib.sha512(b"ada").hexdigest()),
        ("$parse('{\"a\": [1, 2]}').a", [1, 2]),
        ("$partition([1, 2, 3, 4, 5], 2)", [[1, 2], [3, 4], [5]]),
        ("$range(0, 10, 4)", [0, 4, 8]),
        ("$range(3, 1, -1)", [3, 2, 1]),
        ("$random(7) = $random(7)", True),
        ("6 / 2", 3),
        ("7 / 2", 3.5),
        ("$states.input.absent ? 1 : 2", 2),
        ("$map([1, 2], function($n) { $n * 2 })", [2, 4]),
        ("{'a': null}", {"a": None}),
        ("$states.context.Execution.StartTime ~> $contains('T')", True),
    ],
)
def test_jsonata_gives_what_step_functions_gives(
    engine: WorkflowEngine, expression: str, expected: JsonValue
) -> None:
    run = engine.run(answer(expression), {})

    assert (run.status, run.output) == ("SUCCEEDED", expected), run
    assert type(run.output) is type(expected), "6 / 2 is 3, not 3.0"


@pytest.mark.parametrize(
    "expression",
    [
        "$hash('ada', 'SHA-3')",
        "$eval('1 + 1')",
        "$lowercase(1)",
        "1 / 0",
        "$parse('{')",
        "$error('own')",
        "$undefined",
        "$partition([1], 0)",
        "$range(1, 2, 0)",
        "$range(1, 5000, 1)",
        "$uppercase",
    ],
)
def test_a_failing_expression_can_be_caught_by_its_own_error_name(
    engine: WorkflowEngine, expression: str
) -> None:
    definition = jsonata(
        {
            "Ask": {
                "Type": "Parallel",
                "Branches": [answer(f"{expression}")],
                "Catch": [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Caught"}],
                "End": True,
            },
            "Caught": {"Type": "Succeed"},
        }
    )

    run = engine.run(definition, {})

    assert run.path[-1] == "Caught", run


@pytest.mark.parametrize("text", ['say "no"', "back\\slash", "line\nbreak", "naïve 🦜", "$states"])
def test_any_text_survives_a_variable(engine: WorkflowEngine, text: str) -> None:
    assert engine.run(keep("{% $states.input.text %}"), {"text": text}).output == text


def test_a_jsonpath_workflow_with_intrinsic_functions_runs_too(engine: WorkflowEngine) -> None:
    definition: Asl = {
        "StartAt": "Format",
        "States": {
            "Format": {
                "Type": "Pass",
                "Parameters": {
                    "text.$": "States.Format('ticket {}', $.id)",
                    "hash.$": "States.Hash($.email, 'SHA-256')",
                    "started.$": "$$.Execution.StartTime",
                },
                "End": True,
            }
        },
    }

    run = engine.run(definition, {"id": 7, "email": EMAIL})

    assert isinstance(run.output, dict), run
    assert run.output["text"] == "ticket 7"
    assert run.output["hash"] == EMAIL_HASH
    assert str(run.output["started"]).endswith("Z")


# --- clock, task tokens, deadlines ----------------------------------------------------------------

A_DAY = jsonata({"A day": {"Type": "Wait", "Seconds": 86_400, "End": True}})


def test_a_wait_of_a_day_takes_no_time(engine: WorkflowEngine) -> None:
    assert engine.run(A_DAY, {}, within_seconds=5).status == "SUCCEEDED"


def test_the_time_scale_says_how_long_a_second_takes() -> None:
    with moto_workflows(time_scale=0.000_002) as engine:
        history = engine.run(A_DAY, {}).history

    at = {event["type"]: event["timestamp"] for event in history}
    entered, exited = at["WaitStateEntered"], at["WaitStateExited"]
    assert isinstance(entered, datetime)
    assert isinstance(exited, datetime)
    assert 0.17 <= (exited - entered).total_seconds() < 5


def test_a_negative_time_scale_is_refused() -> None:
    with pytest.raises(ValueError, match="time_scale must be 0 or more"), moto_workflows(-1):
        pass


def waiting_for_an_answer() -> Asl:
    return jsonata(
        {
            "Ask": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:dynamodb:putItem.waitForTaskToken",
                "Arguments": {
                    "TableName": "reservations",
                    "Item": {
                        "pk": {"S": "code"},
                        "token": {"S": "{% $states.context.Task.Token %}"},
                    },
                },
                "TimeoutSeconds": 86_400,
                "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Not confirmed"}],
                "End": True,
            },
            "Not confirmed": {"Type": "Fail", "Error": "SignUp.NotConfirmed"},
        }
    )


def test_a_task_token_can_be_answered_while_the_workflow_waits(world: World) -> None:
    started = world.engine.start(waiting_for_an_answer(), {})
    started.until_waiting(state="Ask")
    [item] = boto3.client("dynamodb").scan(TableName="reservations")["Items"]

    boto3.client("stepfunctions").send_task_success(
        taskToken=item["token"]["S"], output=json.dumps({"answer": "yes"})
    )

    run = started.result()
    assert (run.status, run.output) == ("SUCCEEDED", {"answer": "yes"})


def test_a_task_that_nobody_answers_times_out_on_request_after_its_call_was_made(
    world: World,
) -> None:
    world.engine.time_out(state="Ask")

    run = world.engine.run(waiting_for_an_answer(), {})

    assert run.error == "SignUp.NotConfirmed"
    assert [item["pk"] for item in world.reserved()] == [{"S": "code"}]


def test_a_workflow_that_does_not_end_in_time_is_stopped_and_named_with_its_last_state(
    world: World,
) -> None:
    started = world.engine.start(waiting_for_an_answer(), {})

    with pytest.raises(WorkflowDeadlineError, match=r"RUNNING in state 'Ask'.*task token"):
        started.result(within_seconds=0.1)

    assert started.result().status == "ABORTED"


def test_waiting_for_a_token_that_is_never_asked_for_ends_with_the_execution(
    engine: WorkflowEngine,
) -> None:
    started = engine.start(answer("1"), {})

    with pytest.raises(WorkflowDeadlineError, match="task token in state 'Ask'"):
        started.until_waiting(state="Ask", within_seconds=5)


def test_leaving_the_engine_ends_what_still_runs() -> None:
    before = set(threading.enumerate())
    with moto_workflows(time_scale=1) as engine:
        engine.start(A_DAY, {})

    left = [thread for thread in threading.enumerate() if thread not in before]
    for thread in left:
        thread.join(timeout=5)
    assert [thread.name for thread in left if thread.is_alive()] == []


def test_leaving_the_engine_restores_moto() -> None:
    owners = [
        (moto_jsonata, "_eval_jsonata"),
        (Preprocessor, "__init__"),
        (StringJSONata, "_eval_body"),
        (WaitFunction, "_eval_body"),
        (retrier_decl, "time"),
        (boto_client, "boto3"),
        (StepFunctionsParserBackend, "start_execution"),
    ]
    before = [getattr(owner, name) for owner, name in owners]
    with moto_workflows():
        during = [getattr(owner, name) for owner, name in owners]

    assert [getattr(owner, name) for owner, name in owners] == before
    assert all(now is not then for now, then in zip(during, before, strict=True))


def test_a_definition_that_is_not_valid_is_refused_with_the_reason(engine: WorkflowEngine) -> None:
    with pytest.raises(WorkflowRefusedError, match="definition must be valid"):
        engine.run({"StartAt": "A", "States": {"A": {"Type": "Passs"}}}, {})


def test_one_execution_name_can_be_used_once(engine: WorkflowEngine) -> None:
    engine.run(answer("1"), {}, name="order-1")

    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        engine.run(answer("1"), {}, name="order-1")


# --- canaries: each fails once moto has closed the gap --------------------------------------------


@contextmanager
def engine_without(patch: str) -> Iterator[WorkflowEngine]:
    """The engine with one change to moto left out."""
    with (
        mock.patch.object(_moto_patches, patch, return_value=nullcontext()),
        moto_workflows() as made,
    ):
        yield made


def _list(value: JsonValue) -> list[JsonValue]:
    assert isinstance(value, list)
    return value


def test_canary_moto_has_no_jsonata_engine() -> None:
    with engine_without("jsonata_evaluator") as engine:
        assert engine.run(answer("1 + 1"), {}).status == "FAILED"


def test_canary_moto_has_no_uuid_and_no_hash() -> None:
    with engine_without("jsonata_functions") as engine:
        for call in ("$uuid()", "$hash('ada', 'SHA-256')"):
            assert "not supported" in str(engine.run(answer(call), {}).output)


def keep(kept: str) -> Asl:
    return jsonata(
        {
            "Keep": {"Type": "Pass", "Assign": {"kept": kept}, "Next": "Tell"},
            "Tell": {"Type": "Pass", "Output": "{% $kept %}", "End": True},
        }
    )


def test_canary_moto_lets_a_quote_end_a_string_variable() -> None:
    with engine_without("jsonata_literals") as engine:
        run = engine.run(keep("{% $states.input.text %}"), {"text": 'say "no"'})
    assert run.output != 'say "no"'


@pytest.mark.parametrize("text", ['say "no"', "{% 'naïve 🦜' %}"])
def test_canary_moto_does_not_read_the_texts_of_a_definition_as_json(text: str) -> None:
    expected = text.strip("{%' }")
    with engine_without("definition_texts") as engine:
        assert engine.run(json.dumps(keep(text)), {}).output != expected
    with moto_workflows() as engine:
        assert engine.run(json.dumps(keep(text)), {}).output == expected


def test_canary_moto_calls_a_failing_expression_a_runtime_error() -> None:
    with engine_without("jsonata_errors") as engine:
        assert engine.run(answer("$error('own')"), {}).error == "States.Runtime"


def test_canary_moto_lets_a_refused_definition_poison_later_ones() -> None:
    refused = jsonata(
        {"A": {"Type": "Pass", "QueryLanguage": "JSONPath", "Parameters": {}, "End": True}}
    )
    reference: Asl = {"Type": "Pass", "Parameters": {"b.$": "$.a"}, "End": True}
    jsonpath: Asl = {"StartAt": "A", "States": {"A": reference}}
    scope = Preprocessor._query_language_per_scope
    with engine_without("parser_scope") as engine:
        try:
            with pytest.raises(WorkflowRefusedError):
                engine.run(refused, {})
            with pytest.raises(WorkflowRefusedError):
                engine.run(jsonpath, {"a": 1})
        finally:
            scope.clear()
    with moto_workflows() as engine:
        with pytest.raises(WorkflowRefusedError):
            engine.run(refused, {})
        assert engine.run(jsonpath, {"a": 1}).status == "SUCCEEDED"


LIST_POOLS = jsonata(
    {
        "List": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:cognitoidentityprovider:describeUserPool",
            "Arguments": {"UserPoolId": "us-east-1_absent"},
            "End": True,
        }
    }
)


def test_canary_moto_does_not_know_the_cognito_service_of_step_functions() -> None:
    with engine_without("service_names") as engine:
        assert "Unknown service" in str(engine.run(LIST_POOLS, {}).cause)


SEND_SUCCESS = jsonata(
    {
        "Send": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess",
            "Arguments": {"TaskToken": "unknown", "Output": "{}"},
            "End": True,
        }
    }
)


def test_canary_moto_passes_names_in_pascal_case_to_a_service_in_lower_case() -> None:
    with engine_without("sdk_parameter_names") as engine:
        assert engine.run(SEND_SUCCESS, {}).error == "States.Runtime"
    with moto_workflows() as engine:
        assert str(engine.run(SEND_SUCCESS, {}).error).startswith("Sfn.")


def test_canary_moto_writes_the_service_in_an_sdk_error_in_lower_case() -> None:
    with engine_without("sdk_error_names") as engine:
        error = engine.run(LIST_POOLS, {}).error
    assert error == "cognitoidentityprovider.ResourceNotFoundException"


def test_canary_moto_calls_an_error_of_a_branch_a_runtime_error() -> None:
    branches = jsonata(
        {"Both": {"Type": "Parallel", "Branches": [answer("$error()")], "End": True}}
    )
    with engine_without("nested_error_names") as engine:
        assert engine.run(branches, {}).error == "States.Runtime"


def test_a_fail_state_can_pass_on_an_error_of_step_functions_itself(engine: WorkflowEngine) -> None:
    rethrow = jsonata({"Give up": {"Type": "Fail", "Error": "{% 'States.' & 'Timeout' %}"}})

    assert engine.run(rethrow, {}).error == "States.Timeout"


def test_canary_moto_describes_text_output_as_it_is(engine: WorkflowEngine) -> None:
    """Why the engine reads the output from the history."""
    started = engine.start(answer("'text'"), {})

    assert started.result().output == "text"
    described = boto3.client("stepfunctions").describe_execution(executionArn=started.execution_arn)
    assert described["output"] == "text"


def test_canary_moto_cannot_describe_an_execution_whose_output_has_a_date() -> None:
    with engine_without("json_task_results") as engine:
        boto3.client("dynamodb").create_table(
            TableName="any",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        describe = jsonata(
            {
                "Describe": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::aws-sdk:dynamodb:describeTable",
                    "Arguments": {"TableName": "any"},
                    "End": True,
                }
            }
        )
        with pytest.raises(TypeError, match="datetime is not JSON serializable"):
            engine.run(describe, {})


def test_canary_moto_has_a_python_date_as_the_start_time() -> None:
    definition: Asl = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Pass", "Parameters": {"at.$": "$$.Execution.StartTime"}, "End": True}
        },
    }
    with (
        engine_without("json_start_time") as engine,
        pytest.raises(TypeError, match="datetime is not JSON serializable"),
    ):
        engine.run(definition, {})


def test_canary_moto_calls_a_refused_put_events_a_runtime_error() -> None:
    with engine_without("put_events_errors") as engine:
        engine.fail(service="events", operation="PutEvents", error="InternalException")
        run = engine.run(jsonata({"Announce": ANNOUNCE}), {})
    assert run.error == "States.Runtime"


def test_canary_moto_gives_a_failed_entry_a_cause_that_is_no_text() -> None:
    with engine_without("put_events_errors") as engine:
        engine.fail(service="events", operation="PutEvents", error=FAILED_ENTRY)
        run = engine.run(jsonata({"Announce": ANNOUNCE}), {})
    assert not isinstance(run.cause, str) or not _is_json(run.cause)


ANNOUNCE: Asl = {
    "Type": "Task",
    "Resource": "arn:aws:states:::events:putEvents",
    "Arguments": {"Entries": [{"Source": "a", "DetailType": "b", "Detail": {"c": 1}}]},
    "End": True,
}


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def start_twice() -> None:
    client = boto3.client("stepfunctions")
    arn = client.create_state_machine(
        name="twice", definition=json.dumps(answer("1")), roleArn="arn:aws:iam::123456789012:role/r"
    )["stateMachineArn"]
    for call in range(2):
        client.start_execution(stateMachineArn=arn, input=json.dumps({"call": call}))


def test_canary_moto_lets_unnamed_executions_collide() -> None:
    with engine_without("unnamed_executions"), pytest.raises(ClientError, match="AlreadyExists"):
        start_twice()


def test_unnamed_executions_of_one_workflow_do_not_collide(engine: WorkflowEngine) -> None:
    assert engine.injected == ()
    start_twice()


def test_canary_moto_really_sleeps_before_a_retry() -> None:
    retry: Asl = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 60, "MaxAttempts": 1}
    with engine_without("scaled_retries") as engine:
        engine.fail(service="events", operation="PutEvents", error="InternalException")
        started = engine.start(jsonata({"Announce": {**ANNOUNCE, "Retry": [retry]}}), {})
        with pytest.raises(WorkflowDeadlineError):
            started.result(within_seconds=0.5)


def test_canary_moto_really_waits_in_a_wait_state() -> None:
    with engine_without("scaled_waits") as engine, pytest.raises(WorkflowDeadlineError):
        engine.run(A_DAY, {}, within_seconds=0.5)


def test_canary_moto_lets_a_stopped_execution_wait_for_its_token() -> None:
    with engine_without("task_token_waits") as engine:
        engine.time_out(state="Ask")
        boto3.client("dynamodb").create_table(
            TableName="reservations",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        started = engine.start(waiting_for_an_answer(), {})
        for _ in range(2):
            with pytest.raises(WorkflowDeadlineError, match="status RUNNING in state 'Ask'"):
                started.result(within_seconds=0.3)


def test_canary_moto_builds_a_client_for_every_call() -> None:
    made = mock.Mock(wraps=boto3.client)
    announce = {key: value for key, value in ANNOUNCE.items() if key != "End"}
    twice = jsonata({"One": {**announce, "Next": "Two"}, "Two": ANNOUNCE})
    with engine_without("task_clients") as engine, mock.patch.object(boto3, "client", made):
        engine.run(twice, {})
    assert made.call_count == 2
