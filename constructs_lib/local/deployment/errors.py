"""Why a deployment failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One resource that AWS could not make, change or delete.

    Attributes:
        stack: The stack's name.
        resource: The logical id.
        path: The construct's path, or the logical id where the assembly says no path.
        type: For example ``AWS::SQS::Queue``.
        reason: AWS's own words.
    """

    stack: str
    resource: str
    path: str
    type: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path} ({self.type} {self.resource}): {self.reason}"


class DeployError(RuntimeError):
    """A cloud assembly cannot be deployed, or AWS refused a part of it; the message has the remedy.

    Attributes:
        failures: The resources that failed, in the order in which they did.
    """

    def __init__(self, message: str, *, failures: Sequence[Failure] = ()) -> None:
        super().__init__("\n  ".join([message, *map(str, failures)]))
        self.failures = tuple(failures)
