"""A support ticket has been triaged."""

from typing import ClassVar, Literal

from pydantic import Field

from event_models.detail import Detail


class TicketTriaged(Detail):
    """What was found about a ticket; nothing of what its requester wrote but the tags."""

    event_source: ClassVar[str] = "ticket-triage"

    reference: str = Field(min_length=1, description="The ticket, as people call it.")
    ticket_id: int
    requester: Literal["user", "unknown"]
    urgency: Literal["urgent", "normal"]
    tags: list[str]
    attachment_count: int = Field(ge=0)
    trace_id: str = Field(min_length=1)
    correlation_id: str = Field(min_length=1, description="The request that led here.")
    caused_by_event_id: str = Field(min_length=1, description="The partner's event.")
