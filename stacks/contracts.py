"""The events of the example's bus: who publishes them, who follows them, what they hold."""

import sys
from pathlib import Path

from constructs_lib.contracts import EventContract, asyncapi_document

# The functions import the models from their own folder, and so does everybody else.
sys.path.append(str(Path(__file__).parent.parent / "lambdas"))

from event_models import SignUpFailed, TicketTriaged, UserSignedUp

USER_SIGNED_UP = EventContract(
    name="UserSignedUp",
    version="1.0",
    source="sign-up",
    detail_model=UserSignedUp,
    description="A user has an identity, a profile and, where asked for, a confirmed address.",
    examples=[
        {
            "userId": "0b5f6a3e-6f0e-4a53-9f1e-2f6f0a1f6f10",
            "requestId": "sign-up-0001",
            "correlationId": "sign-up-0001",
            "signedUpAt": "2026-11-23T08:59:59.123Z",
        }
    ],
)

SIGN_UP_FAILED = EventContract(
    name="SignUpFailed",
    version="1.0",
    source="sign-up",
    detail_model=SignUpFailed,
    description="A sign-up failed and was undone, but for the steps in notUndone.",
    examples=[
        {
            "requestId": "sign-up-0002",
            "correlationId": "sign-up-0002",
            "error": "SignUp.NotConfirmed",
            "step": "Mail confirmation",
            "notUndone": [],
            "userId": "8f2d3c1b-0d9e-4c8e-a1f7-5b1f4c2a9d31",
        },
        {
            "requestId": "sign-up-0003",
            "correlationId": "sign-up-0003",
            "error": "DynamoDB.ProvisionedThroughputExceededException",
            "step": "Store profile",
            "notUndone": [{"Step": "Delete identity", "Error": "States.Timeout"}],
            "userId": "c3a1f0d2-7a55-4f0b-8a53-0b4f5d7e6c88",
        },
    ],
)

TICKET_TRIAGED = EventContract(
    name="TicketTriaged",
    version="1.0",
    source="ticket-triage",
    detail_model=TicketTriaged,
    description="A support ticket has an urgency, and its requester is known or not.",
    examples=[
        {
            "reference": "freshdesk-42",
            "ticketId": 42,
            "requester": "user",
            "urgency": "urgent",
            "tags": ["billing"],
            "attachmentCount": 1,
            "traceId": "5d2c0c5e-1b0f-4a65-8a56-9a8f7c2b1d3e",
            "correlationId": "7bf73129-1428-4cd3-a780-95db273d1602",
            "causedByEventId": "7bf73129-1428-4cd3-a780-95db273d1602",
        }
    ],
)

CONTRACTS = (USER_SIGNED_UP, SIGN_UP_FAILED, TICKET_TRIAGED)


def app_bus_document() -> dict[str, object]:
    """The AsyncAPI document of the example's bus, kept in ``docs/asyncapi.json``."""
    return asyncapi_document(
        title="Duet example",
        version="1.0.0",
        description="Sign-ups and triaged tickets.",
        bus_name="app-bus",
        publishers={
            "sign-up": [USER_SIGNED_UP, SIGN_UP_FAILED],
            "ticket-triage": [TICKET_TRIAGED],
        },
        consumers={
            "onboarding": [USER_SIGNED_UP],
            "analytics": [USER_SIGNED_UP],
            "support": [TICKET_TRIAGED],
        },
    )
