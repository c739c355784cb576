"""The partner's event source, and the states it goes through."""

from dataclasses import dataclass

from constructs_lib.local import EmbeddedAws

PARTNER_EVENT_SOURCE_NAME = "aws.partner/freshworks.com/duet-demo/tickets"


@dataclass(frozen=True, kw_only=True)
class SourceState:
    """The state that the source was seen in, and the one it should be in."""

    when: str
    seen: str
    expected: str

    @property
    def as_expected(self) -> bool:
        """The source is in the state that the occasion gives it."""
        return self.seen == self.expected


class PartnerSource:
    """Plays the partner's first step and watches what becomes of the source."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self._events = aws.client("events")
        self._account_id = aws.account_id
        self.states: list[SourceState] = []

    def offer(self) -> None:
        """Offer the event source to the account, as the partner does."""
        self._events.create_partner_event_source(
            Name=PARTNER_EVENT_SOURCE_NAME, Account=self._account_id
        )
        self.look("offered by the partner", expected="PENDING")

    def look(self, when: str, *, expected: str) -> None:
        """Note the state that the source is in."""
        seen = self._events.describe_event_source(Name=PARTNER_EVENT_SOURCE_NAME)["State"]
        self.states.append(SourceState(when=when, seen=seen, expected=expected))
