"""Workflows that direct their steps: Step Functions state machines."""

from constructs_lib.orchestration.retry_policies import (
    COGNITO_TRANSIENT,
    DYNAMODB_TRANSIENT,
    EVENTBRIDGE_TRANSIENT,
    RetryPolicy,
)
from constructs_lib.orchestration.sign_up import SignUpWorkflow
from constructs_lib.orchestration.ticket_triage import TicketTriage

__all__ = [
    "COGNITO_TRANSIENT",
    "DYNAMODB_TRANSIENT",
    "EVENTBRIDGE_TRANSIENT",
    "RetryPolicy",
    "SignUpWorkflow",
    "TicketTriage",
]
