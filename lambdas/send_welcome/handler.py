"""Entry of the function."""

import os

from aws_lambda_powertools.utilities.typing import LambdaContext
from event_services import Decisions, EventService

from send_welcome.events import Record, UserSignedUpEvent
from send_welcome.ses_mailer import SesMailer
from send_welcome.user_pool import UserPool
from send_welcome.welcome import Welcomed, send_welcome

_people = UserPool(os.environ["USER_POOL_ID"])
_mailer = SesMailer(os.environ["MAIL_SENDER"])
_decisions = Decisions[Welcomed](os.environ["STATE_TABLE_NAME"], key="userId", models=[Welcomed])


def _react(event: UserSignedUpEvent) -> None:
    send_welcome(event.detail, _people, _mailer, _decisions)


_service = EventService(record_model=Record, react=_react)


def handler(event: dict[str, object], context: LambdaContext) -> dict[str, object]:
    """Welcome users; the answer names the messages that failed."""
    return _service.handle(event, context)
