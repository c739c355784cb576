"""What the events of the example hold; publishers, consumers and tests share these models.

They stand alone: a function imports them without CDK or the construct library.
"""

from event_models.sign_up_failed import SignUpFailed, StepNotUndone
from event_models.ticket_triaged import TicketTriaged
from event_models.user_signed_up import UserSignedUp

__all__ = ["SignUpFailed", "StepNotUndone", "TicketTriaged", "UserSignedUp"]
