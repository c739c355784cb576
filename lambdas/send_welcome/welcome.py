"""What this service decides. No AWS here."""

from dataclasses import dataclass
from typing import Protocol

from aws_lambda_powertools import Logger
from event_models import Detail, UserSignedUp
from event_services import Decisions, Refused

SUBJECT = "Welcome"
TEXT = "Hello {name},\n\nit is good to have you.\n"

logger = Logger(child=True)


class Welcomed(Detail):
    """The decision that a user has been welcomed."""

    user_id: str


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who is welcomed; neither kept nor logged."""

    email: str
    name: str


class People(Protocol):
    """Who the users are."""

    def find(self, user_id: str) -> Person | None:
        """The person behind a user, if it is one of ours."""


class Mailer(Protocol):
    """The way to people."""

    def send(self, *, to: str, subject: str, text: str) -> None:
        """Send a mail; ``Refused`` when it never will be."""


def send_welcome(
    signed_up: UserSignedUp, people: People, mailer: Mailer, decisions: Decisions[Welcomed]
) -> None:
    """Mail a welcome, best effort, to a user who has had none.

    A crash between mail and record sends a second one: better than none.
    """
    if decisions.find(signed_up.user_id):
        return
    person = people.find(signed_up.user_id)
    if person is None:
        logger.info("not welcomed: no user of this pool")
        return
    try:
        mailer.send(to=person.email, subject=SUBJECT, text=TEXT.replace("{name}", person.name))
    except Refused as refusal:
        logger.warning("not welcomed", error=refusal.error)
        return
    decisions.keep(signed_up.user_id, Welcomed(user_id=signed_up.user_id))
