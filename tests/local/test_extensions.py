"""What Duet adds to MiniStack, each against the running emulator, and its canary against plain it.

A canary fails when MiniStack closes the gap itself: then drop the extension.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING, cast

import pytest
from botocore.exceptions import ClientError

from constructs_lib.local import EmbeddedAws
from constructs_lib.local.extensions import MINISTACK_VERSION

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_stepfunctions import SFNClient

    from tests.local.conftest import Deliveries, Stack, WaitUntil

ROLE = "arn:aws:iam::000000000000:role/any"


def error_code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return error.value.response["Error"]["Code"]


# What is asked of MiniStack without any extension; one process answers all.
PLAIN = {
    "archive type": "'AWS::Events::Archive' in provisioners._RESOURCE_HANDLERS",
    "bus policy type": "'AWS::Events::EventBusPolicy' in provisioners._RESOURCE_HANDLERS",
    "cognito tasks": "'cognitoidentityprovider' in stepfunctions._AWS_SDK_SERVICE_MAP",
    "trace of a run": "lambda_svc._xray_trace_id_for_invocation({})",
    "failed entries": (
        "stepfunctions._invoke_events_put_events('', {'Entries': [{'Source': 'aws.forged', "
        "'DetailType': 'T', 'Detail': '{}'}]})['FailedEntryCount']"
    ),
    "unknown event source": (
        "json.loads(eventbridge._describe_event_source({'Name': 'aws.partner/a/b'})[2])['State']"
    ),
    "tags of a rule on a partner bus": (
        "[eventbridge._rules.update({'k': {'Name': 'r', 'Arn': (arn := "
        "'arn:aws:events:us-east-1:000000000000:rule/aws.partner/a/b/r')}}), "
        "eventbridge._resolve_taggable_events_arn(arn)[0]][1]"
    ),
    "bus of an unknown event source": (
        "eventbridge._create_event_bus({'Name': 'aws.partner/a/b', "
        "'EventSourceName': 'aws.partner/a/b'})[0]"
    ),
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What plain MiniStack answers to ``PLAIN``."""
    # Cognito writes a key as it is imported.
    environment = {**os.environ, "STATE_DIR": str(tmp_path_factory.mktemp("plain"))}
    answers = ", ".join(f"{name!r}: {expression}" for name, expression in PLAIN.items())
    program = (
        "import json; from ministack.services import eventbridge, lambda_svc, stepfunctions; "
        "from ministack.services.cloudformation import provisioners; "
        f"print(json.dumps({{{answers}}}))"
    )
    output = subprocess.check_output(
        [sys.executable, "-c", program], text=True, stderr=subprocess.DEVNULL, env=environment
    )
    return cast(dict[str, object], json.loads(output))


# ── CloudFormation: AWS::Events::Archive ─────────────────────────────────────────────────────────


def archive(source_arn: object, **properties: object) -> dict[str, object]:
    return {
        "Type": "AWS::Events::Archive",
        "Properties": {"SourceArn": source_arn, "RetentionDays": 30, **properties},
    }


BUS = {"Type": "AWS::Events::EventBus", "Properties": {"Name": "archived-bus"}}
BUS_ARN = {"Fn::GetAtt": ["Bus", "Arn"]}


def test_an_archive_of_a_template_lives_with_its_stack(
    stack: Stack, events: EventBridgeClient
) -> None:
    made = archive(BUS_ARN, EventPattern={"source": ["shop"]}, Description="d")
    output = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {
            "Name": "/archive-arn",
            "Type": "String",
            "Value": {"Fn::GetAtt": ["A", "Arn"]},
        },
    }
    assert stack.create(Bus=BUS, A=made, Output=output) == "CREATE_COMPLETE"
    name = stack.physical_id("A")
    assert len(name) <= 48
    found = events.describe_archive(ArchiveName=name)
    assert json.loads(found["EventPattern"]) == {"source": ["shop"]}
    assert (found["RetentionDays"], found["Description"]) == (30, "d")
    assert found["EventSourceArn"].endswith(":event-bus/archived-bus")
    stack.delete()
    with pytest.raises(ClientError) as error:
        events.describe_archive(ArchiveName=name)
    assert error_code(error) == "ResourceNotFoundException"


