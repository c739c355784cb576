"""The bus that receives a SaaS partner's events."""

from collections.abc import Mapping, Sequence

import jsii
from aws_cdk import Token
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct, IValidation

from constructs_lib.choreography.event_archive import EventArchive
from constructs_lib.partners import PartnerSource, SampleEvent
from constructs_lib.validation import ConfigError


class PartnerEventBus(Construct):
    """Receive the events of a SaaS partner, archived.

    With ``event_source_name`` this creates the partner event bus and so associates the source
    (PENDING → ACTIVE). Without it this creates a custom bus in its place, so that the stack deploys
    in an account that has no partner source yet; simulated events come there under
    ``partner.stand_in_source_prefix``.

    Consumers ask ``event_pattern()`` instead of naming a source, and so follow both. Nothing can
    give simulated events the partner's own source: EventBridge takes ``aws.`` sources from AWS and
    its partners only, from whatever function, pipe or rule of the customer they come.

    Args:
        partner: Who publishes. For a partner that Duet does not know, or that names its sources
            otherwise than Duet knows, make a ``PartnerSource``.
        event_source_name: Name of the partner event source that waits in this account and region
            (``aws events list-event-sources``), for example
            ``aws.partner/freshworks.com/acme/tickets``.
        archive_retention_days: Days each event is kept for replay, 1 to 3650.
    Raises:
        ConfigError: ``event_source_name`` is not one of ``partner``, or the retention is out of
            range.
    Source: EventBridge API reference, CreateEventBus (EventSourceName), PutEvents; EventBridge user
        guide, "Permissions for event buses" (read 2026-11-23).
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
        if event_source_name is not None and not Token.is_unresolved(event_source_name):
            partner.require_source_name(event_source_name)
        self.event_bus = events.EventBus(self, "Resource", event_source_name=event_source_name)
        self.archive = EventArchive(
            self,
            "Archive",
            event_bus=self.event_bus,
            retention_days=archive_retention_days,
        )
        if not self.is_stand_in:
            self.node.add_validation(_NoBusPolicy(self))

    def event_pattern(
        self,
        *,
        detail_type: Sequence[str] | None = None,
        detail: Mapping[str, object] | None = None,
    ) -> events.EventPattern:
        """Match the partner's events on this bus, be it the partner's or the stand-in.

        Args:
            detail_type: What happened, one of these; whatever it is when not given. CDK's ``Match``
                is welcome.
            detail: Conditions on the event's detail, as in CDK's ``EventPattern``.
        Raises:
            ConfigError: ``detail_type`` is a bare text or empty, or ``detail`` is empty.
        """
        if detail_type is not None and (
            not detail_type
            or (isinstance(detail_type, str) and not Token.is_unresolved(detail_type))
        ):
            raise ConfigError(
                f"detail_type must be a list of at least one, got {detail_type!r}; "
                f"name the events, for example {self._example_detail_types()!r}"
            )
        if detail is not None and not detail:
            raise ConfigError(
                f"detail must have at least one condition, got {detail!r}; leave it out for none"
            )
        return events.EventPattern(
            source=events.Match.prefix(self._source_prefix()),
            detail_type=detail_type,
            detail=detail,
        )

    def simulated_event(self, sample: SampleEvent) -> dict[str, object]:
        """The PutEvents entry that simulates ``sample`` on the stand-in bus.

        Raises:
            ConfigError: This is the partner's own bus, which takes events from the partner only.
        """
        self._require_stand_in("simulated_event")
        return self.partner.simulated_entry(sample, event_bus_name=self.event_bus.event_bus_name)

    def grant_simulate(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let ``grantee`` publish on the stand-in bus, under the stand-in's sources only.

        Raises:
            ConfigError: This is the partner's own bus, which takes events from the partner only.
        Source: EventBridge user guide, "Using IAM policy conditions", events:source (read
            2026-11-23).
        """
        self._require_stand_in("grant_simulate")
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["events:PutEvents"],
            resource_arns=[self.event_bus.event_bus_arn],
            conditions={
                "ForAllValues:StringLike": {
                    "events:source": [f"{self.partner.stand_in_source_prefix}*"]
                },
                # ForAllValues is also true where the key is missing.
                "Null": {"events:source": "false"},
            },
        )

    def _source_prefix(self) -> str:
        if self.is_stand_in:
            return self.partner.stand_in_source_prefix
        return self.partner.source_prefix

    def _example_detail_types(self) -> list[str]:
        return [sample.detail_type for sample in self.partner.samples] or ["TicketCreated"]

    def _require_stand_in(self, method: str) -> None:
        if not self.is_stand_in:
            raise ConfigError(
                f"{method} must be called on a stand-in bus, got the bus of "
                f"{self.partner.name or self.partner.domain}, which takes events from the partner "
                "only; leave event_source_name out where events are simulated, and ask "
                "is_stand_in first"
            )


@jsii.implements(IValidation)
class _NoBusPolicy:
    """EventBridge refuses a resource policy on a partner event bus, at deployment."""

    def __init__(self, bus: PartnerEventBus) -> None:
        self._bus = bus

    def validate(self) -> list[str]:
        return [
            f"the bus policy {construct.node.path} must not be on a partner event bus, which only "
            "the partner may send to; remove it"
            for construct in self._bus.node.find_all()
            if isinstance(construct, events.CfnEventBusPolicy)
        ]
