"""Entry of the function: parse, start once, log identifiers only."""

import os

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.parser import event_parser
from aws_lambda_powertools.utilities.typing import LambdaContext

from start_onboarding.events import UserSignedUpEvent
from start_onboarding.onboarding import Onboarding
from start_onboarding.onboarding_table import OnboardingTable

logger = Logger()
_table = OnboardingTable(os.environ["STATE_TABLE_NAME"])
_idempotency = IdempotencyConfig(expires_after_seconds=24 * 60 * 60)


@event_parser(model=UserSignedUpEvent)
def handler(event: UserSignedUpEvent, context: LambdaContext) -> dict[str, str]:
    """Start the onboarding of a user who signed up; the same user's event again changes nothing."""
    logger.set_correlation_id(event.detail.correlation_id)
    _idempotency.register_lambda_context(context)
    return start_onboarding(event=event, user_id=event.detail.user_id)


# EventBridge delivers at least once and replays reuse the event id: the user is the key.
@idempotent_function(
    data_keyword_argument="user_id",
    persistence_store=DynamoDBPersistenceLayer(os.environ["IDEMPOTENCY_TABLE_NAME"]),
    config=_idempotency,
)
def start_onboarding(*, event: UserSignedUpEvent, user_id: str) -> dict[str, str]:
    """Keep the onboarding of one user and say what was done."""
    was_new = _table.add(
        Onboarding(user_id=user_id, event_id=event.id, started_at=event.detail.signed_up_at)
    )
    status = "started" if was_new else "kept"
    logger.info("onboarding %s", status, user_id=user_id, event_id=event.id)
    return {"userId": user_id, "status": status}
