"""What is told of a step that failed."""

from pydantic import Field

from event_models.sign_up_step import SignUpStep


class FailedStep(SignUpStep):
    """Which step of whose sign-up failed, and why; the way back passes it on."""

    user_id: str = Field(min_length=1)
    error: str = Field(min_length=1, description="Step Functions' name of the error.")
    step: str = Field(min_length=1, description="The step that failed.")