def test_an_update_changes_the_archive_in_place(stack: Stack, events: EventBridgeClient) -> None:
    stack.create(Bus=BUS, A=archive(BUS_ARN, Description="before"))
    name = stack.physical_id("A")
    assert stack.update(Bus=BUS, A=archive(BUS_ARN, RetentionDays=7)) == "UPDATE_COMPLETE"
    assert stack.physical_id("A") == name
    found = events.describe_archive(ArchiveName=name)
    assert (found["RetentionDays"], found.get("Description", "")) == (7, "")


def test_a_new_source_replaces_the_archive(stack: Stack, events: EventBridgeClient) -> None:
    stack.create(Bus=BUS, A=archive(BUS_ARN))
    before = stack.physical_id("A")
    default = {"Fn::Sub": "arn:aws:events:${AWS::Region}:${AWS::AccountId}:event-bus/default"}
    assert stack.update(Bus=BUS, A=archive(default)) == "UPDATE_COMPLETE"
    names = {found["ArchiveName"] for found in events.list_archives()["Archives"]}
    assert stack.physical_id("A") in names
    assert before not in names


def test_a_refused_archive_fails_its_stack_with_the_reason(stack: Stack) -> None:
    wrong = archive(BUS_ARN, EventPattern={"source": "not a list"})
    assert stack.create(Bus=BUS, A=wrong).startswith("ROLLBACK")
    assert "InvalidEventPatternException" in stack.reasons()


# ── CloudFormation: AWS::Events::EventBusPolicy ──────────────────────────────────────────────────


def test_a_bus_policy_of_a_template_can_be_read_back(
    stack: Stack, events: EventBridgeClient
) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": "*"}
    policy = {
        "Type": "AWS::Events::EventBusPolicy",
        "Properties": {
            "EventBusName": {"Ref": "Bus"},
            "StatementId": "Anyone",
            "Statement": statement,
        },
    }
    assert stack.create(Bus=BUS, Policy=policy) == "CREATE_COMPLETE"
    found = json.loads(events.describe_event_bus(Name="archived-bus")["Policy"])
    assert found["Statement"] == [{**statement, "Sid": "Anyone"}]
    assert stack.update(Bus=BUS) == "UPDATE_COMPLETE"
    assert "Policy" not in events.describe_event_bus(Name="archived-bus")


# ── Step Functions: Cognito tasks, failed entries ────────────────────────────────────────────────


@pytest.fixture
def workflows(aws: EmbeddedAws) -> Iterator[SFNClient]:
    with closing(aws.client("stepfunctions")) as client:
        yield client


@pytest.fixture
def pool_id(aws: EmbeddedAws) -> Iterator[str]:
    with closing(aws.client("cognito-idp")) as cognito:
        pool = cognito.create_user_pool(PoolName="pool")["UserPool"]["Id"]
        yield pool
        cognito.delete_user_pool(UserPoolId=pool)


def run_task(
    workflows: SFNClient, wait_until: WaitUntil, resource: str, arguments: object
) -> dict[str, object]:
    """Run one task in a workflow of its own; the result, or error and cause."""
    task = {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{resource}",
        "Arguments": arguments,
        "End": True,
    }
    definition = {"QueryLanguage": "JSONata", "StartAt": "Task", "States": {"Task": task}}
    machine = workflows.create_state_machine(
        name=f"task-{uuid.uuid4().hex[:8]}", definition=json.dumps(definition), roleArn=ROLE
    )["stateMachineArn"]
    run = workflows.start_execution(stateMachineArn=machine)["executionArn"]
    wait_until(lambda: workflows.describe_execution(executionArn=run)["status"] != "RUNNING")
    ended = workflows.describe_execution(executionArn=run)
    if ended["status"] == "SUCCEEDED":
        return cast(dict[str, object], json.loads(ended["output"]))
    return {"error": ended["error"], "cause": ended["cause"]}


