"""What EventBridge allows of partner event sources and their events, as data."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limit:
    """A limit of the service that no quota increase moves.

    Args:
        what: What is limited.
        value: The largest allowed number.
        unit: What is counted.
        source: Where AWS says so.
    """

    what: str
    value: int
    unit: str
    source: str


NAME = Limit(
    what="name of an event source, and of its bus",
    value=256,
    unit="characters",
    source="EventBridge API reference, CreatePartnerEventSource (read 2026-11-23)",
)
PENDING = Limit(
    what="time a source stays pending before AWS deletes it",
    value=14,
    unit="days",
    source="EventBridge API reference, DeactivateEventSource (read 2026-11-23)",
)
ENTRIES = Limit(
    what="one call of PutPartnerEvents",
    value=20,
    unit="events",
    source="EventBridge API reference, PutPartnerEvents (read 2026-11-23)",
)
ACCOUNTS = Limit(
    what="accounts that one event source is shared with",
    value=1,
    unit="account",
    source="EventBridge API reference, CreatePartnerEventSource (read 2026-11-23)",
)

LIMITS = (NAME, PENDING, ENTRIES, ACCOUNTS)
