"""How well something about a partner is known."""

from dataclasses import dataclass
from datetime import date
from enum import Enum


class Evidence(Enum):
    """Where a statement about a partner's events comes from, the most reliable first."""

    DOCUMENTED = "documented"
    PUBLIC_CODE = "public code"
    INFERENCE = "inference"


@dataclass(frozen=True, kw_only=True)
class EvidenceOfFields:
    """What some of the fields of a partner's event rest on.

    Args:
        fields: The fields, as in ``detail.ticket.id``.
        kind: How well they are known.
        source: What says so, or what the inference is drawn from.
        read_on: When that was read.
    """

    fields: tuple[str, ...]
    kind: Evidence
    source: str
    read_on: date
