"""The pipes that tests drive: constructs of the library, deployed as one stack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast

from aws_cdk import App, CfnOutput, DefaultStackSynthesizer, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template
from constructs import Construct

from constructs_lib.choreography import (
    ConsumerQueue,
    PipeTarget,
    QueuePipe,
    StreamPipe,
    StreamReading,
)
from constructs_lib.demo.waiting import wait_for
from constructs_lib.local import EmbeddedAws

_CDK_JSON = Path(__file__).parent.parent.parent / "cdk.json"
_NAME = "pipes"

_CRASH = {"Type": "Fail", "Error": "Picky.Crash", "Cause": "cannot digest this"}
# A batch with a record to crash on fails as a whole, records to refuse are named (one of them by a
# wrong name), the others are told to a queue.
_PICKY = {
    "QueryLanguage": "JSONata",
    "StartAt": "Crash?",
    "States": {
        "Crash?": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% 'crash' in $states.input.kind %}", "Next": "Crash"}],
            "Default": "Tell",
        },
        "Crash": _CRASH,
        "Tell": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Arguments": {
                "QueueUrl": "QUEUE_URL",
                "MessageBody": "{% $string([$states.input[kind = 'fine'].name]) %}",
            },
            "Output": {
                "batchItemFailures": (
                    "{% [$states.input[kind = 'refuse'].{'itemIdentifier': record}, "
                    "$states.input[kind = 'misname'].{'itemIdentifier': name}] %}"
                )
            },
            "End": True,
        },
    },
}
_CRASHING = {"StartAt": "Crash", "States": {"Crash": _CRASH}}
_WELCOME = {"StartAt": "Welcome", "States": {"Welcome": {"Type": "Pass", "End": True}}}


@contextmanager
def deployed_pipes(aws: EmbeddedAws) -> Iterator[dict[str, str]]:
    """Deploy the stack, give its outputs, delete it."""
    with closing(aws.client("cloudformation")) as client:
        client.create_stack(StackName=_NAME, TemplateBody=_template())

        def made() -> dict[str, Any] | None:
            stack = cast(dict[str, Any], client.describe_stacks(StackName=_NAME)["Stacks"][0])
            return None if stack["StackStatus"].endswith("IN_PROGRESS") else stack

        stack = wait_for(made, until=bool, within_seconds=20)
        assert stack
        assert stack["StackStatus"] == "CREATE_COMPLETE", stack
        yield {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
        client.delete_stack(StackName=_NAME)


def _template() -> str:
    flags = json.loads(_CDK_JSON.read_text(encoding="utf-8"))["context"]
    stack = Stack(
        App(context=flags),
        "Pipes",
        synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
    )
    outputs = {**_profiles(stack), **_deeds(stack), **_orders(stack), **_poison(stack)}
    for name, value in outputs.items():
        CfnOutput(stack, f"{name}Output", value=value).override_logical_id(name)
    return json.dumps(Template.from_stack(stack).to_json())


def _profiles(stack: Stack) -> dict[str, str]:
    """New profiles start a Standard workflow that gets no more than the id."""
    table = _table(stack, "Profiles")
    workflow = _workflow(stack, "Welcome", json.dumps(_WELCOME), sfn.StateMachineType.STANDARD)
    StreamPipe(
        stack,
        "ProfilesPipe",
        table=table,
        target=PipeTarget.state_machine(
            workflow,
            input_template={
                "userId": "<$.dynamodb.NewImage.name.S>",
                "greeting": "Welcome, <$.dynamodb.NewImage.name.S>!",
                "image": "<$.dynamodb.NewImage>",
                "from": "<aws.pipes.source-arn>",
                "lost": "<$.dynamodb.NewImage.nothing.S>",
            },
        ),
        filters=[{"eventName": ["INSERT"]}],
    )
    return {
        "Profiles": table.table_name,
        "ProfilesStream": str(table.table_stream_arn),
        "Welcome": workflow.state_machine_arn,
    }


def _deeds(stack: Stack) -> dict[str, str]:
    """Records go in batches to a workflow that refuses some and crashes on others."""
    table = _table(stack, "Deeds")
    told = sqs.Queue(stack, "Told")
    definition = json.dumps(_PICKY).replace("QUEUE_URL", told.queue_url)
    pipe = StreamPipe(
        stack,
        "DeedsPipe",
        table=table,
        target=PipeTarget.state_machine(
            _workflow(stack, "Picky", definition, sfn.StateMachineType.EXPRESS),
            wait_for_result=True,
            input_template={
                "record": "<$.eventID>",
                "name": "<$.dynamodb.NewImage.name.S>",
                "kind": "<$.dynamodb.NewImage.kind.S>",
            },
        ),
        reading=StreamReading(batch_size=50, retry_attempts=1),
    )
    return {
        "Deeds": table.table_name,
        "DeedsStream": str(table.table_stream_arn),
        "DeedsLog": _log_group(pipe),
        "DeadDeeds": pipe.dead_letter_queue.queue_url,
        "Told": told.queue_url,
    }


def _orders(stack: Stack) -> dict[str, str]:
    """Orders in a queue become events on a bus."""
    orders = ConsumerQueue(stack, "Orders")
    bus = events.EventBus(stack, "Bus")
    heard = sqs.Queue(stack, "Heard")
    events.Rule(
        stack,
        "Everything",
        event_bus=bus,
        event_pattern=events.EventPattern(source=["orders"]),
        targets=[targets.SqsQueue(heard)],
    )
    QueuePipe(
        stack,
        "OrdersPipe",
        queue=orders.queue,
        target=PipeTarget.event_bus(
            bus,
            source="orders",
            detail_type="$.body.type",
            input_template={"order": "<$.body.order>", "messageId": "<$.messageId>"},
        ),
        filters=[{"body": {"type": [{"prefix": "Order"}]}}],
    )
    return {"Orders": orders.queue.queue_url, "Heard": heard.queue_url}


def _poison(stack: Stack) -> dict[str, str]:
    """Every message crashes its workflow, at once visible again, at most twice."""
    messages = ConsumerQueue(stack, "Poison", max_receive_count=2)
    resource = cast(sqs.CfnQueue, messages.queue.node.default_child)
    resource.visibility_timeout = 0
    QueuePipe(
        stack,
        "PoisonPipe",
        queue=messages.queue,
        target=PipeTarget.state_machine(
            _workflow(stack, "Crash", json.dumps(_CRASHING), sfn.StateMachineType.EXPRESS),
            wait_for_result=True,
        ),
    )
    return {
        "Poison": messages.queue.queue_url,
        "DeadPoison": messages.dead_letter_queue.queue_url,
    }


def _table(stack: Stack, name: str) -> dynamodb.Table:
    return dynamodb.Table(
        stack,
        name,
        partition_key=dynamodb.Attribute(name="name", type=dynamodb.AttributeType.STRING),
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
        removal_policy=RemovalPolicy.DESTROY,
    )


def _workflow(
    stack: Stack, name: str, definition: str, kind: sfn.StateMachineType
) -> sfn.StateMachine:
    return sfn.StateMachine(
        stack,
        name,
        definition_body=sfn.DefinitionBody.from_string(definition),
        state_machine_type=kind,
    )


def _log_group(pipe: Construct) -> str:
    return cast(logs.LogGroup, pipe.node.find_child("Logs")).log_group_name