def test_cognito_tasks_create_and_delete_a_user_under_their_aws_names(
    workflows: SFNClient, wait_until: WaitUntil, pool_id: str
) -> None:
    cognito = "aws-sdk:cognitoidentityprovider"
    user = {"UserPoolId": pool_id, "Username": "ann"}
    create = {
        **user,
        "MessageAction": "SUPPRESS",
        "UserAttributes": [{"Name": "email", "Value": "ann@example.com"}],
    }
    created = run_task(workflows, wait_until, f"{cognito}:adminCreateUser", create)["User"]
    assert isinstance(created, dict)
    assert (created["Username"], created["UserStatus"]) == ("ann", "FORCE_CHANGE_PASSWORD")
    assert {"Name": "email", "Value": "ann@example.com"} in created["Attributes"]
    again = run_task(workflows, wait_until, f"{cognito}:adminCreateUser", create)
    assert again["error"] == "CognitoIdentityProvider.UsernameExistsException"
    assert run_task(workflows, wait_until, f"{cognito}:adminDeleteUser", user) == {}
    gone = run_task(workflows, wait_until, f"{cognito}:adminDeleteUser", user)
    assert gone["error"] == "CognitoIdentityProvider.UserNotFoundException"


def test_a_failed_entry_fails_the_put_events_task(
    workflows: SFNClient, wait_until: WaitUntil
) -> None:
    entry = {"Source": "aws.forged", "DetailType": "T", "Detail": {}}
    ended = run_task(workflows, wait_until, "events:putEvents", {"Entries": [entry]})
    assert ended["error"] == "EventBridge.FailedEntry"
    assert json.loads(str(ended["cause"]))["FailedEntryCount"] == 1


def test_accepted_entries_deliver_an_object_as_detail(
    workflows: SFNClient, wait_until: WaitUntil, deliveries: Deliveries
) -> None:
    receive = deliveries("default", {"source": ["put-events-task"]})
    entry = {"Source": "put-events-task", "DetailType": "T", "Detail": {"n": 1}}
    ended = run_task(workflows, wait_until, "events:putEvents", {"Entries": [entry]})
    assert ended["FailedEntryCount"] == 0
    assert wait_until(receive)["detail"] == {"n": 1}


# ── Canaries: each fails when plain MiniStack has what the extension adds ────────────────────────


@pytest.mark.parametrize("type_name", ["archive type", "bus policy type"])
def test_canary_plain_ministack_lacks_the_type(plain: dict[str, object], type_name: str) -> None:
    assert plain[type_name] is False


def test_canary_plain_ministack_has_no_cognito_tasks(plain: dict[str, object]) -> None:
    assert plain["cognito tasks"] is False


def test_canary_plain_ministack_gives_runs_of_functions_no_trace(plain: dict[str, object]) -> None:
    assert plain["trace of a run"] is None


def test_canary_plain_ministack_lets_failed_entries_pass(plain: dict[str, object]) -> None:
    assert plain["failed entries"] == 1


def test_canary_plain_ministack_has_no_states_of_event_sources(plain: dict[str, object]) -> None:
    assert plain["unknown event source"] == "ACTIVE"


def test_canary_plain_ministack_finds_no_rule_of_a_partner_bus_to_tag(
    plain: dict[str, object],
) -> None:
    assert plain["tags of a rule on a partner bus"] is None


def test_canary_plain_ministack_drops_the_source_of_a_bus(plain: dict[str, object]) -> None:
    assert plain["bus of an unknown event source"] == 200


def test_the_installed_ministack_is_the_pinned_one() -> None:
    assert importlib.metadata.version("ministack") == MINISTACK_VERSION
