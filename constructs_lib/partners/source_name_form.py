"""What the names of a partner's event sources look like after the partner's prefix."""

from dataclasses import dataclass

_PART = r"[.\-_A-Za-z0-9]+"


@dataclass(frozen=True, kw_only=True)
class SourceNameForm:
    """The part of an event source's name that follows ``aws.partner/`` and the domain.

    Without arguments it is all that AWS allows.

    Args:
        pattern: Regular expression that the whole of it matches.
        rule: The same in words.
        example: One that matches.
    Source: EventBridge API reference, CreatePartnerEventSource (read 2026-11-23).
    """

    pattern: str = rf"{_PART}(/{_PART})*"
    rule: str = "parts of letters, digits, dots, hyphens and underscores"
    example: str = "acme/events"
