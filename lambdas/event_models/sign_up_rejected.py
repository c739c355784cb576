"""A sign-up has been refused before anything was changed."""

from typing import ClassVar, Literal

from pydantic import Field

from event_models.sign_up_step import SignUpStep


class SignUpRejected(SignUpStep):
    """Why nobody was signed up."""

    event_source: ClassVar[str] = "sign-up"

    error: Literal["SignUp.InvalidRequest", "SignUp.EmailTaken"]
    rule: str | None = Field(description="The rule that an invalid request breaks.")
