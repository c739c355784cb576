"""The embedded AWS takes the definitions that Step Functions takes, and refuses the others."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from constructs_lib.local import DeployError, EmbeddedAws, deploy
from tests.assemblies import Assembly, queue, queue_urls
from tests.local.workflows import ROLE

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

GOOD = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})
DANGLING = GOOD.replace('"End": true', '"Next": "NOPE"')
REFUSAL = "MISSING_TRANSITION_TARGET: Missing 'Next' target: NOPE at /States/A/Next"


@pytest.fixture
def workflows(aws: EmbeddedAws) -> Iterator[SFNClient]:
    with closing(aws.client("stepfunctions")) as client:
        yield client


def _task(resource: str) -> str:
    task = {"Type": "Task", "Resource": resource, "End": True}
    return json.dumps({"StartAt": "A", "States": {"A": task}})


def _create(workflows: SFNClient, definition: str) -> str:
    name = f"workflow-{uuid.uuid4().hex[:8]}"
    created = workflows.create_state_machine(name=name, definition=definition, roleArn=ROLE)
    return created["stateMachineArn"]


@pytest.mark.parametrize(
    ("definition", "reason"),
    [
        (DANGLING, REFUSAL),
        ("{", "INVALID_JSON_DESCRIPTION"),
        (_task("arn:aws:states:::aws-sdk:dynamodb:putItm"), "dynamodb:putItm is not recognized"),
        (_task("arn:aws:states:::aws-sdk:nosuch:doThing"), "nosuch:doThing is not recognized"),
        (
            json.dumps(
                {
                    "QueryLanguage": "JSONata",
                    "StartAt": "A",
                    "States": {"A": {"Type": "Pass", "Output": "{% $x( %}", "End": True}},
                }
            ),
            "INVALID_JSONATA_EXPRESSION",
        ),
    ],
)
def test_a_definition_that_aws_refuses_makes_no_workflow(
    workflows: SFNClient, definition: str, reason: str
) -> None:
    before = workflows.list_state_machines()["stateMachines"]

    with pytest.raises(ClientError, match="Invalid State Machine Definition: '") as refused:
        _create(workflows, definition)

    assert refused.value.response["Error"]["Code"] == "InvalidDefinition"
    assert reason in str(refused.value)
    assert workflows.list_state_machines()["stateMachines"] == before


def test_a_refused_update_changes_nothing(workflows: SFNClient) -> None:
    arn = _create(workflows, GOOD)

    with pytest.raises(ClientError, match="MISSING_TRANSITION_TARGET"):
        workflows.update_state_machine(stateMachineArn=arn, definition=DANGLING, roleArn="other")

    described = workflows.describe_state_machine(stateMachineArn=arn)
    assert (described["definition"], described["roleArn"]) == (GOOD, ROLE)


def test_validation_says_what_is_wrong_and_makes_nothing(workflows: SFNClient) -> None:
    answer = workflows.validate_state_machine_definition(definition=DANGLING)

    assert answer["result"] == "FAIL"
    assert [each["code"] for each in answer["diagnostics"]] == [
        "MISSING_TRANSITION_TARGET",
        "MISSING_END_STATE",
    ]
    assert answer["diagnostics"][0]["location"] == "/States/A/Next"
    assert workflows.validate_state_machine_definition(definition=GOOD)["result"] == "OK"


@pytest.mark.parametrize(
    "resource",
    ["arn:aws:states:::aws-sdk:glacier:listVaults", "arn:aws:states:::batch:submitJob.sync"],
)
def test_validation_names_what_only_aws_can_run(workflows: SFNClient, resource: str) -> None:
    answer = workflows.validate_state_machine_definition(definition=_task(resource))

    assert [(each["code"], each["location"]) for each in answer["diagnostics"]] == [
        ("NOT_EMULATED", "/States/A/Resource")
    ]
    assert resource in answer["diagnostics"][0]["message"]


def _machine(definition: str) -> dict[str, Any]:
    properties = {"DefinitionString": definition, "RoleArn": ROLE}
    return {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}


@pytest.mark.parametrize(
    ("definition", "reason"),
    [
        (DANGLING, REFUSAL),
        (_task("arn:aws:states:::batch:submitJob.sync"), "batch:submitJob.sync"),
    ],
)
def test_nothing_is_deployed_of_an_assembly_with_such_a_definition(
    aws: EmbeddedAws, tmp_path: Path, definition: str, reason: str
) -> None:
    account = aws.account(f"{uuid.uuid4().int % 10**12:012}")
    assembly = Assembly(tmp_path)
    assembly.stack("First", {"Queue": queue()})
    assembly.stack("Second", {"Workflow": _machine(definition)}, needs=("First",))

    with pytest.raises(DeployError) as refused:
        deploy(tmp_path, account)

    assert reason in str(refused.value)
    assert "Second/Workflow" in str(refused.value)
    assert queue_urls(account) == []


def test_cloudformation_refuses_it_too(aws: EmbeddedAws) -> None:
    name = f"stack-{uuid.uuid4().hex[:8]}"
    template = json.dumps({"Resources": {"Workflow": _machine(DANGLING)}})
    with closing(aws.client("cloudformation")) as stacks:
        stacks.create_stack(StackName=name, TemplateBody=template)
        with pytest.raises(Exception, match="terminal failure state"):
            stacks.get_waiter("stack_create_complete").wait(
                StackName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 500}
            )
        events = stacks.describe_stack_events(StackName=name)["StackEvents"]

    assert any(REFUSAL in event.get("ResourceStatusReason", "") for event in events)
