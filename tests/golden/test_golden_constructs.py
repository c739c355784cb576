"""Each public construct by itself, with its required arguments; the sign-up also with its mails."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template

from constructs_lib.choreography import (
    FRESHWORKS,
    ApiEndpoint,
    AppEventBus,
    ConsumerQueue,
    EventArchive,
    EventConsumer,
    EventSchemas,
    LogGroupTarget,
    PartnerEventBus,
    PipeTarget,
    QueueConsumer,
    QueuePipe,
    Replay,
    StreamPipe,
    Subscription,
)
from constructs_lib.hybrid import WorkflowTrigger
from constructs_lib.observability import (
    AlarmTopic,
    BusLogs,
    EventFlowAlarms,
    FunctionAlarms,
    OperationsDashboard,
    QueueAlarms,
    WorkflowAlarms,
    WorkflowLogs,
)
from constructs_lib.orchestration import (
    BulkSignUp,
    ForgetUser,
    SignUpMail,
    SignUpWorkflow,
    TicketTriage,
    Workflow,
    WorkflowRelease,
)
from tests.golden.golden_files import GOLDEN_FOLDER, assert_golden
from tests.unit.order_placed import order_placed

PROJECT_FOLDER = Path(__file__).parent.parent.parent
_PATTERN = events.EventPattern(detail_type=["UserSignedUp"])


def _bus(stack: Stack) -> events.IEventBus:
    return events.EventBus.from_event_bus_name(stack, "CallersBus", "callers-bus")


def _key(stack: Stack) -> kms.Key:
    return kms.Key(stack, "CallersKey", enable_key_rotation=True)


def _encrypted_bus(stack: Stack) -> AppEventBus:
    bus = AppEventBus(
        stack,
        "It",
        archive_retention_days=7,
        archive_pattern={"detail-type": [{"anything-but": ["SignUpRequested"]}]},
        kms_key=_key(stack),
        log_level=events.Level.INFO,
        description="Everything set",
    )
    bus.allow_publish_from_accounts(
        "Billing", accounts=["111122223333"], sources=["billing"], detail_types=["InvoicePaid"]
    )
    bus.allow_publish_from_organization(
        "Company", organization_id="o-a1b2c3d4e5", sources=["shipping"]
    )
    return bus


def _table(stack: Stack) -> dynamodb.ITable:
    return dynamodb.Table.from_table_name(stack, "CallersTable", "callers-users")


def _queue(stack: Stack) -> sqs.IQueue:
    arn = "arn:aws:sqs:us-east-1:123456789012:callers-queue"
    return sqs.Queue.from_queue_arn(stack, "CallersQueue", arn)


def _event_consumer(stack: Stack) -> EventConsumer:
    return EventConsumer(
        stack,
        "It",
        code_folder=str(PROJECT_FOLDER / "lambdas"),
        package="start_onboarding",
        state_key="userId",
    )


def _queue_consumer(stack: Stack) -> QueueConsumer:
    return QueueConsumer(stack, "Queue", consumer=_event_consumer(stack))


def _queue_pipe(stack: Stack) -> QueuePipe:
    dead_letters = "arn:aws:sqs:us-east-1:123456789012:callers-dead-letters"
    return QueuePipe(
        stack,
        "It",
        queue=_queue(stack),
        dead_letter_queue=sqs.Queue.from_queue_arn(stack, "CallersDeadLetters", dead_letters),
        target=PipeTarget.event_bus(_bus(stack), source="orders", detail_type="OrderPlaced"),
    )


def _stream_pipe(stack: Stack) -> StreamPipe:
    table = dynamodb.Table.from_table_attributes(
        stack,
        "CallersTable",
        table_name="callers-users",
        table_stream_arn="arn:aws:dynamodb:us-east-1:123456789012:table/callers-users/stream/now",
    )
    return StreamPipe(stack, "It", table=table, target=PipeTarget.state_machine(_workflow(stack)))


def _workflow(stack: Stack) -> sfn.IStateMachine:
    return sfn.StateMachine.from_state_machine_name(stack, "CallersWorkflow", "callers-workflow")


def _topic(stack: Stack) -> sns.ITopic:
    arn = "arn:aws:sns:us-east-1:123456789012:callers-topic"
    return sns.Topic.from_topic_arn(stack, "CallersTopic", arn)


def _flow(stack: Stack) -> Subscription:
    queue = _queue(stack)
    return Subscription(
        stack,
        "CallersSubscription",
        event_bus=_bus(stack),
        event_pattern=_PATTERN,
        target=targets.SqsQueue(queue),
        dead_letter_queue=queue,
    )


def _release(stack: Stack) -> WorkflowRelease:
    workflow = Workflow(stack, "Workflow", definition=sfn.Pass.jsonata(stack, "Do"))
    return WorkflowRelease(stack, "It", workflow=workflow)


def _api_endpoint(stack: Stack) -> ApiEndpoint:
    secret = secretsmanager.Secret.from_secret_name_v2(stack, "CallersSecret", "callers-secret")
    return ApiEndpoint(
        stack,
        "It",
        endpoint="https://crm.example.com/contacts",
        authorization=events.Authorization.api_key("x-api-key", secret.secret_value),
    )


def _subscription_to_every_target(stack: Stack) -> None:
    arn = "arn:aws:sqs:us-east-1:123456789012:callers.fifo"
    fifo = sqs.Queue.from_queue_arn(stack, "CallersFifo", arn)
    bus_arn = "arn:aws:events:eu-west-1:444455556666:event-bus/theirs"
    stream_arn = "arn:aws:kinesis:us-east-1:123456789012:stream/callers-stream"
    subscription = Subscription(
        stack,
        "Subscription",
        event_bus=_bus(stack),
        event_pattern={"$or": [{"source": ["shop"]}, {"detail-type": [{"prefix": "Order"}]}]},
        target=targets.SqsQueue(_queue(stack)),
    )
    for target in (
        targets.SqsQueue(fifo, message_group_id="all"),
        targets.SnsTopic(_topic(stack), authorize_using_role=True),
        targets.SfnStateMachine(_workflow(stack)),
        targets.EventBus(events.EventBus.from_event_bus_arn(stack, "Theirs", bus_arn)),
        LogGroupTarget(logs.LogGroup.from_log_group_name(stack, "Logs", "callers-logs")),
        targets.KinesisStream(kinesis.Stream.from_stream_arn(stack, "Stream", stream_arn)),
        targets.FirehoseDeliveryStream(
            firehose.DeliveryStream.from_delivery_stream_name(stack, "Firehose", "callers-stream")
        ),
        _api_endpoint(stack).target(event=events.RuleTargetInput.from_event_path("$.detail")),
    ):
        subscription.add_target(target)


CONSTRUCTS: dict[str, Callable[[Stack], object]] = {
    "ApiEndpoint": _api_endpoint,
    "AlarmTopic": lambda stack: AlarmTopic(stack, "It"),
    "AppEventBus": lambda stack: AppEventBus(stack, "It"),
    "AppEventBusWithKey": _encrypted_bus,
    "BulkSignUp": lambda stack: BulkSignUp(
        stack,
        "It",
        sign_up=_workflow(stack),
        bucket=s3.Bucket.from_bucket_name(stack, "CallersBucket", "callers-bucket"),
    ),
    "BusLogs": lambda stack: BusLogs(
        stack, "It", event_bus=events.EventBus(stack, "CallersBus", event_bus_name="callers-bus")
    ),
    "ConsumerQueue": lambda stack: ConsumerQueue(stack, "It"),
    "EventArchive": lambda stack: EventArchive(stack, "It", event_bus=_bus(stack)),
    "EventFlowAlarms": lambda stack: EventFlowAlarms(
        stack, "It", flow=_flow(stack), topic=_topic(stack), title="Onboarding"
    ),
    "EventArchiveWithKey": lambda stack: EventArchive(
        stack, "It", event_bus=_bus(stack), event_pattern=_PATTERN, kms_key=_key(stack)
    ),
    "EventConsumer": _event_consumer,
    "ForgetUser": lambda stack: ForgetUser(
        stack,
        "It",
        table=_table(stack),
        user_pool=cognito.UserPool.from_user_pool_id(stack, "CallersPool", "us-east-1_callers"),
    ),
    "FunctionAlarms": lambda stack: FunctionAlarms(
        stack,
        "It",
        function=lambda_.Function.from_function_name(stack, "CallersFunction", "callers-function"),
        topic=_topic(stack),
        title="Onboarding",
    ),
    "OperationsDashboard": lambda stack: OperationsDashboard(
        stack,
        "It",
        workflows={"Sign-up": _workflow(stack)},
        event_flows={"Onboarding": _flow(stack)},
    ),
    "EventSchemas": lambda stack: EventSchemas(stack, "It", contracts=[order_placed()]),
    "PartnerEventBus": lambda stack: PartnerEventBus(stack, "It", partner=FRESHWORKS),
    "PartnerEventBusWithSource": lambda stack: PartnerEventBus(
        stack,
        "It",
        partner=FRESHWORKS,
        event_source_name=FRESHWORKS.example_source_name,
        archive_retention_days=7,
    ),
    "QueueAlarms": lambda stack: QueueAlarms(
        stack,
        "It",
        queue=_queue(stack),
        dead_letter_queue=sqs.Queue.from_queue_arn(
            stack, "CallersDeadLetters", "arn:aws:sqs:us-east-1:123456789012:callers-dead-letters"
        ),
        topic=_topic(stack),
        title="Analytics",
    ),
    "QueueConsumer": _queue_consumer,
    "QueuePipe": _queue_pipe,
    "Replay": lambda stack: Replay(
        stack, "It", archive=EventArchive(stack, "CallersArchive", event_bus=_bus(stack))
    ),
    "SignUpWorkflow": lambda stack: SignUpWorkflow(
        stack, "It", event_bus=_bus(stack), mail=SignUpMail(sender="sign-up@example.com")
    ),
    "StreamPipe": _stream_pipe,
    "Subscription": lambda stack: Subscription(
        stack,
        "It",
        event_bus=_bus(stack),
        event_pattern=_PATTERN,
        target=targets.SqsQueue(_queue(stack)),
    ),
    "SubscriptionToEveryTarget": _subscription_to_every_target,
    "TicketTriage": lambda stack: TicketTriage(
        stack, "It", table=_table(stack), event_bus=_bus(stack)
    ),
    "Workflow": lambda stack: Workflow(stack, "It", definition=sfn.Pass.jsonata(stack, "Do")),
    "WorkflowAlarms": lambda stack: WorkflowAlarms(
        stack, "It", state_machine=_workflow(stack), topic=_topic(stack), title="Sign-up"
    ),
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
