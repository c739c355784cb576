"""Each public construct by itself, with its required arguments; the sign-up also with its mails."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template

from constructs_lib.choreography import (
    FRESHWORKS,
    AppEventBus,
    ConsumerQueue,
    EventArchive,
    EventConsumer,
    PartnerEventBus,
    Subscription,
)
from constructs_lib.hybrid import WorkflowTrigger
from constructs_lib.observability import WorkflowLogs
from constructs_lib.orchestration import (
    BulkSignUp,
    SignUpMail,
    SignUpWorkflow,
    TicketTriage,
    Workflow,
    WorkflowRelease,
)
from tests.golden.golden_files import GOLDEN_FOLDER, assert_golden

PROJECT_FOLDER = Path(__file__).parent.parent.parent
_PATTERN = events.EventPattern(detail_type=["UserSignedUp"])


def _bus(stack: Stack) -> events.IEventBus:
    return events.EventBus.from_event_bus_name(stack, "CallersBus", "callers-bus")


def _table(stack: Stack) -> dynamodb.ITable:
    return dynamodb.Table.from_table_name(stack, "CallersTable", "callers-users")


def _queue(stack: Stack) -> sqs.IQueue:
    arn = "arn:aws:sqs:us-east-1:123456789012:callers-queue"
    return sqs.Queue.from_queue_arn(stack, "CallersQueue", arn)


def _workflow(stack: Stack) -> sfn.IStateMachine:
    return sfn.StateMachine.from_state_machine_name(stack, "CallersWorkflow", "callers-workflow")


def _release(stack: Stack) -> WorkflowRelease:
    workflow = Workflow(stack, "Workflow", definition=sfn.Pass.jsonata(stack, "Do"))
    return WorkflowRelease(stack, "It", workflow=workflow)


CONSTRUCTS: dict[str, Callable[[Stack], object]] = {
    "AppEventBus": lambda stack: AppEventBus(stack, "It"),
    "BulkSignUp": lambda stack: BulkSignUp(
        stack,
        "It",
        sign_up=_workflow(stack),
        bucket=s3.Bucket.from_bucket_name(stack, "CallersBucket", "callers-bucket"),
    ),
    "ConsumerQueue": lambda stack: ConsumerQueue(stack, "It"),
    "EventArchive": lambda stack: EventArchive(stack, "It", event_bus=_bus(stack)),
    "EventConsumer": lambda stack: EventConsumer(
        stack,
        "It",
        code_folder=str(PROJECT_FOLDER / "lambdas"),
        package="start_onboarding",
        state_key="userId",
    ),
    "PartnerEventBus": lambda stack: PartnerEventBus(stack, "It", partner=FRESHWORKS),
    "SignUpWorkflow": lambda stack: SignUpWorkflow(
        stack, "It", event_bus=_bus(stack), mail=SignUpMail(sender="sign-up@example.com")
    ),
    "Subscription": lambda stack: Subscription(
        stack,
        "It",
        event_bus=_bus(stack),
        event_pattern=_PATTERN,
        target=targets.SqsQueue(_queue(stack)),
    ),
    "TicketTriage": lambda stack: TicketTriage(
        stack, "It", table=_table(stack), event_bus=_bus(stack)
    ),
    "Workflow": lambda stack: Workflow(stack, "It", definition=sfn.Pass.jsonata(stack, "Do")),
    "WorkflowRelease": _release,
    "WorkflowLogs": lambda stack: WorkflowLogs(stack, "It"),
    "WorkflowTrigger": lambda stack: WorkflowTrigger(
        stack,
        "It",
        event_bus=_bus(stack),
        event_pattern=_PATTERN,
        state_machine=_workflow(stack),
    ),
}


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_a_construct_is_its_golden_template(name: str) -> None:
    settings = json.loads((PROJECT_FOLDER / "cdk.json").read_text(encoding="utf-8"))
    stack = Stack(App(context=settings["context"]), "Stack")

    CONSTRUCTS[name](stack)

    assert_golden(f"constructs/{name}.template.json", Template.from_stack(stack).to_json())


def test_no_golden_file_of_a_construct_is_left_over() -> None:
    found = {path.name for path in (GOLDEN_FOLDER / "constructs").glob("*")}

    assert found == {f"{name}.template.json" for name in CONSTRUCTS}
