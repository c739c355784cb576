"""A user has signed up."""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from event_models.detail import Detail


class UserSignedUp(Detail):
    """Who signed up, by identifiers, and when."""

    event_source: ClassVar[str] = "sign-up"

    user_id: str = Field(min_length=1)
    request_id: str = Field(min_length=1)
    correlation_id: str = Field(min_length=1, description="The request that led here.")
    signed_up_at: datetime
