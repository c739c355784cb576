"""The events that this service follows."""

from typing import Annotated, Literal

from aws_lambda_powertools.utilities.parser.models import EventBridgeModel, SqsRecordModel
from event_models import EmailReserved, ProfileNotStored
from pydantic import Field, Json


class EmailReservedEvent(EventBridgeModel):
    """The EventBridge envelope around ``EmailReserved``."""

    detail_type: Literal["EmailReserved"] = Field(alias="detail-type")
    detail: EmailReserved


class ProfileNotStoredEvent(EventBridgeModel):
    """The EventBridge envelope around ``ProfileNotStored``."""

    detail_type: Literal["ProfileNotStored"] = Field(alias="detail-type")
    detail: ProfileNotStored


FollowedEvent = EmailReservedEvent | ProfileNotStoredEvent


class Record(SqsRecordModel):
    """A message with one of them."""

    body: Json[Annotated[FollowedEvent, Field(discriminator="detail_type")]]
