"""An identity is gone, because a later step of the sign-up failed."""

from typing import ClassVar

from event_models.failed_step import FailedStep


class IdentityDeleted(FailedStep):
    """Whose identity was deleted, and why."""

    event_source: ClassVar[str] = "create-identity"
