"""The events of the example's bus: who publishes them, who follows them, what they hold."""

import sys
from pathlib import Path

from constructs_lib.contracts import EventContract, asyncapi_document

# The functions import the models from their own folder, and so does everybody else.
sys.path.append(str(Path(__file__).parent.parent / "lambdas"))

from event_models import (
    EmailReserved,
    IdentityCreated,
    IdentityDeleted,
    IdentityNotCreated,
    ProfileNotStored,
    SignUpFailed,
    SignUpRejected,
    SignUpRequested,
    TicketTriaged,
    UserSignedUp,
)

_REQUEST = {"requestId": "sign-up-0004", "correlationId": "sign-up-0004"}
_USER = {**_REQUEST, "userId": "6e0c1c4c-4c55-5d0c-9a49-6f6a9a3f3c11"}
_EMAIL_HASH = "b5fc85e55755f9e0d030a10ab4429b6b2944855f9a0d60077fe832becbc41d72"

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

SIGN_UP_REQUESTED = EventContract(
    name="SignUpRequested",
    source=SignUpRequested.event_source,
    detail_model=SignUpRequested,
    description="Somebody wants to sign up; the choreographed sign-up begins. Personal data.",
    examples=[{**_REQUEST, "email": "ada@example.com", "name": "Ada Lovelace"}],
)

EMAIL_RESERVED = EventContract(
    name="EmailReserved",
    source=EmailReserved.event_source,
    detail_model=EmailReserved,
    description="An address is a new user's. Personal data.",
    examples=[
        {
            **_USER,
            "emailHash": _EMAIL_HASH,
            "email": "ada@example.com",
            "name": "Ada Lovelace",
        }
    ],
)

SIGN_UP_REJECTED = EventContract(
    name="SignUpRejected",
    source=SignUpRejected.event_source,
    detail_model=SignUpRejected,
    description="A request breaks a rule or its address is taken; nothing has been changed.",
    examples=[
        {**_REQUEST, "error": "SignUp.EmailTaken", "rule": None},
        {
            **_REQUEST,
            "error": "SignUp.InvalidRequest",
            "rule": "name must be text of 1 to 100 characters without control characters",
        },
    ],
)

IDENTITY_CREATED = EventContract(
    name="IdentityCreated",
    source=IdentityCreated.event_source,
    detail_model=IdentityCreated,
    description="A new user can sign in.",
    examples=[{**_USER, "emailHash": _EMAIL_HASH}],
)

IDENTITY_NOT_CREATED = EventContract(
    name="IdentityNotCreated",
    source=IdentityNotCreated.event_source,
    detail_model=IdentityNotCreated,
    description="A new user cannot have an identity, and has none.",
    examples=[
        {
            **_USER,
            "error": "CognitoIdentityProvider.InvalidParameterException",
            "step": "Create identity",
        }
    ],
)

IDENTITY_DELETED = EventContract(
    name="IdentityDeleted",
    source=IdentityDeleted.event_source,
    detail_model=IdentityDeleted,
    description="An identity is gone, because a later step of the sign-up failed.",
    examples=[{**_USER, "error": "DynamoDB.ResourceNotFoundException", "step": "Store profile"}],
)

PROFILE_NOT_STORED = EventContract(
    name="ProfileNotStored",
    source=ProfileNotStored.event_source,
    detail_model=ProfileNotStored,
    description="A new user cannot have a profile, and has none.",
    examples=[{**_USER, "error": "DynamoDB.ResourceNotFoundException", "step": "Store profile"}],
)

CONTRACTS = (
    USER_SIGNED_UP,
    SIGN_UP_FAILED,
    TICKET_TRIAGED,
    SIGN_UP_REQUESTED,
    EMAIL_RESERVED,
    SIGN_UP_REJECTED,
    IDENTITY_CREATED,
    IDENTITY_NOT_CREATED,
    IDENTITY_DELETED,
    PROFILE_NOT_STORED,
)

#: Detail types that no archive, log or further consumer may keep.
WITH_PERSONAL_DATA = [SIGN_UP_REQUESTED.detail_type, EMAIL_RESERVED.detail_type]


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
            "sign-up-form": [SIGN_UP_REQUESTED],
            "reserve-email": [EMAIL_RESERVED, SIGN_UP_REJECTED, SIGN_UP_FAILED],
            "create-identity": [IDENTITY_CREATED, IDENTITY_NOT_CREATED, IDENTITY_DELETED],
            "store-profile": [USER_SIGNED_UP, PROFILE_NOT_STORED],
        },
        consumers={
            "onboarding": [USER_SIGNED_UP],
            "analytics": [USER_SIGNED_UP],
            "crm": [USER_SIGNED_UP],
            "support": [TICKET_TRIAGED, SIGN_UP_FAILED],
            "reserve-email": [SIGN_UP_REQUESTED, IDENTITY_NOT_CREATED, IDENTITY_DELETED],
            "create-identity": [EMAIL_RESERVED, PROFILE_NOT_STORED],
            "store-profile": [IDENTITY_CREATED],
            "send-welcome": [USER_SIGNED_UP],
        },
    )
