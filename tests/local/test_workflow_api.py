"""What the API of Step Functions refuses and shows on the embedded AWS, and the canaries of it.

A canary fails when MiniStack does as AWS: then drop that part of ``workflow_requests`` or
``workflow_answers``.
Source of the words: Step Functions API reference, and answers of AWS that LocalStack records in its
``test_sfn_api`` (read 2026-11-27).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError

from constructs_lib.local import EmbeddedAws
from tests.local.workflows import ROLE, Workflows

if TYPE_CHECKING:
    from tests.local.conftest import WaitUntil

STATES = "arn:aws:states:us-east-1:000000000000"
PASS = {"P": {"Type": "Pass", "End": True}}
DEFINITION = json.dumps({"StartAt": "P", "States": PASS})
CREATE = {"definition": DEFINITION, "roleArn": ROLE}
NO_MACHINE = f"{STATES}:stateMachine:nobodys"
NO_RUN = f"{STATES}:execution:nobodys:none"
PROBES = """
import json
from ministack.services import stepfunctions as sfn

role = "arn:aws:iam::000000000000:role/any"
definition = json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})
created = sfn._create_state_machine({"name": "a b", "definition": definition, "roleArn": role})
arn = json.loads(created[2])["stateMachineArn"]
started = sfn._start_execution({"stateMachineArn": arn, "input": "{"})
ended = json.loads(sfn._start_sync_execution({"stateMachineArn": arn})[2])
described = sfn._describe_execution({"executionArn": ended["executionArn"]})
task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True}
task |= {"QueryLanguage": "JSONata", "Output": "mine"}
tested = sfn._test_state({"definition": json.dumps(task), "mock": {"result": "1"}})
try:
    sfn._invoke_activity("arn:aws:states:us-east-1:000000000000:activity:nobodys", {})
except sfn._ExecutionError as error:
    missing = error.error
