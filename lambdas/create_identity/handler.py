"""Entry of the function."""

import os

from aws_lambda_powertools.utilities.typing import LambdaContext
from event_models import Detail, IdentityCreated, IdentityDeleted, IdentityNotCreated
from event_services import Decisions, EventService

from create_identity.events import EmailReservedEvent, FollowedEvent, Record
from create_identity.identities import Decision, create_identity, delete_identity
from create_identity.user_pool import UserPool

_pool = UserPool(os.environ["USER_POOL_ID"])
_decisions = Decisions[Decision](
    os.environ["STATE_TABLE_NAME"],
    key="userId",
    models=[IdentityCreated, IdentityNotCreated, IdentityDeleted],
)


def _react(event: FollowedEvent) -> Detail:
    if isinstance(event, EmailReservedEvent):
        return create_identity(event.detail, _pool, _decisions)
    return delete_identity(event.detail, _pool, _decisions)


_service = EventService(record_model=Record, react=_react)


def handler(event: dict[str, object], context: LambdaContext) -> dict[str, object]:
    """Create and delete identities; the answer names the messages that failed."""
    return _service.handle(event, context)
