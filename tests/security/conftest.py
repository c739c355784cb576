"""The apps under test, synthesized once a session: the example and each construct by itself."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns

from app import CRM_ENDPOINT_CONTEXT_KEY, MAIL_SENDER_CONTEXT_KEY, build_app
from constructs_lib.orchestration import TicketTriage
from tests.golden.test_golden_constructs import CONSTRUCTS
from tests.security.assemblies import Assembly, synthesize

_PROJECT_FOLDER = Path(__file__).parent.parent.parent


def _example(outdir: str) -> App:
    return build_app(outdir=outdir)


def _example_with_all(outdir: str) -> App:
    context = {
        MAIL_SENDER_CONTEXT_KEY: "hello@example.com",
        CRM_ENDPOINT_CONTEXT_KEY: "https://acme.freshdesk.com/api/v2/contacts",
    }
    return build_app(outdir=outdir, context=context)


def _each_construct(outdir: str) -> App:
    settings = json.loads((_PROJECT_FOLDER / "cdk.json").read_text(encoding="utf-8"))
    app = App(outdir=outdir, context=settings["context"])
    for name, make in CONSTRUCTS.items():
        make(Stack(app, name))
    # An argument that adds a task.
    stack = Stack(app, "TicketTriageWithTopic")
    TicketTriage(
        stack,
        "It",
        table=dynamodb.Table.from_table_name(stack, "Users", "users"),
        event_bus=events.EventBus.from_event_bus_name(stack, "Bus", "bus"),
        urgent_topic=sns.Topic.from_topic_arn(
            stack, "Urgent", "arn:aws:sns:us-east-1:123456789012:urgent-tickets"
        ),
    )
    return app


_APPS: Mapping[str, Callable[[str], App]] = {
    "example": _example,
    "example with mail and CRM": _example_with_all,
    "each construct": _each_construct,
}


@pytest.fixture(scope="session")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Assembly]:
    return {
        name: synthesize(build, tmp_path_factory.mktemp("assembly"))
        for name, build in _APPS.items()
    }
