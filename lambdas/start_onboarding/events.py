"""The event that this service follows."""

from aws_lambda_powertools.utilities.parser.models import EventBridgeModel
from event_models import UserSignedUp


class UserSignedUpEvent(EventBridgeModel):
    """The EventBridge envelope around ``UserSignedUp``."""

    detail: UserSignedUp
