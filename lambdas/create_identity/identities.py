"""What this service decides. No AWS here."""

from typing import Protocol

from event_models import (
    Detail,
    EmailReserved,
    IdentityCreated,
    IdentityDeleted,
    IdentityNotCreated,
    ProfileNotStored,
)
from event_services import Decisions, Refused

STEP = "Create identity"

Decision = IdentityCreated | IdentityNotCreated | IdentityDeleted


class Identities(Protocol):
    """Where identities are kept."""

    def create(self, *, user_id: str, email: str, name: str) -> None:
        """Create an identity where there is none; ``Refused`` when there never will be."""

    def delete(self, user_id: str) -> None:
        """Delete an identity if there is one."""


def create_identity(
    reserved: EmailReserved, identities: Identities, decisions: Decisions[Decision]
) -> Detail:
    """Give a user an identity; what is to be told of it."""
    decision = decisions.find(reserved.user_id)
    if decision is None:
        decision = decisions.keep(reserved.user_id, _attempt(reserved, identities))
    return _carried_out(decision, identities)


def delete_identity(
    failure: ProfileNotStored, identities: Identities, decisions: Decisions[Decision]
) -> Detail:
    """Take a user's identity back, for good; what is to be told of it."""
    deleted = IdentityDeleted(
        request_id=failure.request_id,
        correlation_id=failure.correlation_id,
        user_id=failure.user_id,
        error=failure.error,
        step=failure.step,
    )
    decision = decisions.overrule(failure.user_id, deleted, instead_of=IdentityCreated)
    return _carried_out(decision, identities)


def _attempt(reserved: EmailReserved, identities: Identities) -> Decision:
    try:
        identities.create(user_id=reserved.user_id, email=reserved.email, name=reserved.name)
    except Refused as refusal:
        return IdentityNotCreated(
            request_id=reserved.request_id,
            correlation_id=reserved.correlation_id,
            user_id=reserved.user_id,
            error=refusal.error,
            step=STEP,
        )
    return IdentityCreated(
        request_id=reserved.request_id,
        correlation_id=reserved.correlation_id,
        user_id=reserved.user_id,
        email_hash=reserved.email_hash,
    )


def _carried_out(decision: Decision, identities: Identities) -> Detail:
    """The decision, once no identity is left that it forbids.

    A refused attempt may follow one whose answer was lost, and a late one another's decision.
    """
    if not isinstance(decision, IdentityCreated):
        identities.delete(decision.user_id)
    return decision
