"""What one event costs: on its bus, in archives, and all that its deliveries bring about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from constructs_lib.insight.cost.assumptions import Assumptions
from constructs_lib.insight.cost.deliveries import GB, Deliveries, FlowPart
from constructs_lib.insight.cost.event_kinds import EventKind, kinds_of_pattern, matches
from constructs_lib.insight.cost.units import NOTHING, Units, total, units, usd_per_million
from constructs_lib.insight.cost.workflow_cost import WorkflowCosts
from constructs_lib.insight.model import Archive, Assembly, Pipe, Rule, Schedule
from constructs_lib.insight.prices import prices

_DAYS_A_MONTH = Decimal(30)
_DISABLED = "it is disabled: nothing is billed until it is enabled"
_STOPPED = "it is stopped: nothing is billed until it is started"


@dataclass(frozen=True, kw_only=True)
class EventFlow:
    """All that becomes of one event, or of one record of a pipe.

    What its consumers publish themselves is not in it: those events are flows of their own.
    """

    name: str
    kind: EventKind | None
    publishers: tuple[str, ...]
    parts: tuple[FlowPart, ...]
    notes: tuple[str, ...]

    @property
    def units(self) -> Units:
        """All parts together."""
        return total(part.units for part in self.parts)

    @property
    def consumer_units(self) -> Units:
        """All but the event itself."""
        return total(part.units for part in self.parts[1:])

    @property
    def usd_per_million(self) -> Decimal:
        """A million such events, at the first tier's prices."""
        return usd_per_million(self.units)


