"""A user can sign in."""

from typing import ClassVar

from pydantic import Field

from event_models.sign_up_step import SignUpStep


class IdentityCreated(SignUpStep):
    """Who has an identity."""

    event_source: ClassVar[str] = "create-identity"

    user_id: str = Field(min_length=1)
    email_hash: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the address.")
