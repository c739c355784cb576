"""The engine runs Step Functions workflows in process, as AWS would."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.common.string.string_expression import StringJSONata
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import (
    WaitFunction,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.jsonata import jsonata as moto_jsonata
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from constructs_lib.testing import JsonValue
from constructs_lib.testing.moto_engine import (
    FAILED_ENTRY,
    FaultError,
    WorkflowDeadlineError,
    WorkflowEngine,
    WorkflowRefusedError,
    moto_workflows,
)
from tests.moto.asl import A_DAY_SECONDS, Asl, answer, jsonata, waiting, waiting_for_an_answer
from tests.moto.small_world import EMAIL, EMAIL_HASH, SmallWorld, make_small_world


@pytest.fixture
def engine() -> Iterator[WorkflowEngine]:
    with moto_workflows() as made:
        yield made


@pytest.fixture
def world(engine: WorkflowEngine) -> SmallWorld:
    return make_small_world(engine)


def test_a_sign_up_changes_the_table_the_user_pool_and_the_bus(world: SmallWorld) -> None:
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
    world: SmallWorld,
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


def test_a_failed_condition_of_an_optimized_task_has_the_name_aws_gives_it(
    world: SmallWorld,
) -> None:
    world.sign_up()

    run = world.sign_up()

    assert (run.status, run.error) == ("FAILED", "SignUp.EmailTaken")
    assert run.retries == 0


def test_a_fail_state_evaluates_its_error_and_cause(world: SmallWorld) -> None:
    run = world.sign_up("nobody")

    assert (run.error, run.cause) == ("SignUp.InvalidRequest", "no address: nobody")
    assert run.path == ("Check request", "Invalid request")


def test_a_transient_error_is_retried_without_really_waiting(world: SmallWorld) -> None:
    throttle(world.engine, times=2)

    started = time.monotonic()
    run = world.sign_up()

    assert run.status == "SUCCEEDED", run
    assert run.retries == 2
    assert [fault.error for fault in world.engine.injected] == ["TooManyRequestsException"] * 2
    assert time.monotonic() - started < 5


def test_retry_delays_are_jittered_within_backoff_and_the_maximum_delay(world: SmallWorld) -> None:
    throttle(world.engine, times=4)

    delays = world.sign_up().retry_delays_seconds

    assert len(delays) == 4
    for delay, ceiling in zip(delays, (10, 20, 20, 20), strict=True):
        assert 0 <= delay <= ceiling
    assert delays[0] != 10, "no jitter"


def test_an_error_that_outlasts_its_retries_is_caught_and_undone(world: SmallWorld) -> None:
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


def test_an_error_of_the_emulated_service_has_the_name_aws_gives_it(
    world: SmallWorld,
) -> None:
    create: Asl = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:cognitoidentityprovider:adminCreateUser",
        "Arguments": {"UserPoolId": world.pool_id, "Username": "ada"},
    }
    definition = jsonata({"First": {**create, "Next": "Second"}, "Second": {**create, "End": True}})

    run = world.engine.run(definition, {})

    assert run.error == "CognitoIdentityProvider.UsernameExistsException"


def test_a_failed_entry_is_noticed_by_the_optimized_put_events(world: SmallWorld) -> None:
    world.engine.fail(service="events", operation="PutEvents", error=FAILED_ENTRY)

    run = world.sign_up()

    assert run.error == "EventBridge.FailedEntry"
    assert world.published() == []


def test_a_refused_put_events_can_be_caught(world: SmallWorld) -> None:
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


def test_faults_spare_the_clients_of_the_test_itself(world: SmallWorld) -> None:
    throttle(world.engine, times=None)

    boto3.client("cognito-idp").admin_create_user(UserPoolId=world.pool_id, Username="ada")

    assert world.engine.injected == ()


def test_after_heal_no_call_fails_any_more(world: SmallWorld) -> None:
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


def test_a_workflow_that_does_not_end_in_time_is_stopped_and_named_with_its_last_state(
    world: SmallWorld,
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
        engine.start(waiting(A_DAY_SECONDS), {})

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
        (Environment, "close_frame"),
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


def _list(value: JsonValue) -> list[JsonValue]:
    assert isinstance(value, list)
    return value
