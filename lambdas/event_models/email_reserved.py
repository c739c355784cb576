"""An address is somebody's now."""

from typing import ClassVar

from pydantic import Field

from event_models.sign_up_step import SignUpStep


class EmailReserved(SignUpStep):
    """For whom an address is reserved; the one step whose event has personal data in it."""

    event_source: ClassVar[str] = "reserve-email"

    user_id: str = Field(min_length=1)
    email_hash: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the address.")
    email: str = Field(min_length=1)
    name: str = Field(min_length=1)