class EventFlows:
    """Follows the events and records of an assembly to their consumers."""

    def __init__(
        self, assembly: Assembly, assumptions: Assumptions, workflows: WorkflowCosts
    ) -> None:
        self._assembly = assembly
        self._assumptions = assumptions
        self._deliveries = Deliveries(assembly, assumptions, workflows)
        self._queues = {each.resource.key for each in assembly.queues}
        self._buses = {each.key: each for each in assembly.buses}

    def all(self) -> tuple[EventFlow, ...]:
        """Those of events that somebody is known to publish or a rule asks for; then pipes."""
        kinds: dict[EventKind, list[str]] = {}
        for publication in self._assembly.publications:
            if publication.bus and publication.source and publication.detail_type:
                kind = EventKind(
                    bus=publication.bus,
                    source=publication.source,
                    detail_type=publication.detail_type,
                )
                kinds.setdefault(kind, []).append(self._deliveries.name_of(publication.publisher))
        for rule in self._assembly.rules:
            for kind in kinds_of_pattern(rule.bus, rule.pattern) if rule.pattern else ():
                kinds.setdefault(kind, [])
        for publication in self._assembly.publications:
            # A function's rights name its source alone.
            if publication.detail_type is None:
                for kind, publishers in kinds.items():
                    if (kind.bus, kind.source) == (publication.bus, publication.source):
                        publishers.append(self._deliveries.name_of(publication.publisher))
        flows = [
            self.of(kind, tuple(dict.fromkeys(publishers)))
            for kind, publishers in sorted(kinds.items())
        ]
        flows += [self._scheduled(rule) for rule in self._assembly.rules if rule.schedule]
        flows += map(self._schedule, self._assembly.schedules)
        return (*flows, *(self._pipe(pipe) for pipe in self._assembly.pipes))

    def of(self, kind: EventKind, publishers: tuple[str, ...] = ()) -> EventFlow:
        """All that becomes of one event of a kind."""
        notes: list[str] = []
        parts = [self._publication(kind), *self._archives(kind)]
        takers = [
            rule
            for rule in self._assembly.rules
            if rule.bus == kind.bus and rule.pattern and matches(rule.pattern, kind)
        ]
        for rule in takers:
            if not rule.enabled:
                notes.append(f"{rule.resource.name} is disabled and takes none")
            elif not rule.targets:
                notes.append(f"{rule.resource.name} takes it and has no target")
            else:
                parts += self._targets(rule, kind.detail_type, notes.append)
        if not takers:
            notes.append("no rule of the assembly takes it")
        return EventFlow(
            name=kind.title,
            kind=kind,
            publishers=publishers,
            parts=tuple(parts),
            notes=tuple(dict.fromkeys(notes)),
        )

    def consumers_of(self, *, bus: str, source: str, detail_type: str) -> Units:
        """What becomes of one event of a kind, its publication left aside."""
        return self.of(EventKind(bus=bus, source=source, detail_type=detail_type)).consumer_units

    def _publication(self, kind: EventKind) -> FlowPart:
        bus = self._buses.get(kind.bus)
        price_id = "custom-events"
        if bus is not None and bus.partner_source:
            price_id = "partner-events"
        elif kind.source.startswith("aws."):
            price_id = "aws-events"
        blocks = prices()[price_id].units_of(self._assumptions.event_bytes)
        return FlowPart(what="published", units=units(price_id, blocks))

    def _archives(self, kind: EventKind) -> Iterator[FlowPart]:
        for archive in self._assembly.archives:
            if archive.bus == kind.bus and (
                archive.pattern is None or matches(archive.pattern, kind)
            ):
                yield FlowPart(
                    what=f"archived in {archive.resource.name}", units=self._archived(archive)
                )

    def _archived(self, archive: Archive) -> Units:
        gigabytes = Decimal(self._assumptions.event_bytes) / GB
        written = units("archive-processing", gigabytes)
        if archive.retention_days is None:
            return written  # kept for ever: no sum for one event
        months = Decimal(archive.retention_days) / _DAYS_A_MONTH
        return written + units("archive-storage", gigabytes * months)

    def _targets(self, rule: Rule, event: str, note: Callable[[str], None]) -> Iterator[FlowPart]:
        for target in rule.targets:
            yield from self._deliveries.to(target.destination, event, note)

    def _scheduled(self, rule: Rule) -> EventFlow:
        notes = [] if rule.enabled else [_DISABLED]
        parts = [FlowPart(what="scheduled", units=NOTHING)]
        parts += self._targets(rule, "Scheduled Event", notes.append)
        return EventFlow(
            name=f"{rule.schedule} by {rule.resource.name}",
            kind=None,
            publishers=(),
            parts=tuple(parts),
            notes=tuple(notes),
        )

    def _schedule(self, schedule: Schedule) -> EventFlow:
        """One invocation by EventBridge Scheduler, which bills it, unlike a rule's schedule."""
        notes = [] if schedule.enabled else [_DISABLED]
        parts = [FlowPart(what="invoked", units=units("scheduler-invocations"))]
        published = [
            one
            for one in self._assembly.publications
            if one.publisher == schedule.resource.key and one.bus is not None
        ]
        for one in published:
            kind = EventKind(
                bus=one.bus or "", source=one.source or "", detail_type=one.detail_type or ""
            )
            parts += self.of(kind).parts
        if not published:
            parts += self._deliveries.to(
                schedule.target.destination, "Scheduled Event", notes.append
            )
        return EventFlow(
            name=f"{schedule.expression} by {schedule.resource.name}",
            kind=None,
            publishers=(),
            parts=tuple(parts),
            notes=tuple(notes),
        )

    def _pipe(self, pipe: Pipe) -> EventFlow:
        """One record of a pipe, alone in its batch, that its filter lets through."""
        notes = [] if pipe.running else [_STOPPED]
        blocks = prices()["pipe-requests"].units_of(self._assumptions.message_bytes)
        parts = [FlowPart(what="taken by the pipe", units=units("pipe-requests", blocks))]
        source = pipe.source.key or ""
        if source in self._queues:
            received = self._deliveries.requests("queue-requests").times(2)
            parts.append(
                FlowPart(what=f"read from {self._deliveries.name_of(source)}", units=received)
            )
        elif (resource := self._assembly.resources.get(source)) and "DynamoDB" in resource.type:
            what = f"read from the stream of {resource.name}"
            parts.append(FlowPart(what=what, units=units("dynamodb-stream-reads")))
        else:
            read = self._deliveries.name_of(source) if source else pipe.source.text
            notes.append(f"what it costs to read {read} is not known here")
        for reference in (pipe.enrichment, pipe.target):
            if reference is not None:
                parts += self._deliveries.to(reference, "*", notes.append)
        return EventFlow(
            name=f"record of {pipe.resource.name}",
            kind=None,
            publishers=(self._deliveries.name_of(source) if source else pipe.source.text,),
            parts=tuple(parts),
            notes=tuple(dict.fromkeys(notes)),
        )
