"""What every event of the choreographed sign-up says."""

from pydantic import Field

from event_models.detail import Detail


class SignUpStep(Detail):
    """Which request it is about."""

    request_id: str = Field(min_length=1, description="Made by who asks, once a sign-up.")
    correlation_id: str = Field(min_length=1, description="The request that led here.")
