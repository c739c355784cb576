"""The event that this service follows."""

from aws_lambda_powertools.utilities.parser.models import EventBridgeModel, SqsRecordModel
from event_models import UserSignedUp
from pydantic import Json


class UserSignedUpEvent(EventBridgeModel):
    """The EventBridge envelope around ``UserSignedUp``."""

    detail: UserSignedUp


class Record(SqsRecordModel):
    """A message with it."""

    body: Json[UserSignedUpEvent]
