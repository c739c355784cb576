"""Entry of the function."""

import os

from aws_lambda_powertools.utilities.typing import LambdaContext
from event_models import Detail
from event_services import EventService

from reserve_email.events import FollowedEvent, Record, SignUpRequestedEvent
from reserve_email.reservations import release_email, reserve_email
from reserve_email.reservations_table import ReservationsTable

_table = ReservationsTable(os.environ["STATE_TABLE_NAME"])


def _react(event: FollowedEvent) -> Detail | None:
    if isinstance(event, SignUpRequestedEvent):
        return reserve_email(event.detail, _table)
    return release_email(event.detail, _table)


_service = EventService(record_model=Record, react=_react)


def handler(event: dict[str, object], context: LambdaContext) -> dict[str, object]:
    """Reserve and release addresses; the answer names the messages that failed."""
    return _service.handle(event, context)
