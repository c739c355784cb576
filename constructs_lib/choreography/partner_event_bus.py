"""The bus that receives a SaaS partner's events."""

from aws_cdk import aws_events as events
from constructs import Construct

from constructs_lib.choreography.event_archive import EventArchive
from constructs_lib.choreography.partner_sources import PartnerSource
from constructs_lib.validation import require_match


class PartnerEventBus(Construct):
    """Receive the events of a SaaS partner, archived.

    With ``event_source_name`` this creates the partner event bus and so associates the source
    (PENDING → ACTIVE). Without it this creates a custom bus in its place, so that the stack deploys
    in an account that has no partner source yet; simulated events come there under
    ``partner.stand_in_source_prefix``.

    Args:
        partner: Who publishes.
        event_source_name: Name of the partner event source that waits in this account and region
            (``aws events list-event-sources``), for example
            ``aws.partner/freshworks.com/acme/tickets``.
        archive_retention_days: Days each event is kept for replay, 1 to 3650.
    Raises:
        ConfigError: ``event_source_name`` is not one of ``partner``, or the retention is out of
            range.
    Source: EventBridge API reference, CreateEventBus (EventSourceName; read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        partner: PartnerSource,
        event_source_name: str | None = None,
        archive_retention_days: int = 30,
    ) -> None:
        super().__init__(scope, id_)
        self.partner = partner
        self.is_stand_in = event_source_name is None
        if event_source_name is not None:
            require_match(
                "event_source_name",
                event_source_name,
                r"(?=.{1,256}$)aws\.partner/"
                + partner.domain.replace(".", r"\.")
                + r"(/[.\-_A-Za-z0-9]+)+",
                rule=f"start with {partner.source_prefix!r} and go on with parts of letters, "
                "digits, dots, hyphens and underscores, 256 characters in all",
                remedy="copy it from 'aws events list-event-sources', or leave it out to deploy "
                "a stand-in bus",
            )
        self.event_bus = events.EventBus(self, "Resource", event_source_name=event_source_name)
        self.archive = EventArchive(
            self,
            "Archive",
            event_bus=self.event_bus,
            retention_days=archive_retention_days,
        )

    def event_pattern(self) -> events.EventPattern:
        """Match every event of the partner on this bus, whatever its detail type."""
        prefix = (
            self.partner.stand_in_source_prefix if self.is_stand_in else self.partner.source_prefix
        )
        return events.EventPattern(source=events.Match.prefix(prefix))
