"""A user could not get an identity, and has none."""

from typing import ClassVar

from event_models.failed_step import FailedStep


class IdentityNotCreated(FailedStep):
    """Why there is no identity."""

    event_source: ClassVar[str] = "create-identity"
