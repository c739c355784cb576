"""A user could not get a profile, and has none."""

from typing import ClassVar

from event_models.failed_step import FailedStep


class ProfileNotStored(FailedStep):
    """Why there is no profile."""

    event_source: ClassVar[str] = "store-profile"
