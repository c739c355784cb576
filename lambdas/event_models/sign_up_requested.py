"""Somebody wants to sign up."""

from typing import ClassVar

from event_models.sign_up_step import SignUpStep


class SignUpRequested(SignUpStep):
    """Who wants to sign up; with the address and the name of a person."""

    event_source: ClassVar[str] = "sign-up-form"

    email: str
    name: str
