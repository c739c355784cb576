"""What is let go wrong while people sign up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from constructs_lib.local import Fault


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What goes wrong in an experiment, alike for all designs."""

    name: str
    what: str
    faults: Sequence[Fault]


#: Seeds make the same calls fail by their order.
TROUBLES = (
    Trouble(
        name="throttled",
        what="3 in 10 writes to DynamoDB are throttled",
        faults=[
            Fault(
                service="dynamodb",
                action=action,
                error="ProvisionedThroughputExceededException",
                share=0.3,
                seed=7,
            )
            for action in ("PutItem", "TransactWriteItems")
        ],
    ),
    Trouble(
        name="refused for good",
        what="no profile can be stored: its table is not found",
        faults=[
            Fault(
                service="dynamodb",
                action="PutItem",
                error="ResourceNotFoundException",
                parameters={"Item.pk.S": "USER#*"},
            )
        ],
    ),
    Trouble(
        name="answer lost",
        what="identities are created, and the answer of every second call is lost",
        faults=[
            Fault(
                service="cognito-idp",
                action="AdminCreateUser",
                error="InternalErrorException",
                share=0.5,
                seed=7,
                after_effect=True,
            )
        ],
    ),
)
