"""Events that nobody follows, rules that nobody feeds, and loops through a bus."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from constructs_lib.event_patterns.traps import aws_sources
from constructs_lib.insight.findings.event_graph import EventGraph, loops
from constructs_lib.insight.findings.finding import FindingRule, Hit
from constructs_lib.insight.findings.rule_index import RuleIndex
from constructs_lib.insight.model import Assembly, EventBus
from constructs_lib.templates.json_value import JsonValue


def _declared(assembly: Assembly) -> dict[str, EventBus]:
    return {bus.key: bus for bus in assembly.buses if bus.resource is not None}


def _followed_by_nobody(assembly: Assembly) -> Iterator[Hit]:
    buses = _declared(assembly)
    index = RuleIndex(assembly)
    listened_to = {rule.bus for rule in assembly.rules}
    for publication in assembly.publications:
        if publication.source is None or publication.bus not in buses:
            continue
        if not any(rule.enabled for rule, _ in index.answers(publication)):
            publisher = assembly.resources[publication.publisher]
            kind = publication.detail_type or "an event"
            yield Hit(
                place=publisher.place,
                state=publication.state,
                subject=f"{publication.source} {kind}",
                severity=None if publication.bus in listened_to else "note",
                what=f"{publisher.name!r} publishes {kind} of source {publication.source!r} to bus "
                f"{buses[publication.bus].name!r}, where no rule matches it "
                f"({publication.evidence})",
            )


def _fed_by_nobody(assembly: Assembly) -> Iterator[Hit]:
    buses = _declared(assembly)
    open_buses = _fed_from_elsewhere(assembly)
    somewhere = any(publication.bus is None for publication in assembly.publications)
    index = RuleIndex(assembly)
    fed = {
        rule.resource.key
        for publication in assembly.publications
        for rule, _ in index.answers(publication)
    }
    sources: dict[str, set[str]] = {}
    for publication in assembly.publications:
        if publication.bus is not None:
            sources.setdefault(publication.bus, set()).update(filter(None, [publication.source]))
    for rule in assembly.rules:
        bus = buses.get(rule.bus)
        if bus is None or bus.partner_source or rule.pattern is None or rule.bus in open_buses:
            continue
        if _only_aws(rule.pattern):
            yield Hit(
                place=rule.resource.place,
                what=f"rule {rule.resource.name!r} waits on bus {bus.name!r} for events of AWS "
                "services, which come to the default bus only",
                remedy="put the rule on the default bus, or forward from there with a rule",
            )
            continue
        if rule.bus in sources and not somewhere and rule.resource.key not in fed:
            yield Hit(
                place=rule.resource.place,
                what=f"rule {rule.resource.name!r} matches nothing of what is published to bus "
                f"{bus.name!r} in this assembly (sources: {', '.join(sorted(sources[rule.bus]))})",
            )


def _only_aws(pattern: Mapping[str, JsonValue]) -> bool:
    sources = pattern.get("source")
    if not isinstance(sources, list) or not sources:
        return False
    services = [one for one in aws_sources(pattern) if not one.startswith("aws.partner")]
    return len(services) == len(sources)


def _fed_from_elsewhere(assembly: Assembly) -> set[str]:
    """Buses that other accounts or rules of other buses send to."""
    found = {target.destination.key or "" for rule in assembly.rules for target in rule.targets}
    for policy in assembly.resource_policies:
        found |= {reference.key or "" for reference in policy.on}
    return found


def _loops(assembly: Assembly) -> Iterator[Hit]:
    graph = EventGraph(assembly)
    for loop in loops(graph):
        first = loop[0]
        names = [_name(assembly, key) for key in loop]
        yield Hit(
            place=assembly.resources[first].place,
            subject=" ".join(sorted(loop)),
            what=f"events come round: {' -> '.join([*names, names[0]])}",
        )


def _name(assembly: Assembly, key: str) -> str:
    return assembly.resources[key].name if key in assembly.resources else key


RULES = (
    FindingRule(
        id="event-without-rule",
        severity="warning",
        title="An event that no rule matches",
        why="It is published, paid for and gone; the name may be misspelt on one of both sides.",
        remedy="compare source and detail-type with the rules of the bus; subscribe, or stop "
        "publishing",
        link="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html",
        find=_followed_by_nobody,
        milder="note where the bus has no rule at all: whoever listens is elsewhere",
        together="stack",
    ),
    FindingRule(
        id="rule-nothing-feeds",
        severity="note",
        title="A rule that nothing feeds",
        why="Its targets never run, unless somebody outside of this assembly publishes.",
        remedy="compare source and detail-type with what is published; delete what is left over",
        link="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html",
        find=_fed_by_nobody,
    ),
    FindingRule(
        id="event-loop",
        severity="warning",
        title="A loop through the bus",
        why="Each event causes the next of its kind without end, unless something on the way stops "
        "it; every round is paid for.",
        remedy="let the publisher use another detail-type, or exclude its source in the pattern",
        link="https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules-best-practices.html",
        find=_loops,
    ),
)
