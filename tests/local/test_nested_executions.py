"""Executions that a task of the embedded AWS starts, and waits for."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from constructs_lib.local import EmbeddedAws
from tests.local.workflows import Json, Workflows, pass_state, sdk_task

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from tests.local.conftest import WaitUntil


@pytest.fixture(scope="module")
def workflows(aws: EmbeddedAws, wait_until: WaitUntil) -> Iterator[Workflows]:
    with closing(aws.client("stepfunctions")) as client:
        yield Workflows(client, wait_until)


@pytest.fixture(scope="module")
def sqs(aws: EmbeddedAws) -> Iterator[SQSClient]:
    with closing(aws.client("sqs")) as client:
        yield client


@pytest.fixture
def waiting(workflows: Workflows, sqs: SQSClient) -> Iterator[tuple[str, str]]:
    """A workflow that waits for an answer to its token, and the queue that it sends it to."""
    queue = sqs.create_queue(QueueName=f"tokens-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    arguments = {"QueueUrl": queue, "MessageBody": "{% $states.context.Task.Token %}"}
    task = sdk_task("aws-sdk:sqs:sendMessage.waitForTaskToken", arguments)
    yield workflows.make({"Wait": task}), queue
    sqs.delete_queue(QueueUrl=queue)


def nested(machine: str, pattern: str = ".sync:2", **arguments: object) -> Json:
    given = {"StateMachineArn": machine, **arguments}
    return {"Nested": sdk_task(f"states:startExecution{pattern}", given)}


def runs(workflows: Workflows, machine: str) -> list[str]:
    found = workflows.client.list_executions(stateMachineArn=machine)["executions"]
    return [run["executionArn"] for run in found]


@pytest.mark.parametrize(("pattern", "output"), [(".sync:2", {"n": 2}), (".sync", '{"n": 2}')])
def test_the_result_describes_the_nested_execution(
    workflows: Workflows, pattern: str, output: object
) -> None:
    machine = workflows.make({"A": pass_state({"n": "{% $states.input.n + 1 %}"})})

    found = workflows.output(nested(machine, pattern, Input={"n": 1}, Name="one"))

    assert found["Output"] == output
    assert (found["Name"], found["Status"], found["Input"]) == ("one", "SUCCEEDED", '{"n": 1}')
    run = workflows.client.describe_execution(executionArn=found["ExecutionArn"])
    assert found["StopDate"] == round(run["stopDate"].timestamp() * 1000)


def test_a_nested_failure_fails_the_task_with_a_description_in_its_cause(
    workflows: Workflows,
) -> None:
    machine = workflows.make({"No": {"Type": "Fail", "Error": "SignUp.No", "Cause": "c"}})
    caught = {"ErrorEquals": ["SignUp.No"], "Next": "After"}
    states = nested(machine)
    states["Nested"]["Catch"] = [caught]

    ended = workflows.run({**states, "After": pass_state()})

    assert (ended["status"], ended["error"]) == ("FAILED", "States.TaskFailed")
    cause = json.loads(ended["cause"])
    [run] = runs(workflows, machine)
    assert (cause["ExecutionArn"], cause["Error"], cause["Cause"]) == (run, "SignUp.No", "c")
    assert (cause["Status"], "Output" in cause) == ("FAILED", False)


@pytest.mark.parametrize("pattern", [".sync:2", ""])
def test_a_name_that_is_taken_starts_nothing(workflows: Workflows, pattern: str) -> None:
    machine = workflows.make({"A": pass_state()})
    workflows.output(nested(machine, Name="taken"))

    ended = workflows.run(nested(machine, pattern, Name="taken"))

    assert ended["error"] == "StepFunctions.ExecutionAlreadyExistsException"
    assert len(runs(workflows, machine)) == 1


def test_a_start_under_the_name_of_one_that_runs_is_that_one(
    workflows: Workflows, sqs: SQSClient, waiting: tuple[str, str], wait_until: WaitUntil
) -> None:
    machine, queue = waiting
    first = workflows.start(nested(machine, Name="one", Input={"n": 1}))
    [message] = wait_until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))

    second = workflows.output(nested(machine, "", Name="one", Input={"n": 1}))

    workflows.client.send_task_success(taskToken=message["Body"], output="{}")
    assert json.loads(workflows.end(first)["output"])["ExecutionArn"] == second["ExecutionArn"]
    assert runs(workflows, machine) == [second["ExecutionArn"]]


def test_the_api_answers_a_repeated_start_with_the_execution_that_runs(
    workflows: Workflows, waiting: tuple[str, str]
) -> None:
    machine, _ = waiting
    request: Any = {"stateMachineArn": machine, "name": "one", "input": '{"n": 1}'}

    first = workflows.client.start_execution(**request)

    assert workflows.client.start_execution(**request)["executionArn"] == first["executionArn"]
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        workflows.client.start_execution(**{**request, "input": '{"n": 2}'})
    workflows.client.stop_execution(executionArn=first["executionArn"])
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        workflows.client.start_execution(**request)


def test_a_repeated_start_of_an_express_workflow_is_not_taken_for_the_first(
    workflows: Workflows,
) -> None:
    machine = workflows.make({"A": pass_state("done")}, kind="EXPRESS")
    request: Any = {"stateMachineArn": machine, "name": "one", "input": "{}"}
    workflows.client.start_execution(**request)

    # AWS starts another one; MiniStack has one name for one execution, and says so.
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        workflows.client.start_execution(**request)


def test_a_stopped_workflow_stops_the_execution_it_waits_for(
    workflows: Workflows, sqs: SQSClient, waiting: tuple[str, str], wait_until: WaitUntil
) -> None:
    machine, queue = waiting
    outer = workflows.start(nested(machine))
    wait_until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))

    workflows.client.stop_execution(executionArn=outer)

    [run] = runs(workflows, machine)
    assert workflows.end(run)["status"] == "ABORTED"
    assert workflows.end(outer)["status"] == "ABORTED"


def test_each_state_of_an_execution_started_in_a_branch_is_in_its_history_once(
    workflows: Workflows,
) -> None:
    machine = workflows.make({"A": pass_state()})
    branch = {"StartAt": "Nested", "States": nested(machine)}

    workflows.output({"P": {"Type": "Parallel", "Branches": [branch], "End": True}})

    [run] = runs(workflows, machine)
    assert workflows.trace(run) == [("entered", "A"), ("exited", "A")]
