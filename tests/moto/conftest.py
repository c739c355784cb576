"""The workflows of the constructs, as synthesized, on moto's interpreter."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template

from constructs_lib.orchestration import SignUpMail, SignUpWorkflow, TicketTriage

_CDK_JSON = Path(__file__).parent.parent.parent / "cdk.json"


@pytest.fixture(scope="session")
def workflow_templates() -> Mapping[str, dict[str, Any]]:
    """One template for each workflow, synthesized once."""
    app = App(context=json.loads(_CDK_JSON.read_text(encoding="utf-8"))["context"])
    sign_up, triage = Stack(app, "SignUp"), Stack(app, "Triage")
    SignUpWorkflow(
        sign_up,
        "SignUp",
        event_bus=events.EventBus.from_event_bus_name(sign_up, "Bus", "app-bus"),
        table=dynamodb.Table.from_table_name(sign_up, "Users", "users"),
        mail=SignUpMail(sender="sign-up@example.com"),
        failure_topic=sns.Topic.from_topic_arn(
            sign_up, "Operators", "arn:aws:sns:us-east-1:123456789012:operators"
        ),
    )
    TicketTriage(
        triage,
        "Triage",
        table=dynamodb.Table.from_table_name(triage, "Users", "users"),
        event_bus=events.EventBus.from_event_bus_name(triage, "Bus", "app-bus"),
    )
    return {
        stack.stack_name: dict(Template.from_stack(stack).to_json()) for stack in (sign_up, triage)
    }
