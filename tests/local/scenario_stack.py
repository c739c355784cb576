"""The workflows with all that they need, as one stack that scenarios deploy and drive by the API.

Nothing here knows whether the account is embedded or real.
"""

from __future__ import annotations

import functools
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from aws_cdk import App, Aws, CfnOutput, DefaultStackSynthesizer, Duration, RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Template

from constructs_lib.demo.waiting import wait_for
from constructs_lib.orchestration import SignUpMail, SignUpWorkflow, TicketTriage
from tests.coverage_table import LOG
from tests.local.account import Account

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

SENDER = "sign-up@example.com"
_DEADLINE_SECONDS = 300  # what a real account may take; the embedded one is at once there
_CDK_JSON = Path(__file__).parent.parent.parent / "cdk.json"

T = TypeVar("T")


@functools.cache
def _template(confirmation_timeout_minutes: int) -> str:
    flags = json.loads(_CDK_JSON.read_text(encoding="utf-8"))["context"]
    stack = Stack(
        App(context=flags),
        "Scenarios",
        # Nothing here is an asset: the account needs no bootstrap.
        synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
    )
    bus = events.EventBus(stack, "Bus", event_bus_name=Aws.STACK_NAME)
    heard, notices = (sqs.Queue(stack, name) for name in ("Heard", "Notices"))
    events.Rule(
        stack,
        "All",
        event_bus=bus,
        event_pattern=events.EventPattern(source=events.Match.prefix("")),
        targets=[targets.SqsQueue(heard)],
    )
    topic = sns.Topic(stack, "Topic")
    topic.add_subscription(subscriptions.SqsSubscription(notices, raw_message_delivery=True))
    sign_up = SignUpWorkflow(
        stack,
        "SignUp",
        event_bus=bus,
        mail=SignUpMail(
            sender=SENDER, confirmation_timeout=Duration.minutes(confirmation_timeout_minutes)
        ),
        failure_topic=topic,
        removal_policy=RemovalPolicy.DESTROY,
    )
    triage = TicketTriage(
        stack,
        "Triage",
        table=sign_up.table,
        event_bus=bus,
        urgent_topic=topic,
        removal_policy=RemovalPolicy.DESTROY,
    )
    assert sign_up.confirm_email is not None
    outputs = {
        "Bus": bus.event_bus_name,
        "Heard": heard.queue_url,
        "Notices": notices.queue_url,
        "Topic": topic.topic_arn,
        "Users": sign_up.table.table_name,
        "Identities": sign_up.user_pool.user_pool_id,
        "SignUp": sign_up.state_machine.state_machine_arn,
        "ConfirmEmail": sign_up.confirm_email.state_machine.state_machine_arn,
        "Triage": triage.state_machine.state_machine_arn,
        "Triaged": triage.triaged_table.table_name,
    }
    for name, value in outputs.items():
        CfnOutput(stack, f"{name}Output", value=value).override_logical_id(f"Its{name}")
    return json.dumps(Template.from_stack(stack).to_json())


class Deployment:
    """The stack in an account, driven through the API; keeps what its listeners have heard."""

    def __init__(self, account: Account, outputs: Mapping[str, str]) -> None:
        self.account = account
        self._outputs = outputs
        self.workflows = account.client("stepfunctions")
        self.dynamodb = account.client("dynamodb")
        self.pools = account.client("cognito-idp")
        self._queues = account.client("sqs")
        self._definitions: dict[str, dict[str, Any]] = {}

    def __getitem__(self, name: str) -> str:
        """The physical name, URL or ARN of a resource."""
        return self._outputs[f"Its{name}"]

    def wait_until(self, ask: Callable[[], T | None]) -> T:
        """Ask until there is an answer, and fail without one."""
        answer = wait_for(ask, until=bool, within_seconds=_DEADLINE_SECONDS)
        assert answer, "nothing came in time"
        return answer

    def start(self, workflow: str, state_input: object, name: str | None = None) -> str:
        """Start an execution of a workflow, under the name given or another that is new."""
        execution: str = self.workflows.start_execution(
            stateMachineArn=self[workflow],
            name=name or f"scenario-{uuid.uuid4().hex}",
            input=json.dumps(state_input),
        )["executionArn"]
        return execution

    def end(self, execution: str) -> DescribeExecutionOutputTypeDef:
        """Wait for the end of an execution, whose paths then count as taken."""

        def ended() -> DescribeExecutionOutputTypeDef | None:
            found: DescribeExecutionOutputTypeDef = self.workflows.describe_execution(
                executionArn=execution
            )
            return None if found["status"] == "RUNNING" else found

        found = self.wait_until(ended)
        self.note(found["stateMachineArn"], execution)
        return found

    def note(self, state_machine: str, execution: str) -> None:
        """Count the paths that an execution took."""
        if state_machine not in self._definitions:
            described = self.workflows.describe_state_machine(stateMachineArn=state_machine)
            self._definitions[state_machine] = json.loads(described["definition"])
        LOG.note_history("c", self._definitions[state_machine], self.history(execution))

    def history(self, execution: str) -> list[dict[str, Any]]:
        pages = self.workflows.get_paginator("get_execution_history")
        return [e for page in pages.paginate(executionArn=execution) for e in page["events"]]

    def path(self, execution: str) -> list[str]:
        """The states that an execution entered, in order."""
        return [
            event["stateEnteredEventDetails"]["name"]
            for event in self.history(execution)
            if "stateEnteredEventDetails" in event
        ]

    def items(self, table: str) -> list[dict[str, Any]]:
        return list(self.dynamodb.scan(TableName=self[table], ConsistentRead=True)["Items"])

    def heard(self) -> list[dict[str, Any]]:
        """The events on the bus since the last look."""
        return self._take("Heard")

    def notices(self) -> list[dict[str, Any]]:
        """The notices on the topic since the last look."""
        return self._take("Notices")

    def _take(self, queue: str) -> list[dict[str, Any]]:
        taken, url = [], self[queue]
        while messages := self._queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                taken.append(json.loads(message["Body"]))
                self._queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return taken


@contextmanager
def deployed(account: Account, *, confirmation_timeout_minutes: int = 1440) -> Iterator[Deployment]:
    """Make the stack, and delete it afterwards."""
    stacks = account.client("cloudformation")
    name = f"scenarios-{uuid.uuid4().hex[:8]}"
    stacks.create_stack(
        StackName=name,
        TemplateBody=_template(confirmation_timeout_minutes),
        Capabilities=["CAPABILITY_IAM"],
    )

    def made() -> dict[str, Any] | None:
        stack: dict[str, Any] = stacks.describe_stacks(StackName=name)["Stacks"][0]
        return None if stack["StackStatus"].endswith("IN_PROGRESS") else stack

    try:
        stack = wait_for(made, until=bool, within_seconds=_DEADLINE_SECONDS)
        assert stack is not None
        assert stack["StackStatus"] == "CREATE_COMPLETE", stack
        outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
        yield Deployment(account, outputs)
    finally:
        stacks.delete_stack(StackName=name)
