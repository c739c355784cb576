"""A sign-up has failed, after it had begun to change something."""

from typing import ClassVar

from pydantic import Field

from event_models.detail import Detail


class StepNotUndone(Detail):
    """A compensation that failed too: somebody has to look."""

    step: str = Field(alias="Step", min_length=1)
    error: str = Field(alias="Error", min_length=1)


class SignUpFailed(Detail):
    """Why a sign-up failed, and what of it is left."""

    event_source: ClassVar[str] = "sign-up"

    request_id: str = Field(min_length=1)
    correlation_id: str = Field(min_length=1, description="The request that led here.")
    error: str = Field(min_length=1, description="Step Functions' name of the error.")
    step: str = Field(min_length=1, description="The step that failed.")
    not_undone: list[StepNotUndone]
    user_id: str | None = Field(description="Null when no user had been prepared.")
