"""One reason for which Step Functions refuses a definition."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Diagnostic:
    """What ``ValidateStateMachineDefinition`` says of one error.

    Attributes:
        code: AWS's code, such as ``MISSING_TRANSITION_TARGET``.
        location: Where, such as ``/States/Reserve email/Next``; None where the whole is meant.
    """

    code: str
    message: str
    location: str | None

    def __str__(self) -> str:
        """As ``CreateStateMachine`` writes it; it says ``null`` where there is no place."""
        return f"{self.code}: {self.message} at {self.location or 'null'}"
