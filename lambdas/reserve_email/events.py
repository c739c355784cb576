"""The events that this service follows."""

from typing import Annotated, Literal

from aws_lambda_powertools.utilities.parser.models import EventBridgeModel, SqsRecordModel
from event_models import IdentityDeleted, IdentityNotCreated
from event_models.sign_up_step import SignUpStep
from pydantic import Field, Json, JsonValue


class AnySignUpRequest(SignUpStep):
    """``SignUpRequested`` before it is judged: a bad request is answered, not left in a queue."""

    email: JsonValue = None
    name: JsonValue = None


class SignUpRequestedEvent(EventBridgeModel):
    """The EventBridge envelope around ``SignUpRequested``."""

    detail_type: Literal["SignUpRequested"] = Field(alias="detail-type")
    detail: AnySignUpRequest


class IdentityNotCreatedEvent(EventBridgeModel):
    """The EventBridge envelope around ``IdentityNotCreated``."""

    detail_type: Literal["IdentityNotCreated"] = Field(alias="detail-type")
    detail: IdentityNotCreated


class IdentityDeletedEvent(EventBridgeModel):
    """The EventBridge envelope around ``IdentityDeleted``."""

    detail_type: Literal["IdentityDeleted"] = Field(alias="detail-type")
    detail: IdentityDeleted


FollowedEvent = SignUpRequestedEvent | IdentityNotCreatedEvent | IdentityDeletedEvent


class Record(SqsRecordModel):
    """A message with one of them."""

    body: Json[Annotated[FollowedEvent, Field(discriminator="detail_type")]]
