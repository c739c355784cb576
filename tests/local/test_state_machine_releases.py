"""Versions and aliases of a template on the embedded AWS, and the canary of what adds them.

The canary fails when MiniStack's CloudFormation knows the types: then drop the extension.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.local import EmbeddedAws

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

    from tests.local.conftest import Stack, WaitUntil

ROLE = "arn:aws:iam::000000000000:role/any"
RETAIN = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


@pytest.fixture
def workflows(aws: EmbeddedAws) -> Iterator[SFNClient]:
    with closing(aws.client("stepfunctions")) as client:
        yield client


def released(answer: str, **preference: object) -> dict[str, dict[str, Any]]:
    """A workflow that answers ``answer``, as ``WorkflowRelease`` deploys it."""
    say = {"Type": "Pass", "Output": answer, "End": True}
    definition = {"QueryLanguage": "JSONata", "StartAt": "Say", "States": {"Say": say}}
    return {
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {"RoleArn": ROLE, "DefinitionString": json.dumps(definition)},
        },
        "Version": {
            "Type": "AWS::StepFunctions::StateMachineVersion",
            **RETAIN,
            "Properties": {
                "StateMachineArn": {"Ref": "Machine"},
                "StateMachineRevisionId": {"Fn::GetAtt": ["Machine", "StateMachineRevisionId"]},
            },
        },
        "Alias": {
            "Type": "AWS::StepFunctions::StateMachineAlias",
            "Properties": {
                "Name": "live",
                "DeploymentPreference": {
                    "StateMachineVersionArn": {"Ref": "Version"},
                    "Type": "ALL_AT_ONCE",
                    **preference,
                },
            },
        },
    }


def answer(workflows: SFNClient, wait_until: WaitUntil, arn: str) -> object:
    run = workflows.start_execution(stateMachineArn=arn)["executionArn"]
    wait_until(lambda: workflows.describe_execution(executionArn=run)["status"] != "RUNNING")
    return json.loads(workflows.describe_execution(executionArn=run)["output"])


def test_the_alias_runs_the_version_of_the_last_deployment_and_earlier_ones_stay(
    stack: Stack, workflows: SFNClient, wait_until: WaitUntil
) -> None:
    assert stack.create(**released("first")) == "CREATE_COMPLETE"
    machine, alias = stack.physical_id("Machine"), stack.physical_id("Alias")
    first = stack.physical_id("Version")
    assert (first, alias) == (f"{machine}:1", f"{machine}:live")
    assert answer(workflows, wait_until, alias) == "first"

    assert stack.update(**released("second")) == "UPDATE_COMPLETE"

    assert stack.physical_id("Version") == f"{machine}:2"
    assert stack.physical_id("Alias") == alias
    assert answer(workflows, wait_until, alias) == "second"
    assert answer(workflows, wait_until, first) == "first"


def test_a_deployment_that_does_not_change_the_workflow_publishes_no_version(
    stack: Stack, workflows: SFNClient
) -> None:
    stack.create(**released("same"))
    before = stack.physical_id("Version")

    parameter = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "v"}}
    assert stack.update(**released("same"), Other=parameter) == "UPDATE_COMPLETE"

    assert stack.physical_id("Version") == before
    versions = workflows.list_state_machine_versions(stateMachineArn=stack.physical_id("Machine"))
    assert len(versions["stateMachineVersions"]) == 1


def test_a_gradual_deployment_is_made_at_once(stack: Stack, workflows: SFNClient) -> None:
    """What the emulator does not do: it shifts no traffic by steps."""
    stack.create(**released("first"))

    steps = {"Type": "LINEAR", "Interval": 10, "Percentage": 20}
    assert stack.update(**released("second", **steps)) == "UPDATE_COMPLETE"

    found = workflows.describe_state_machine_alias(stateMachineAliasArn=stack.physical_id("Alias"))[
        "routingConfiguration"
    ]
    assert found == [{"stateMachineVersionArn": stack.physical_id("Version"), "weight": 100}]


def test_weights_of_the_caller_reach_the_alias(stack: Stack, workflows: SFNClient) -> None:
    resources = released("same")
    route = {"StateMachineVersionArn": {"Ref": "Version"}, "Weight": 100}
    resources["Alias"] = {
        "Type": "AWS::StepFunctions::StateMachineAlias",
        "Properties": {"Name": "weighted", "RoutingConfiguration": [route]},
    }

    assert stack.create(**resources) == "CREATE_COMPLETE"

    alias = stack.physical_id("Alias")
    assert alias.endswith(":weighted")
    found = workflows.describe_state_machine_alias(stateMachineAliasArn=alias)
    assert [entry["weight"] for entry in found["routingConfiguration"]] == [100]


def test_a_stale_revision_fails_the_stack_with_the_reason(stack: Stack) -> None:
    resources = released("same")
    resources["Version"] = {
        "Type": "AWS::StepFunctions::StateMachineVersion",
        "Properties": {"StateMachineArn": {"Ref": "Machine"}, "StateMachineRevisionId": "stale"},
    }

    assert stack.create(**resources).startswith("ROLLBACK")

    assert "ConflictException" in stack.reasons()


def test_alias_and_versions_go_with_their_stack(stack: Stack, workflows: SFNClient) -> None:
    stack.create(**released("gone"))
    alias = stack.physical_id("Alias")

    stack.delete()

    with pytest.raises(workflows.exceptions.ResourceNotFound):
        workflows.describe_state_machine_alias(stateMachineAliasArn=alias)


def test_whoever_starts_the_machine_itself_runs_the_newest_definition(
    stack: Stack, workflows: SFNClient, wait_until: WaitUntil
) -> None:
    stack.create(**released("first"))
    machine, alias = stack.physical_id("Machine"), stack.physical_id("Alias")
    newest = str(released("second")["Machine"]["Properties"]["DefinitionString"])
    workflows.update_state_machine(stateMachineArn=machine, definition=newest)

    assert answer(workflows, wait_until, machine) == "second"
    assert answer(workflows, wait_until, alias) == "first"


def test_canary_plain_cloudformation_has_neither_type(tmp_path: Path) -> None:
    program = (
        "from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS as known; "
        "print([name for name in ('StateMachineVersion', 'StateMachineAlias') "
        "if f'AWS::StepFunctions::{name}' in known])"
    )

    printed = subprocess.check_output(
        [sys.executable, "-c", program],
        text=True,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "STATE_DIR": str(tmp_path)},
    )

    assert printed.strip() == "[]"


def test_canary_plain_executions_of_a_version_run_the_newest_definition(tmp_path: Path) -> None:
    """Fails once MiniStack runs the version: then drop that half of the extension."""
    program = """
import json, time
from ministack.services import stepfunctions as sfn
def definition(answer):
    say = {"Type": "Pass", "Result": answer, "End": True}
    return json.dumps({"StartAt": "Say", "States": {"Say": say}})
made = {"name": "m", "roleArn": "r", "definition": definition("first")}
arn = json.loads(sfn._create_state_machine(made)[2])["stateMachineArn"]
sfn._publish_state_machine_version({"stateMachineArn": arn})
sfn._update_state_machine({"stateMachineArn": arn, "definition": definition("second")})
run = json.loads(sfn._start_execution({"stateMachineArn": arn + ":1"})[2])["executionArn"]
deadline = time.monotonic() + 10
while sfn._executions[run]["status"] == "RUNNING" and time.monotonic() < deadline:
    time.sleep(0.01)
print(sfn._executions[run]["output"])
"""

    printed = subprocess.check_output(
        [sys.executable, "-c", program],
        text=True,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "STATE_DIR": str(tmp_path)},
    )

    assert json.loads(printed) == "second"
