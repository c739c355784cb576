"""Mistakes around partner event sources."""

from __future__ import annotations

import re
from collections.abc import Iterator

from constructs_lib.event_patterns.traps import aws_sources
from constructs_lib.insight.findings.finding import FindingRule, Hit
from constructs_lib.insight.findings.matching import matches
from constructs_lib.insight.model import Assembly, EventBus

_LINK = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-saas.html"
# Source: EventBridge API reference, CreateEventBus, EventSourceName (read 2026-11-27).
_SOURCE = re.compile(r"aws\.partner(/[.\-_A-Za-z0-9]+){2,}")
_SOURCE_MAX_CHARACTERS = 256


def _partner_buses(assembly: Assembly) -> dict[str, EventBus]:
    return {bus.key: bus for bus in assembly.buses if bus.partner_source}


def _policies(assembly: Assembly) -> Iterator[Hit]:
    buses = _partner_buses(assembly)
    for bus in buses.values():
        if bus.resource and "Policy" in bus.resource.properties:
            yield Hit(
                place=bus.resource.place,
                what=f"partner bus {bus.name!r} has a resource policy",
            )
    for policy in assembly.resource_policies:
        if any(reference.key in buses for reference in policy.on):
            yield Hit(
                place=policy.resource.place,
                what=f"policy {policy.resource.name!r} is for a partner bus",
            )


def _names(assembly: Assembly) -> Iterator[Hit]:
    for bus in _partner_buses(assembly).values():
        source = bus.partner_source or ""
        if bus.resource is None or "${" in source:
            continue
        if not _SOURCE.fullmatch(source) or len(source) > _SOURCE_MAX_CHARACTERS:
            yield Hit(
                place=bus.resource.place,
                subject="source",
                what=f"{source!r} is no name of a partner event source",
                remedy="copy the name from the partner event sources in the console: "
                "aws.partner/<partner>/<name>",
            )
        name = bus.resource.properties.get("Name")
        if isinstance(name, str) and name != source:
            yield Hit(
                place=bus.resource.place,
                subject="name",
                what=f"the bus for {source!r} is named {name!r}",
                remedy=f"name it {source!r}: the source becomes active for a bus of its name only",
            )


def _wrong_bus(assembly: Assembly) -> Iterator[Hit]:
    partner_buses = _partner_buses(assembly)
    forwarded = {target.destination.key for rule in assembly.rules for target in rule.targets}
    for rule in assembly.rules:
        if rule.pattern is None:
            continue
        bus = partner_buses.get(rule.bus)
        if bus is None:
            wanted = [one for one in aws_sources(rule.pattern) if one.startswith("aws.partner")]
            if wanted and rule.bus not in forwarded:
                yield Hit(
                    place=rule.resource.place,
                    what=f"rule {rule.resource.name!r} waits for {wanted[0]!r} on bus "
                    f"{_bus_name(assembly, rule.bus)!r}, which no partner publishes to",
                    remedy="put the rule on the bus that is associated with the partner's source",
                )
            continue
        event = {"source": bus.partner_source, "detail-type": None}
        if matches(rule.pattern, event) is False:
            yield Hit(
                place=rule.resource.place,
                what=f"rule {rule.resource.name!r} stands on the bus of {bus.partner_source!r} and "
                "asks for another source",
                remedy="match on this source, or leave the source out: the bus has no other",
            )


def _bus_name(assembly: Assembly, key: str) -> str:
    return next((bus.name for bus in assembly.buses if bus.key == key), key)


def _published_to(assembly: Assembly) -> Iterator[Hit]:
    buses = _partner_buses(assembly)
    for publication in assembly.publications:
        if publication.bus in buses:
            publisher = assembly.resources[publication.publisher]
            yield Hit(
                place=publisher.place,
                state=publication.state,
                what=f"{publisher.name!r} publishes to partner bus {buses[publication.bus].name!r} "
                f"({publication.evidence})",
            )


RULES = (
    FindingRule(
        id="partner-bus-policy",
        severity="error",
        title="A resource policy on a partner bus",
        why="EventBridge refuses it: only the partner may publish there.",
        remedy="leave the policy out; forward events with a rule where others need them",
        link=_LINK,
        find=_policies,
    ),
    FindingRule(
        id="partner-bus-name",
        severity="error",
        title="A partner bus with a wrong name",
        why="A partner's source is associated with a bus of exactly its name; with another, "
        "creation is refused or the source stays pending and its events are dropped.",
        remedy="give the bus the name of the source",
        link=_LINK,
        find=_names,
    ),
    FindingRule(
        id="partner-rule-on-wrong-bus",
        severity="error",
        title="A partner's events are waited for on the wrong bus",
        why="Events of a partner come to the bus that is associated with its source, and to no "
        "other: the rule never matches.",
        remedy="put the rule on the bus of the partner's source",
        link=_LINK,
        find=_wrong_bus,
    ),
    FindingRule(
        id="partner-bus-published-to",
        severity="error",
        title="Somebody else publishes to a partner bus",
        why="PutEvents to a partner bus is refused for everybody but the partner.",
        remedy="publish to a custom bus of your own",
        link=_LINK,
        find=_published_to,
    ),
)
