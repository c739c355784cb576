"""SaaS partners whose events EventBridge receives, as data."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class PartnerSource:
    """A SaaS partner that publishes to EventBridge.

    Args:
        domain: The partner's part of an event source name.
        documentation: Where the partner or AWS describes the integration.
    """

    domain: str
    documentation: str

    @property
    def source_prefix(self) -> str:
        """What the ``source`` of this partner's events starts with."""
        return f"aws.partner/{self.domain}/"

    @property
    def stand_in_source_prefix(self) -> str:
        """What simulated events start with: AWS refuses ``aws.`` sources from customers."""
        return f"stand-in.partner/{self.domain}/"


#: Freshdesk and the other Freshworks products. The prefix is known from public code; the rest of
#: the source name and the detail types are not published: match on the prefix.
#: Source: EventBridge user guide, "Receiving events from a SaaS partner" (read 2026-11-23).
FRESHWORKS = PartnerSource(
    domain="freshworks.com",
    documentation="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-saas.html",
)
