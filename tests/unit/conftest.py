"""A stack to put constructs in, with the feature flags of the example app."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_events as events
from aws_cdk.assertions import Template

PROJECT_FOLDER = Path(__file__).parent.parent.parent
_FEATURE_FLAGS = json.loads((PROJECT_FOLDER / "cdk.json").read_text(encoding="utf-8"))["context"]


@pytest.fixture
def stack() -> Stack:
    return Stack(App(context=_FEATURE_FLAGS), "Stack")


@pytest.fixture
def event_bus(stack: Stack) -> events.IEventBus:
    """The caller's bus, which no construct under test makes."""
    return events.EventBus.from_event_bus_name(stack, "CallersBus", "callers-bus")


@pytest.fixture
def synthesize(stack: Stack) -> Callable[[], Template]:
    return lambda: Template.from_stack(stack)
