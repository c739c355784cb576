"""The event that this service follows."""

from aws_lambda_powertools.utilities.parser.models import EventBridgeModel, SqsRecordModel
from event_models import IdentityCreated
from pydantic import Json


class IdentityCreatedEvent(EventBridgeModel):
    """The EventBridge envelope around ``IdentityCreated``."""

    detail: IdentityCreated


class Record(SqsRecordModel):
    """A message with it."""

    body: Json[IdentityCreatedEvent]
