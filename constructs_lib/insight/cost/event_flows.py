"""What one event costs: on its bus, in archives, on its way to each target, and in the target."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from constructs_lib.insight.cost.assumptions import Assumptions
from constructs_lib.insight.cost.event_kinds import EventKind, kinds_of_pattern, matches
from constructs_lib.insight.cost.task_units import function_units
from constructs_lib.insight.cost.units import NOTHING, Units, total, units, usd_per_million
from constructs_lib.insight.cost.workflow_cost import WorkflowCosts
from constructs_lib.insight.graph import NodeKind
from constructs_lib.insight.model import Archive, Assembly, Pipe, Reference, Rule, Schedule
from constructs_lib.insight.outside import outsider
from constructs_lib.insight.prices import prices

_GB = 2**30
_DAYS_A_MONTH = Decimal(30)
_DELIVERIES: Mapping[NodeKind, str] = {
    "bus": "cross-account-events",
    "destination": "api-destination-calls",
    "function": "lambda-requests",
    "queue": "queue-requests",
    "topic": "topic-publishes",
}
_DISABLED = "it is disabled: nothing is billed until it is enabled"
_STOPPED = "it is stopped: nothing is billed until it is started"


@dataclass(frozen=True, kw_only=True)
class FlowPart:
    """One thing that becomes of an event, and what it is billed."""

    what: str
    units: Units


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
        self._workflows = workflows
        self._functions = {each.resource.key: each for each in assembly.functions}
        self._queues = {each.resource.key: each for each in assembly.queues}
        self._topics = {each.resource.key: each for each in assembly.topics}
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
                kinds.setdefault(kind, []).append(self._name(publication.publisher))
        for rule in self._assembly.rules:
            for kind in kinds_of_pattern(rule.bus, rule.pattern) if rule.pattern else ():
                kinds.setdefault(kind, [])
        for publication in self._assembly.publications:
            # A function's rights name its source alone.
            if publication.detail_type is None:
                for kind, publishers in kinds.items():
                    if (kind.bus, kind.source) == (publication.bus, publication.source):
                        publishers.append(self._name(publication.publisher))
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
        gigabytes = Decimal(self._assumptions.event_bytes) / _GB
        written = units("archive-processing", gigabytes)
        if archive.retention_days is None:
            return written  # kept for ever: no sum for one event
        months = Decimal(archive.retention_days) / _DAYS_A_MONTH
        return written + units("archive-storage", gigabytes * months)

    def _targets(self, rule: Rule, event: str, note: Callable[[str], None]) -> Iterator[FlowPart]:
        for target in rule.targets:
            yield from self._destination(target.destination, event, note)

    def _destination(
        self, destination: Reference, event: str, note: Callable[[str], None]
    ) -> Iterator[FlowPart]:
        """The delivery, and what runs because of it."""
        key = destination.key or ""
        name = self._name(key) if key else destination.text
        resource = self._assembly.resources.get(key)
        kind = resource.type if resource else ""
        if key in self._queues:
            fifo = self._queues[key].fifo
            requests = self._requests("fifo-queue-requests" if fifo else "queue-requests")
            yield FlowPart(what=f"sent to {name}", units=requests)
            yield from self._queue_readers(key, event, requests, note)
        elif key in self._functions:
            run = function_units(self._functions[key], self._assumptions, event=event)
            yield FlowPart(what=f"runs {name}", units=run)
        elif (happy := self._workflows.happy_units(key)) is not None:
            yield FlowPart(what=f"starts {name} (its happy path)", units=happy)
        elif key in self._topics:
            yield FlowPart(what=f"published to {name}", units=self._requests("topic-publishes"))
            for subscription in self._topics[key].subscriptions:
                if subscription.protocol in ("sqs", "lambda"):
                    yield from self._destination(subscription.endpoint, event, note)
                else:
                    note(f"deliveries of {name} by {subscription.protocol} have no line here")
        elif key in self._buses or kind == "AWS::Events::EventBus":
            blocks = prices()["cross-account-events"].units_of(self._assumptions.event_bytes)
            yield FlowPart(what=f"passed to {name}", units=units("cross-account-events", blocks))
        elif kind == "AWS::Events::ApiDestination":
            blocks = prices()["api-destination-calls"].units_of(self._assumptions.event_bytes)
            yield FlowPart(what=f"calls {name}", units=units("api-destination-calls", blocks))
        elif kind == "AWS::Logs::LogGroup":
            gigabytes = Decimal(self._assumptions.event_bytes) / _GB
            yield FlowPart(what=f"logged in {name}", units=units("log-gigabytes", gigabytes))
        elif not key and (price_id := _delivery_outside(destination.text)):
            yield FlowPart(what=f"sent to {name}", units=self._requests(price_id))
            note(f"what {name} does with it is not in the assembly")
        else:
            note(f"what {name} costs is not known here")

    def _requests(self, price_id: str) -> Units:
        return units(price_id, prices()[price_id].units_of(self._assumptions.message_bytes))

    def _queue_readers(
        self, key: str, event: str, request: Units, note: Callable[[str], None]
    ) -> Iterator[FlowPart]:
        """The functions that poll a queue: they receive and delete, a batch at a time."""
        share = 1 / Decimal(self._assumptions.batch_messages)
        readers = [
            function
            for function in self._functions.values()
            if any(source.source.key == key for source in function.sources)
        ]
        for function in readers:
            run = function_units(function, self._assumptions, event=event)
            used = request.times(2 * share) + run.times(share)
            yield FlowPart(what=f"read by {function.resource.name}", units=used)
        if not readers:
            note(f"who reads {self._name(key)} is not in the assembly")

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
            parts += self._destination(schedule.target.destination, "Scheduled Event", notes.append)
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
            received = self._requests("queue-requests").times(2)
            parts.append(FlowPart(what=f"read from {self._name(source)}", units=received))
        elif (resource := self._assembly.resources.get(source)) and "DynamoDB" in resource.type:
            what = f"read from the stream of {resource.name}"
            parts.append(FlowPart(what=what, units=units("dynamodb-stream-reads")))
        else:
            read = self._name(source) if source else pipe.source.text
            notes.append(f"what it costs to read {read} is not known here")
        for reference in (pipe.enrichment, pipe.target):
            if reference is not None:
                parts += self._destination(reference, "*", notes.append)
        return EventFlow(
            name=f"record of {pipe.resource.name}",
            kind=None,
            publishers=(self._name(source) if source else pipe.source.text,),
            parts=tuple(parts),
            notes=tuple(dict.fromkeys(notes)),
        )

    def _name(self, key: str) -> str:
        resource = self._assembly.resources.get(key)
        return resource.name if resource else key


def _delivery_outside(arn: str) -> str | None:
    """The price of a delivery to something outside of the assembly; None if it is not known."""
    found = outsider(arn)
    is_fifo = found.kind == "queue" and found.title.endswith(".fifo")
    return "fifo-queue-requests" if is_fifo else _DELIVERIES.get(found.kind)
