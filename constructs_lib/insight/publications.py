"""Who publishes what to which bus, and how that is known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from constructs_lib.insight.asl_task import parameter
from constructs_lib.insight.events import EventReader
from constructs_lib.insight.model import (
    EventBus,
    Function,
    Pipe,
    Publication,
    State,
    Statement,
    Workflow,
)
from constructs_lib.insight.reading import Reading, mapping
from constructs_lib.templates.json_value import JsonValue

_LITERAL = re.compile(r"\{%\s*(?:'([^'\\]*)'|\"([^\"\\]*)\")\s*%\}")
_PUT_EVENTS = ("events:PutEvents", "events:*", "*")


class PublicationReader:
    """Collects publications of workflows, pipes, schedules and functions."""

    def __init__(self, reading: Reading, events: EventReader) -> None:
        self._reading = reading
        self._events = events

    def of_workflows(self, workflows: Iterable[Workflow]) -> Iterator[Publication]:
        """What ``putEvents`` tasks say."""
        for workflow in workflows:
            for state in workflow.machine.all_states():
                task = state.task
                if (
                    task
                    and task.action == "putEvents"
                    and task.service in ("events", "eventbridge")
                ):
                    yield from self._entries(workflow, state)

    def _entries(self, workflow: Workflow, state: State) -> Iterator[Publication]:
        stack = workflow.resource.place.stack
        entries = state.task.parameters.get("Entries") if state.task else None
        if not isinstance(entries, list):
            yield Publication(
                publisher=workflow.resource.key,
                state=state.full_name,
                bus=None,
                source=None,
                detail_type=None,
                evidence="a putEvents task whose entries are computed at run time",
            )
            return
        for entry in map(mapping, entries):
            bus = _constant(parameter(entry, "EventBusName"))
            named = parameter(entry, "EventBusName")
            known_bus: str | None = None
            if named is None:
                known_bus = self._events.bus_key(None)
            elif bus is not None:
                known_bus = self._events.bus_key(self._reading.references.of_text(stack, bus))
            yield Publication(
                publisher=workflow.resource.key,
                state=state.full_name,
                bus=known_bus,
                source=_constant(entry.get("Source")),
                detail_type=_constant(entry.get("DetailType")),
                evidence="a putEvents task",
                detail=entry.get("Detail", entry.get("Detail.$")),
            )

    def of_pipes(self, pipes: Iterable[Pipe]) -> Iterator[Publication]:
        """Pipes whose target is a bus."""
        for pipe in pipes:
            if not self._events.is_bus(pipe.target):
                continue
            properties = self._reading.structure(pipe.resource)
            wanted = mapping(
                mapping(properties.get("TargetParameters")).get("EventBridgeEventBusParameters")
            )
            stack = pipe.resource.place.stack
            source, detail_type = (
                None if wanted.get(name) is None else self._reading.text(stack, wanted[name])
                for name in ("Source", "DetailType")
            )
            yield Publication(
                publisher=pipe.resource.key,
                state=None,
                bus=self._events.bus_key(pipe.target),
                # Paths into the record are known at run time only.
                source=None if source is None or source.startswith("$") else source,
                detail_type=None
                if detail_type is None or detail_type.startswith("$")
                else detail_type,
                evidence="a pipe whose target is the bus",
            )

    def of_schedules(self) -> Iterator[Publication]:
        """EventBridge Scheduler's schedules whose target is a bus."""
        for key, resource in self._reading.of_type("AWS::Scheduler::Schedule"):
            target = mapping(self._reading.structure(resource).get("Target"))
            wanted = mapping(target.get("EventBridgeParameters"))
            if not wanted:
                continue
            stack = resource.place.stack
            yield Publication(
                publisher=key,
                state=None,
                bus=self._events.bus_key(self._reading.reference(resource, target.get("Arn", ""))),
                source=self._reading.text(stack, wanted.get("Source", "")) or None,
                detail_type=self._reading.text(stack, wanted.get("DetailType", "")) or None,
                evidence="a schedule whose target is the bus",
            )

    def of_functions(
        self,
        functions: Iterable[Function],
        statements: Sequence[Statement],
        buses: Iterable[EventBus],
    ) -> Iterator[Publication]:
        """What functions may publish by their roles: the code itself is not read."""
        declared = [bus for bus in buses if bus.resource is not None]
        allowing: dict[str, list[Statement]] = {}
        for statement in filter(_allows_publishing, statements):
            allowing.setdefault(statement.role, []).append(statement)
        for function in functions:
            role = (function.role.key if function.role else None) or ""
            # Several statements may say the same.
            known = {
                (bus, source, kind): None
                for statement in allowing.get(role, ())
                for bus in self._granted_buses(statement, declared)
                for source in _conditioned(statement, "events:source")
                for kind in _conditioned(statement, "events:detail-type")
            }
            for bus, source, kind in known:
                yield Publication(
                    publisher=function.resource.key,
                    state=None,
                    bus=bus,
                    source=source,
                    detail_type=kind,
                    evidence="a function whose role may publish to the bus",
                )

    def _granted_buses(
        self, statement: Statement, declared: Sequence[EventBus]
    ) -> list[str | None]:
        found: list[str | None] = []
        for resource in statement.resources:
            if "*" in resource.text:
                # Any bus: known is only that it publishes somewhere.
                found.append(declared[0].key if len(declared) == 1 else None)
            elif resource.key is not None or "event-bus/" in resource.text:
                found.append(self._events.bus_key(resource))
        return found


def _allows_publishing(statement: Statement) -> bool:
    return (
        statement.effect == "Allow"
        and not statement.all_but_actions
        and any(action in _PUT_EVENTS for action in statement.actions)
    )


def _conditioned(statement: Statement, key: str) -> list[str] | list[None]:
    """The values that a condition holds a key to; one None without such a condition."""
    found: list[str] = []
    for operator, tests in statement.conditions.items():
        if "StringEquals" not in operator:
            continue
        for name, values in mapping(tests).items():
            if name.lower() == key:
                texts = values if isinstance(values, list) else [values]
                found += [text for text in texts if isinstance(text, str)]
    return found or [None]


def _constant(value: JsonValue) -> str | None:
    """A text that does not depend on the execution."""
    if not isinstance(value, str):
        return None
    if literal := _LITERAL.fullmatch(value.strip()):
        return literal[1] or literal[2] or ""
    if value.startswith("$") and not value.startswith("${"):
        return None
    if "{%" in value or value.startswith("States."):
        return None
    return value
