"""What this service decides. No AWS here."""

from datetime import datetime
from typing import Protocol

from event_models import Detail, IdentityCreated, ProfileNotStored, UserSignedUp
from event_services import Decisions, Refused

STEP = "Store profile"

Decision = UserSignedUp | ProfileNotStored


class Profiles(Protocol):
    """Where profiles are kept."""

    def add(self, *, user_id: str, email_hash: str, signed_up_at: datetime) -> datetime:
        """Store a profile where there is none; when it was, or ``Refused`` when it never will."""

    def remove(self, user_id: str) -> None:
        """Delete a profile if there is one."""


def store_profile(
    created: IdentityCreated, now: datetime, profiles: Profiles, decisions: Decisions[Decision]
) -> Detail:
    """Give a user a profile, with which the sign-up is complete; what is to be told of it."""
    decision = decisions.find(created.user_id)
    if decision is None:
        decision = decisions.keep(created.user_id, _attempt(created, now, profiles))
    if isinstance(decision, ProfileNotStored):
        # A refused attempt may follow one whose answer was lost, and a late one another's decision.
        profiles.remove(created.user_id)
    return decision


def _attempt(created: IdentityCreated, now: datetime, profiles: Profiles) -> Decision:
    try:
        signed_up_at = profiles.add(
            user_id=created.user_id, email_hash=created.email_hash, signed_up_at=now
        )
    except Refused as refusal:
        return ProfileNotStored(
            request_id=created.request_id,
            correlation_id=created.correlation_id,
            user_id=created.user_id,
            error=refusal.error,
            step=STEP,
        )
    return UserSignedUp(
        user_id=created.user_id,
        request_id=created.request_id,
        correlation_id=created.correlation_id,
        signed_up_at=signed_up_at,
    )