print(json.dumps([
    created[0], started[0], "redriveCount" in json.loads(described[2]), json.loads(tested[2]),
    missing
]))
"""


@pytest.fixture
def workflows(aws: EmbeddedAws, wait_until: WaitUntil) -> Iterator[Workflows]:
    with closing(aws.client("stepfunctions")) as client:
        yield Workflows(client, wait_until)


def refusal(workflows: Workflows, operation: str, request: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        getattr(workflows.client, operation)(**request)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.mark.parametrize(
    ("operation", "given", "code", "message"),
    [
        ("create_state_machine", {**CREATE, "name": "a b"}, "InvalidName", "Invalid Name: 'a b'"),
        (
            "create_state_machine",
            {**CREATE, "name": "n" * 81},
            "InvalidName",
            f"Invalid Name: '{'n' * 81}'",
        ),
        (
            "create_state_machine",
            {**CREATE, "name": "kind", "type": "FAST"},
            "ValidationException",
            "1 validation error detected: Value 'FAST' at 'type' failed to satisfy constraint: "
            "Member must satisfy enum value set: [STANDARD, EXPRESS]",
        ),
        (
            "create_state_machine",
            {**CREATE, "name": "described", "versionDescription": "first"},
            "ValidationException",
            "Version description can only be set when publish is true",
        ),
        (
            "create_state_machine",
            {**CREATE, "name": "logs", "loggingConfiguration": {"level": "ALL"}},
            "InvalidLoggingConfiguration",
            "Invalid Logging Configuration: Must specify exactly one Log Destination.",
        ),
        ("create_activity", {"name": "a/b"}, "InvalidName", "Invalid Name: 'a/b'"),
        (
            "describe_state_machine",
            {"stateMachineArn": "nobodys"},
            "InvalidArn",
            "Invalid Arn: 'Invalid ARN prefix: nobodys'",
        ),
        (
            "describe_execution",
            {"executionArn": NO_MACHINE},
            "InvalidArn",
            "Invalid Arn: 'Resource type not valid in this context: stateMachine'",
        ),
        (
            "start_execution",
            {"stateMachineArn": NO_MACHINE},
            "StateMachineDoesNotExist",
            f"State Machine Does Not Exist: '{NO_MACHINE}'",
        ),
        (
            "list_executions",
            {"stateMachineArn": NO_MACHINE},
            "StateMachineDoesNotExist",
            f"State Machine Does Not Exist: '{NO_MACHINE}'",
        ),
        (
            "get_execution_history",
            {"executionArn": NO_RUN},
            "ExecutionDoesNotExist",
            f"Execution Does Not Exist: '{NO_RUN}'",
        ),
        (
            "list_executions",
            {},
            "ValidationException",
            "Must provide a StateMachine ARN or MapRun ARN",
        ),
        (
            "tag_resource",
            {"resourceArn": NO_MACHINE, "tags": []},
            "ResourceNotFound",
            f"Resource not found: '{NO_MACHINE}'",
        ),
    ],
)
def test_what_aws_refuses_is_refused_in_its_words(
    workflows: Workflows, operation: str, given: dict[str, Any], code: str, message: str
) -> None:
    assert refusal(workflows, operation, given) == (code, message)


@pytest.mark.parametrize(
    ("given", "code"),
    [({"input": "{"}, "InvalidExecutionInput"), ({"name": "a:b"}, "InvalidName")],
)
def test_an_execution_needs_a_name_and_an_input_that_can_be(
    workflows: Workflows, given: dict[str, str], code: str
) -> None:
    machine = workflows.make(PASS)

    assert refusal(workflows, "start_execution", {"stateMachineArn": machine, **given})[0] == code


def test_a_standard_workflow_is_not_executed_synchronously(workflows: Workflows) -> None:
    request = {"stateMachineArn": workflows.make(PASS)}

    assert refusal(workflows, "start_sync_execution", request) == (
        "StateMachineTypeNotSupported",
        "This operation is not supported by this type of state machine",
    )


def test_an_update_changes_something(workflows: Workflows) -> None:
    request = {"stateMachineArn": workflows.make(PASS)}

    assert refusal(workflows, "update_state_machine", request)[0] == "MissingRequiredParameter"


def test_an_activity_that_is_there_is_made_no_second_time(workflows: Workflows) -> None:
    first = workflows.client.create_activity(name="made-twice")["activityArn"]

    assert workflows.client.create_activity(name="made-twice")["activityArn"] == first


def test_what_is_not_there_is_deleted(workflows: Workflows) -> None:
    answers = (
        workflows.client.delete_activity(activityArn=f"{STATES}:activity:nobodys"),
        workflows.client.delete_state_machine(stateMachineArn=NO_MACHINE),
    )

    assert [each["ResponseMetadata"]["HTTPStatusCode"] for each in answers] == [200, 200]


@pytest.mark.parametrize(("name", "is_taken"), [("live", True), ("7", False), ("a b", False)])
def test_an_alias_has_a_name_that_is_no_number(
    workflows: Workflows, name: str, is_taken: bool
) -> None:
    machine = workflows.make(PASS)
    version = workflows.client.publish_state_machine_version(stateMachineArn=machine)
    route = {"stateMachineVersionArn": version["stateMachineVersionArn"], "weight": 100}
    request = {"name": name, "routingConfiguration": [route]}

    if is_taken:
        first = workflows.client.create_state_machine_alias(**request)  # type: ignore[arg-type]  # the stub wants its own TypedDict
        again = workflows.client.create_state_machine_alias(**request)  # type: ignore[arg-type]  # as above
        assert again["stateMachineAliasArn"] == first["stateMachineAliasArn"]
        other = {**request, "description": "another"}
        assert refusal(workflows, "create_state_machine_alias", other)[0] == "ConflictException"
    else:
        assert refusal(workflows, "create_state_machine_alias", request)[0] == "ValidationException"


def test_executions_know_and_are_listed_by_their_version_and_alias(
    workflows: Workflows,
) -> None:
    client, machine = workflows.client, workflows.make(PASS)
    version = client.publish_state_machine_version(stateMachineArn=machine)[
        "stateMachineVersionArn"
    ]
    route = {"stateMachineVersionArn": version, "weight": 100}
    alias = client.create_state_machine_alias(name="live", routingConfiguration=[route])  # type: ignore[list-item]  # the stub wants its own TypedDict
    alias_arn = alias["stateMachineAliasArn"]
    started = [
        client.start_execution(stateMachineArn=arn)["executionArn"]
        for arn in (machine, version, alias_arn)
    ]

    described = client.describe_execution(executionArn=started[2])
    assert described["stateMachineVersionArn"] == version
    assert described["stateMachineAliasArn"] == alias_arn
    assert "stateMachineVersionArn" not in client.describe_execution(executionArn=started[0])

    def listed(arn: str) -> set[str]:
        found = client.list_executions(stateMachineArn=arn)["executions"]
        return {each["executionArn"] for each in found}

    assert listed(alias_arn) == {started[2]}
    assert listed(version) == set(started[1:])
    assert listed(machine) == set(started)


def test_an_execution_tells_of_its_output_and_redrives(workflows: Workflows) -> None:
    succeeded = workflows.run(PASS)
    failed = workflows.run({"F": {"Type": "Fail", "Error": "E", "Cause": "C"}})

    assert succeeded["redriveStatus"] == "NOT_REDRIVABLE"
    assert succeeded["redriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"
    assert (failed["redriveCount"], failed["redriveStatus"]) == (0, "REDRIVABLE")
    assert "output" not in failed
    assert "outputDetails" not in failed


def test_a_synchronous_execution_that_failed_has_no_output(workflows: Workflows) -> None:
    machine = workflows.make({"F": {"Type": "Fail", "Error": "E"}}, kind="EXPRESS")

    ended = workflows.client.start_sync_execution(stateMachineArn=machine)

    assert (ended["status"], ended["error"]) == ("FAILED", "E")
    assert {"output", "cause"}.isdisjoint(ended)
    assert ended["outputDetails"] == {"included": True}


def test_a_synchronous_execution_tells_what_is_billed(workflows: Workflows) -> None:
    machine = workflows.make({"W": {"Type": "Wait", "Seconds": 2, "End": True}}, kind="EXPRESS")

    ended = workflows.client.start_sync_execution(stateMachineArn=machine)

    steps, rest = divmod(ended["billingDetails"]["billedDurationInMilliseconds"], 100)
    assert (steps >= 20, rest) == (True, 0)
    assert ended["billingDetails"]["billedMemoryUsedInMB"] == 64


def test_an_express_execution_knows_no_redrives(workflows: Workflows) -> None:
    reading = {"Type": "Pass", "Output": "{% $states.context.Execution %}", "End": True}
    machine = workflows.make({"P": reading}, kind="EXPRESS")

    ended = workflows.client.start_sync_execution(stateMachineArn=machine)

    assert set(json.loads(ended["output"])) == {"Id", "Input", "Name", "RoleArn", "StartTime"}


def test_a_synchronous_execution_that_timed_out_tells_so(workflows: Workflows) -> None:
    states = {"W": {"Type": "Wait", "Seconds": 60, "End": True}}
    machine = workflows.make(states, kind="EXPRESS", TimeoutSeconds=5)

    ended = workflows.client.start_sync_execution(stateMachineArn=machine)

    assert (ended["status"], ended["error"]) == ("TIMED_OUT", "States.Timeout")


@pytest.mark.parametrize("given", [{}, {"error": "E", "cause": "C"}])
def test_an_aborted_execution_tells_what_it_was_told(
    workflows: Workflows, given: dict[str, str]
) -> None:
    activity = workflows.client.create_activity(name="never-worked-at")["activityArn"]
    execution = workflows.start({"W": {"Type": "Task", "Resource": activity, "End": True}})
    workflows.client.stop_execution(executionArn=execution, **given)

    assert workflows.events(execution)[-1]["executionAbortedEventDetails"] == given


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    environment = {**os.environ, "STATE_DIR": str(tmp_path_factory.mktemp("plain"))}
    output = subprocess.check_output(
        [sys.executable, "-c", PROBES], text=True, stderr=subprocess.DEVNULL, env=environment
    )
    return cast("list[object]", json.loads(output))


def test_canary_plain_ministack_takes_what_aws_refuses(plain: list[object]) -> None:
    assert plain[:2] == [200, 200]


def test_canary_plain_ministack_tells_nothing_of_redrives(plain: list[object]) -> None:
    assert plain[2] is False


def test_canary_plain_ministack_tests_no_jsonata_task(plain: list[object]) -> None:
    assert plain[3] == {"status": "SUCCEEDED", "output": "1"}


def test_canary_plain_ministack_lets_a_missing_activity_be_caught(plain: list[object]) -> None:
    assert plain[4] == "ActivityDoesNotExist"
