"""The workflows of the constructs, as synthesized, on moto's interpreter."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template

from constructs_lib.orchestration import SignUpMail, SignUpWorkflow, TicketTriage
from constructs_lib.testing.moto_engine import StartedWorkflow, WorkflowEngine, WorkflowRun
from tests.coverage_table import LOG, Level

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


@pytest.fixture
def coverage_level() -> Level:
    """The level at which this file's executions count."""
    return "b"


@pytest.fixture(autouse=True)
def _note_paths(coverage_level: Level) -> Iterator[None]:
    """Count the paths of every execution whose result a test waits for."""
    definitions: dict[str, Any] = {}
    start, result = WorkflowEngine.start, StartedWorkflow.result

    def start_noted(
        engine: WorkflowEngine, definition: Any, *args: Any, **kwargs: Any
    ) -> StartedWorkflow:
        started = start(engine, definition, *args, **kwargs)
        parsed = json.loads(definition) if isinstance(definition, str) else definition
        definitions[started.execution_arn] = parsed
        return started

    def result_noted(started: StartedWorkflow, **kwargs: Any) -> WorkflowRun:
        run = result(started, **kwargs)
        LOG.note_history(coverage_level, definitions[started.execution_arn], run.history)
        return run

    # A monkeypatch of its own: the test may undo the shared one.
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(WorkflowEngine, "start", start_noted)
        monkeypatch.setattr(StartedWorkflow, "result", result_noted)
        yield
