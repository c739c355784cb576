"""Entry of the function."""

import os
from datetime import UTC, datetime

from aws_lambda_powertools.utilities.typing import LambdaContext
from event_models import Detail, ProfileNotStored, UserSignedUp
from event_services import Decisions, EventService

from store_profile.events import IdentityCreatedEvent, Record
from store_profile.profiles import Decision, store_profile
from store_profile.profiles_table import ProfilesTable

_profiles = ProfilesTable(os.environ["PROFILES_TABLE_NAME"])
_decisions = Decisions[Decision](
    os.environ["STATE_TABLE_NAME"], key="userId", models=[UserSignedUp, ProfileNotStored]
)


def _react(event: IdentityCreatedEvent) -> Detail:
    return store_profile(event.detail, datetime.now(UTC), _profiles, _decisions)


_service = EventService(record_model=Record, react=_react)


def handler(event: dict[str, object], context: LambdaContext) -> dict[str, object]:
    """Store profiles; the answer names the messages that failed."""
    return _service.handle(event, context)
