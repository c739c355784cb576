"""Small workflows, and the engine with single changes to moto left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from unittest import mock

import boto3

from constructs_lib.testing import JsonValue
from constructs_lib.testing._moto_patches import apply
from constructs_lib.testing.moto_engine import WorkflowEngine, moto_workflows

Asl = dict[str, JsonValue]

A_DAY_SECONDS = 86_400

ANNOUNCE: Asl = {
    "Type": "Task",
    "Resource": "arn:aws:states:::events:putEvents",
    "Arguments": {"Entries": [{"Source": "a", "DetailType": "b", "Detail": {"c": 1}}]},
    "End": True,
}


@contextmanager
def engine_without(*patches: str, time_scale: float = 0.0) -> Iterator[WorkflowEngine]:
    """The engine with changes to moto left out; definitions are read anew, too."""
    with ExitStack() as stack:
        for patch in {*patches, "parsed_once"}:
            left_out = mock.patch.object(apply, patch, return_value=nullcontext())
            stack.enter_context(left_out)
        yield stack.enter_context(moto_workflows(time_scale))


def jsonata(states: Mapping[str, JsonValue], *, start_at: str | None = None) -> Asl:
    start = start_at or next(iter(states))
    return {"QueryLanguage": "JSONata", "StartAt": start, "States": states}


def answer(expression: str) -> Asl:
    """A workflow whose output is the value of one JSONata expression."""
    return jsonata({"Answer": {"Type": "Pass", "Output": f"{{% {expression} %}}", "End": True}})


def keep(kept: str) -> Asl:
    return jsonata(
        {
            "Keep": {"Type": "Pass", "Assign": {"kept": kept}, "Next": "Tell"},
            "Tell": {"Type": "Pass", "Output": "{% $kept %}", "End": True},
        }
    )


def waiting(seconds: int) -> Asl:
    return jsonata({"Wait": {"Type": "Wait", "Seconds": seconds, "End": True}})


def make_table() -> None:
    boto3.client("dynamodb").create_table(
        TableName="reservations",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def waiting_for_an_answer(**more: JsonValue) -> Asl:
    """A workflow that puts its token into the table; ``more`` goes to the state that waits."""
    return jsonata(
        {
            "Ask": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:dynamodb:putItem.waitForTaskToken",
                "Arguments": {
                    "TableName": "reservations",
                    "Item": {
                        "pk": {"S": "code"},
                        "token": {"S": "{% $states.context.Task.Token %}"},
                    },
                },
                "TimeoutSeconds": A_DAY_SECONDS,
                "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Not confirmed"}],
                "End": True,
                **more,
            },
            "Not confirmed": {"Type": "Fail", "Error": "SignUp.NotConfirmed"},
        }
    )
