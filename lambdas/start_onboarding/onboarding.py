"""What onboarding is: a list of steps for one user. No AWS here."""

from dataclasses import dataclass
from datetime import datetime

FIRST_STEPS = ("complete-profile", "verify-email", "take-the-tour")


@dataclass(frozen=True, kw_only=True)
class Onboarding:
    """The onboarding of one user, caused by one event."""

    user_id: str
    event_id: str
    started_at: datetime
    steps: tuple[str, ...] = FIRST_STEPS
