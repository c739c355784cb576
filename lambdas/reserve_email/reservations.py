"""What this service decides. No AWS here."""

import uuid
from typing import Literal, Protocol

from aws_lambda_powertools import Logger
from event_models import Detail, EmailReserved, SignUpFailed, SignUpRejected
from event_models.failed_step import FailedStep

from reserve_email.events import AnySignUpRequest
from reserve_email.sign_up_request import SignUpRequest, checked

logger = Logger(child=True)

# One request has one user, however often it is asked for.
_USERS = uuid.UUID("0f3c54cc-7d1b-4be1-8e6f-0f4be1f2a0c6")


class Reserved(Detail):
    """The decision that an address is a user's; kept without the address."""

    user_id: str
    email_hash: str


Decision = Reserved | SignUpRejected | SignUpFailed


class Reservations(Protocol):
    """Where decisions and reservations are kept."""

    def find(self, request_id: str) -> Decision | None:
        """What was decided about a request."""

    def reserve(self, request_id: str, reserved: Reserved) -> Decision | None:
        """Reserve an address; what stands for the request, or nothing if it is another's."""

    def reject(self, rejected: SignUpRejected) -> Decision:
        """Keep a rejection; what stands for the request."""

    def release(self, reserved: Reserved, failed: SignUpFailed) -> Decision:
        """Release an address and keep the failure; what stands for the request."""


def reserve_email(request: AnySignUpRequest, reservations: Reservations) -> Detail | None:
    """Reserve the address of a request; what is to be told of it."""
    sign_up = checked(email=request.email, name=request.name)
    decision = reservations.find(request.request_id) or _decide(request, sign_up, reservations)
    if not isinstance(decision, Reserved):
        return decision
    if isinstance(sign_up, str) or sign_up.email_hash != decision.email_hash:
        logger.warning("ignored: the request id belongs to a request for another address")
        return None
    return EmailReserved(
        request_id=request.request_id,
        correlation_id=request.correlation_id,
        user_id=decision.user_id,
        email_hash=decision.email_hash,
        email=sign_up.email,
        name=sign_up.name,
    )


def release_email(failure: FailedStep, reservations: Reservations) -> Detail:
    """Release the address of a sign-up that failed; its end is what is to be told."""
    decision = reservations.find(failure.request_id)
    failed = SignUpFailed(
        request_id=failure.request_id,
        correlation_id=failure.correlation_id,
        error=failure.error,
        step=failure.step,
        not_undone=[],
        user_id=failure.user_id,
    )
    if isinstance(decision, Reserved):
        decision = reservations.release(decision, failed)
    if not isinstance(decision, SignUpFailed):
        # Nobody but this service starts a sign-up: somebody has to look at the message.
        raise LookupError("a sign-up failed that has no reservation")
    return decision


def _decide(
    request: AnySignUpRequest, sign_up: SignUpRequest | str, reservations: Reservations
) -> Decision:
    if isinstance(sign_up, str):
        return reservations.reject(_rejected(request, error="SignUp.InvalidRequest", rule=sign_up))
    user_id = str(uuid.uuid5(_USERS, request.request_id))
    reserved = Reserved(user_id=user_id, email_hash=sign_up.email_hash)
    return reservations.reserve(request.request_id, reserved) or reservations.reject(
        _rejected(request, error="SignUp.EmailTaken")
    )


def _rejected(
    request: AnySignUpRequest,
    *,
    error: Literal["SignUp.InvalidRequest", "SignUp.EmailTaken"],
    rule: str | None = None,
) -> SignUpRejected:
    return SignUpRejected(
        request_id=request.request_id,
        correlation_id=request.correlation_id,
        error=error,
        rule=rule,
    )
