"""What EventBridge cannot deliver on the embedded AWS is retried, then dead-lettered, as on AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from constructs_lib.local import EmbeddedAws
from tests.local.delivery_world import ARN, ROLE, Queue, World, attributes_of, new_name
from tests.local.http_api import HttpApi

if TYPE_CHECKING:
    from tests.local.conftest import Stack, WaitUntil

FAILING_HANDLER = """
def handler(event, context):
    raise ValueError("no")
"""


@pytest.fixture(scope="module")
def world(aws: EmbeddedAws) -> Iterator[World]:
    with closing(World(aws)) as world:
        yield world


@pytest.fixture
def dead_letters(world: World) -> Queue:
    return world.queue()


@pytest.fixture
def api() -> Iterator[HttpApi]:
    api = HttpApi()
    yield api
    api.close()


@pytest.mark.parametrize(
    "resource",
    [
        ("sqs", "gone"),
        ("sns", "gone"),
        ("lambda", "function:gone"),
        ("states", "stateMachine:gone"),
        ("events", "event-bus/gone"),
        ("events", "api-destination/gone/1"),
    ],
    ids="-".join,
)
def test_an_event_for_a_missing_target_goes_to_the_dead_letter_queue(
    world: World, dead_letters: Queue, wait_until: WaitUntil, resource: tuple[str, str]
) -> None:
    target_arn = ARN.format(*resource)
    source, rule_arn = world.rule(target_arn, dead_letters, Input="{}", RoleArn=ROLE)

    (event_id,) = world.publish(source, [{"n": 1}])

    message = wait_until(dead_letters.receive)
    body = json.loads(message["Body"])
    assert (body["id"], body["detail"]) == (event_id, {"n": 1})
    assert attributes_of(message) == {
        "RULE_ARN": rule_arn,
        "TARGET_ARN": target_arn,
        "ERROR_CODE": "NO_RESOURCE",
        "ERROR_MESSAGE": "The target does not exist.",
    }


def test_an_event_for_another_region_goes_to_the_dead_letter_queue(
    world: World, dead_letters: Queue, wait_until: WaitUntil
) -> None:
    source, _ = world.rule("arn:aws:sqs:eu-west-1:000000000000:there", dead_letters)

    world.publish(source, [{}])

    message = wait_until(dead_letters.receive)
    assert attributes_of(message)["ERROR_CODE"] == "NO_RESOURCE"


def test_a_target_that_recovers_gets_the_event_by_a_retry(
    world: World, dead_letters: Queue, api: HttpApi, wait_until: WaitUntil
) -> None:
    api.decide = lambda call: 503 if call < 3 else 200
    policy = {"MaximumRetryAttempts": 2}
    source, _ = world.rule(
        world.api_destination(api), dead_letters, RoleArn=ROLE, RetryPolicy=policy
    )

    (event_id,) = world.publish(source, [{}])

    wait_until(lambda: api.taken)
    assert (api.calls, dead_letters.size()) == ({event_id: 3}, 0)


@pytest.mark.parametrize(
    ("policy", "exhausted", "retries"),
    [
        ({"MaximumRetryAttempts": 0}, "MaximumRetryAttempts", "0"),
        ({"MaximumRetryAttempts": 4}, "MaximumRetryAttempts", "4"),
        # 1 + 2 + 4 + 8 + 16 seconds have passed; 32 more would be too many.
        ({"MaximumEventAgeInSeconds": 60}, "MaximumEventAgeInSeconds", "5"),
        ({}, "MaximumRetryAttempts", "185"),
    ],
)
def test_an_event_is_dead_lettered_once_its_retry_policy_is_exhausted(
    world: World,
    dead_letters: Queue,
    api: HttpApi,
    wait_until: WaitUntil,
    policy: dict[str, int],
    exhausted: str,
    retries: str,
) -> None:
    api.decide = lambda _call: 503
    source, _ = world.rule(
        world.api_destination(api), dead_letters, RoleArn=ROLE, RetryPolicy=policy
    )

    world.publish(source, [{}])

    attributes = attributes_of(wait_until(dead_letters.receive))
    assert attributes["EXHAUSTED_RETRY_CONDITION"] == exhausted
    assert attributes["RETRY_ATTEMPTS"] == retries


def test_what_no_retry_mends_is_tried_once(
    world: World, dead_letters: Queue, api: HttpApi, wait_until: WaitUntil
) -> None:
    api.decide = lambda _call: 400
    source, _ = world.rule(world.api_destination(api), dead_letters, RoleArn=ROLE)

    (event_id,) = world.publish(source, [{}])

    message = wait_until(dead_letters.receive)
    assert "RETRY_ATTEMPTS" not in attributes_of(message)
    assert api.calls == {event_id: 1}


@pytest.mark.parametrize("fifo", [{}, {"ContentBasedDeduplication": "true"}], ids=str)
def test_a_fifo_queue_takes_no_event_without_group_and_deduplication(
    world: World, dead_letters: Queue, wait_until: WaitUntil, fifo: dict[str, str]
) -> None:
    queue = world.queue(f"{new_name('queue')}.fifo", FifoQueue="true", **fifo)
    group = {} if fifo else {"SqsParameters": {"MessageGroupId": "g"}}
    source, _ = world.rule(queue.arn, dead_letters, **group)

    world.publish(source, [{}])

    message = wait_until(dead_letters.receive)
    assert attributes_of(message)["ERROR_CODE"] == "INVALID_PARAMETER"
    assert queue.size() == 0


@pytest.mark.parametrize("service", ["sns", "states"])
def test_an_event_longer_than_256_kib_is_too_much_for_a_topic_and_a_workflow(
    world: World, dead_letters: Queue, wait_until: WaitUntil, service: str
) -> None:
    arn = world.topic(dead_letters) if service == "sns" else world.workflow(new_name("workflow"))
    source, _ = world.rule(arn, dead_letters, RoleArn=ROLE)

    world.publish(source, [{"text": "x" * 262_144}])

    message = wait_until(dead_letters.receive)
    assert attributes_of(message)["ERROR_CODE"] == "INVALID_PARAMETER"


def test_an_execution_is_named_after_its_event(world: World, wait_until: WaitUntil) -> None:
    arn = world.workflow(new_name("workflow"))
    source, _ = world.rule(arn, None, RoleArn=ROLE)

    (event_id,) = world.publish(source, [{}])

    executions = wait_until(
        lambda: world.workflows.list_executions(stateMachineArn=arn)["executions"]
    )
    assert executions[0]["name"].startswith(f"{event_id}_")


def test_a_failing_function_runs_thrice_and_its_destination_learns_why(
    world: World, dead_letters: Queue, wait_until: WaitUntil
) -> None:
    function = world.function(FAILING_HANDLER)
    world.functions.put_function_event_invoke_config(
        FunctionName=function,
        DestinationConfig={"OnFailure": {"Destination": dead_letters.arn}},
    )
    source, _ = world.rule(function, None)

    (event_id,) = world.publish(source, [{}])

    record = json.loads(wait_until(dead_letters.receive)["Body"])
    assert record["requestPayload"]["id"] == event_id
    assert record["requestContext"]["functionArn"] == f"{function}:$LATEST"
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["responsePayload"]["errorMessage"] == "no"


def test_a_functions_own_dead_letter_queue_gets_the_event_itself(
    world: World, dead_letters: Queue, wait_until: WaitUntil
) -> None:
    function = world.function(FAILING_HANDLER, DeadLetterConfig={"TargetArn": dead_letters.arn})
    world.functions.put_function_event_invoke_config(FunctionName=function, MaximumRetryAttempts=0)
    source, _ = world.rule(function, None)

    (event_id,) = world.publish(source, [{}])

    message = wait_until(dead_letters.receive)
    assert json.loads(message["Body"])["id"] == event_id
    attributes = attributes_of(message)
    assert (attributes["ErrorCode"], attributes["ErrorMessage"]) == ("200", "no")


def test_settings_of_a_function_in_a_template_bear_on_its_failures(
    world: World, dead_letters: Queue, stack: Stack, wait_until: WaitUntil
) -> None:
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": ROLE,
            "Code": {"ZipFile": FAILING_HANDLER},
            "ReservedConcurrentExecutions": 0,
            "DeadLetterConfig": {"TargetArn": dead_letters.arn},
        },
    }
    stack.create(Function=function)
    source, _ = world.rule(ARN.format("lambda", f"function:{stack.physical_id('Function')}"), None)

    world.publish(source, [{}])

    attributes = attributes_of(wait_until(dead_letters.receive))
    assert attributes["ErrorCode"] == "429"
    assert attributes["ErrorMessage"] == "ZeroReservedConcurrency"


def test_a_secret_holds_a_connections_key_as_long_as_the_connection_lives(
    aws: EmbeddedAws, world: World, api: HttpApi
) -> None:
    name = world.api_destination(api).split("/")[1]
    arn = world.events.describe_connection(Name=name)["SecretArn"]
    secrets = aws.client("secretsmanager")  # type: ignore[call-overload]  # has no stub

    secret = json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])
    world.events.delete_connection(Name=name)

    assert secret == {"api_key_name": "x-api-key", "api_key_value": "sesame"}
    with pytest.raises(secrets.exceptions.ResourceNotFoundException):
        secrets.get_secret_value(SecretId=arn)
    secrets.close()


CANARIES = {
    "EventBridge retries and dead-letters": (
        "any('DeadLetterConfig' in inspect.getsource(f) or 'RetryPolicy' in inspect.getsource(f) "
        "for f in (eventbridge._invoke_target, eventbridge._dispatch_to_sqs, "
        "eventbridge._dispatch_to_api_destination))"
    ),
    "EventBridge uses Lambda's asynchronous invocation": (
        "'invoke_async_with_retry' in inspect.getsource(eventbridge._dispatch_to_lambda)"
    ),
    "EventBridge refuses a FIFO queue without message group": (
        "'fallback' not in inspect.getsource(eventbridge._dispatch_to_sqs)"
    ),
    "Lambda knows why an asynchronous invocation was given up": (
        "'EventAgeExceeded' in inspect.getsource(lambda_svc)"
    ),
    "CloudFormation keeps a function's failure settings": (
        "'DeadLetterConfig' in inspect.getsource(provisioners._lambda_create)"
    ),
    "A connection has a secret": (
        "'SecretArn' in inspect.getsource(eventbridge._create_connection)"
    ),
}


@pytest.fixture(scope="module")
def closed_gaps(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bool]:
    asked = ", ".join(f"{gap!r}: {question}" for gap, question in CANARIES.items())
    program = (
        "import inspect, json\n"
        "from ministack.services import eventbridge, lambda_svc\n"
        "from ministack.services.cloudformation import provisioners\n"
        f"print(json.dumps({{{asked}}}))"
    )
    output = subprocess.check_output(
        [sys.executable, "-c", program],
        text=True,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "STATE_DIR": str(tmp_path_factory.mktemp("state"))},
    )
    answers: dict[str, bool] = json.loads(output.splitlines()[-1])
    return answers


@pytest.mark.parametrize("gap", CANARIES)
def test_canary_plain_ministack_still_has_the_gap(closed_gaps: dict[str, bool], gap: str) -> None:
    assert closed_gaps[gap] is False
