"""One canary for each gap that the engine closes in how moto reads definitions, makes calls and
names errors: each runs the engine with that one change left out, and fails once moto has closed the
gap itself. Then drop patch and canary.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import datetime
from unittest import mock

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.cognitoidp.models import cognitoidp_backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.backend.execution import Execution

from constructs_lib.demo.waiting import wait_for
from constructs_lib.testing import JsonValue
from constructs_lib.testing.moto_engine import (
    FAILED_ENTRY,
    WorkflowEngine,
    WorkflowRefusedError,
    moto_workflows,
)
from tests.moto.asl import ANNOUNCE, Asl, answer, engine_without, jsonata

ROLE_ARN = "arn:aws:iam::123456789012:role/workflow"


@pytest.fixture
def engine() -> Iterator[WorkflowEngine]:
    with moto_workflows() as made:
        yield made


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


def call(resource: str, **arguments: JsonValue) -> Asl:
    task: Asl = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "End": True}
    return jsonata({"Call": {**task, "Arguments": dict(arguments)}})


def started_elsewhere() -> str:
    """An execution that a task can ask about."""
    client = boto3.client("stepfunctions")
    arn = client.create_state_machine(
        name="other", definition=json.dumps(answer("{'one': 1}")), roleArn=ROLE_ARN
    )["stateMachineArn"]
    return client.start_execution(stateMachineArn=arn, name="first")["executionArn"]


def test_canary_moto_passes_names_in_pascal_case_to_a_service_in_lower_case() -> None:
    send = call("aws-sdk:sfn:sendTaskSuccess", TaskToken="unknown", Output="{}")
    with engine_without("field_names") as engine:
        assert engine.run(send, {}).error == "States.Runtime"
    with moto_workflows() as engine:
        assert str(engine.run(send, {}).error).startswith("Sfn.")


def test_canary_moto_gives_names_back_in_the_lower_case_of_the_service() -> None:
    for patches, name in ((["field_names"], "executionArn"), ([], "ExecutionArn")):
        with engine_without(*patches) as engine:
            arn = started_elsewhere()
            run = engine.run(call("aws-sdk:sfn:describeExecution", executionArn=arn), {})
        assert isinstance(run.output, dict), run
        assert name in run.output


@pytest.mark.parametrize(
    ("sync", "output"), [(".sync", '{"one": 1}'), (".sync:2", {"one": 1})], ids=["sync", "sync:2"]
)
def test_canary_moto_cannot_start_an_execution_from_an_execution(
    sync: str, output: JsonValue
) -> None:
    for patches in (["field_names"], []):
        with engine_without(*patches) as engine:
            arn = started_elsewhere().replace(":execution:", ":stateMachine:").rpartition(":")[0]
            run = engine.run(
                call(f"states:startExecution{sync}", StateMachineArn=arn, Name="second"), {}
            )
        if patches:
            assert run.status == "FAILED"
        else:
            assert isinstance(run.output, dict), run
            assert (run.output["Status"], run.output["Output"]) == ("SUCCEEDED", output)


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
        started = engine.start(describe, {})
        started.result()
        with pytest.raises(TypeError, match="datetime is not JSON serializable"):
            boto3.client("stepfunctions").describe_execution(executionArn=started.execution_arn)


def test_canary_moto_has_a_python_date_as_the_start_time() -> None:
    definition: Asl = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Pass", "Parameters": {"at.$": "$$.Execution.StartTime"}, "End": True}
        },
    }
    with engine_without("json_start_time") as engine:
        output = engine.run(definition, {}).output
    assert isinstance(output, dict)
    assert isinstance(output["at"], datetime)


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


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def start_twice() -> None:
    client = boto3.client("stepfunctions")
    arn = client.create_state_machine(
        name="twice", definition=json.dumps(answer("1")), roleArn=ROLE_ARN
    )["stateMachineArn"]
    for call in range(2):
        client.start_execution(stateMachineArn=arn, input=json.dumps({"call": call}))


def test_canary_moto_lets_unnamed_executions_collide() -> None:
    with engine_without("unnamed_executions"), pytest.raises(ClientError, match="AlreadyExists"):
        start_twice()


def test_unnamed_executions_of_one_workflow_do_not_collide(engine: WorkflowEngine) -> None:
    assert engine.injected == ()
    start_twice()


def test_canary_moto_builds_a_client_for_every_call() -> None:
    made = mock.Mock(wraps=boto3.client)
    announce = {key: value for key, value in ANNOUNCE.items() if key != "End"}
    twice = jsonata({"One": {**announce, "Next": "Two"}, "Two": ANNOUNCE})
    with engine_without("task_clients") as engine, mock.patch.object(boto3, "client", made):
        engine.run(twice, {})
    assert made.call_count == 2


def test_canary_moto_calls_every_failure_of_a_dynamodb_task_an_error_of_dynamodb() -> None:
    undefined = call("dynamodb:getItem", TableName="{% $states.input.absent %}")
    with engine_without("dynamodb_errors") as engine:
        assert engine.run(undefined, {}).error == "DynamoDB.AmazonDynamoDBException"
    with moto_workflows() as engine:
        assert engine.run(undefined, {}).error == "States.QueryEvaluationError"


def test_canary_moto_logs_the_whole_definition_around_each_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failing = answer("$error('own')")
    with engine_without("quiet_failures") as engine, caplog.at_level(logging.ERROR):
        engine.run(failing, {})
        assert "StatePass" in caplog.text


@pytest.mark.parametrize(("patches", "parses"), [(["parsed_once"], 3), ([], 1)])
def test_canary_moto_parses_a_definition_for_each_execution(
    patches: list[str], parses: int
) -> None:
    module = "moto.stepfunctions.parser.asl.parse.asl_parser"
    with (
        engine_without(*patches) if patches else moto_workflows() as engine,
        mock.patch(f"{module}.ASLParser", wraps=ASLParser) as parser,
    ):
        for _ in range(2):
            engine.run(answer(f"'parsed {parses} times'"), {})
    assert parser.call_count == parses


@pytest.mark.parametrize(("patches", "keys"), [(["user_pool_keys"], 2), ([], 1)])
def test_canary_moto_reads_a_key_for_each_user_pool(patches: list[str], keys: int) -> None:
    with engine_without(*patches):
        pools = boto3.client("cognito-idp")
        for name in ("one", "two"):
            pools.create_user_pool(PoolName=name)
        made = cognitoidp_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].user_pools.values()
        assert len({id(pool.json_web_key) for pool in made}) == keys


@pytest.mark.parametrize(("patches", "seen_first"), [(["whole_ends"], None), ([], "Own")])
def test_canary_moto_has_a_status_before_the_error_that_explains_it(
    patches: list[str], seen_first: str | None
) -> None:
    errors: list[str | None] = []

    def note(execution: Execution, status: str) -> None:
        vars(execution)["exec_status"] = status
        if status == "FAILED":
            errors.append(execution.error)

    noted = property(lambda execution: vars(execution)["exec_status"], note)
    with (
        engine_without(*patches) as engine,
        mock.patch.object(Execution, "exec_status", noted, create=True),
    ):
        engine.start(jsonata({"Fail": {"Type": "Fail", "Error": "Own"}}), {})
        wait_for(lambda: errors, until=bool)
    assert errors == [seen_first]


def test_canary_moto_tells_nobody_that_an_execution_goes_on() -> None:
    for patches, told in ((["told_progress"], False), ([], True)):
        with engine_without(*patches) as engine:
            engine.run(answer("1"), {})
            assert (engine._observer.changes > 1) is told
