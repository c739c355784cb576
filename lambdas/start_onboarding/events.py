"""The event that this service follows."""

from datetime import datetime

from aws_lambda_powertools.utilities.parser.models import EventBridgeModel
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class UserSignedUp(BaseModel):
    """Detail of ``UserSignedUp``; unknown fields are a publisher's later additions."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)

    user_id: str = Field(min_length=1)
    request_id: str
    signed_up_at: datetime


class UserSignedUpEvent(EventBridgeModel):
    """The EventBridge envelope around ``UserSignedUp``."""

    detail: UserSignedUp
