"""What the events of the example hold; publishers, consumers and tests share these models.

They stand alone: a function imports them without CDK or the construct library.
"""

from event_models.detail import Detail
from event_models.email_reserved import EmailReserved
from event_models.identity_created import IdentityCreated
from event_models.identity_deleted import IdentityDeleted
from event_models.identity_not_created import IdentityNotCreated
from event_models.profile_not_stored import ProfileNotStored
from event_models.sign_up_failed import SignUpFailed, StepNotUndone
from event_models.sign_up_rejected import SignUpRejected
from event_models.sign_up_requested import SignUpRequested
from event_models.ticket_triaged import TicketTriaged
from event_models.user_signed_up import UserSignedUp

__all__ = [
    "Detail",
    "EmailReserved",
    "IdentityCreated",
    "IdentityDeleted",
    "IdentityNotCreated",
    "ProfileNotStored",
    "SignUpFailed",
    "SignUpRejected",
    "SignUpRequested",
    "StepNotUndone",
    "TicketTriaged",
    "UserSignedUp",
]
