"""Event patterns that EventBridge refuses, that match nothing, or that match everything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from constructs_lib.event_patterns.grammar import require_valid_pattern
from constructs_lib.event_patterns.traps import require_useful_pattern
from constructs_lib.insight.findings.finding import FindingRule, Hit
from constructs_lib.insight.model import Assembly, Resource
from constructs_lib.rules import ConfigError
from constructs_lib.templates.json_value import JsonValue

_LINK = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html"
_ALWAYS_THERE = ("version", "id", "detail-type", "source", "account", "time", "region")
#: Targets that are meant to see everything.
_COLLECTORS = (
    "AWS::Logs::LogGroup",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Events::EventBus",
)


class _Pattern(NamedTuple):
    owner: Resource
    pattern: Mapping[str, JsonValue]
    what: str


def _patterns(assembly: Assembly) -> Iterator[_Pattern]:
    for rule in assembly.rules:
        if rule.pattern is not None:
            yield _Pattern(rule.resource, rule.pattern, f"rule {rule.resource.name!r}")
    for archive in assembly.archives:
        if archive.pattern is not None:
            yield _Pattern(archive.resource, archive.pattern, f"archive {archive.resource.name!r}")


def _refused(assembly: Assembly) -> Iterator[Hit]:
    pipes = (
        _Pattern(pipe.resource, pattern, f"filter {number} of pipe {pipe.resource.name!r}")
        for pipe in assembly.pipes
        for number, pattern in enumerate(pipe.filters, 1)
    )
    for owner, pattern, what in (*_patterns(assembly), *pipes):
        try:
            require_valid_pattern(_with_unknowns(pattern))
        except ConfigError as reason:
            yield Hit(place=owner.place, subject=what, what=f"{what}: {reason}")


def _never(assembly: Assembly) -> Iterator[Hit]:
    for owner, pattern, what in _patterns(assembly):
        known = _with_unknowns(pattern)
        try:
            require_valid_pattern(known)
        except ConfigError:
            continue  # said by the other rule
        try:
            require_useful_pattern(known)
        except ConfigError as reason:
            yield Hit(place=owner.place, subject=what, what=f"{what}: {reason}")


def _with_unknowns(value: Mapping[str, JsonValue]) -> Mapping[str, object]:
    """References as they stand in a template: only the deployment knows their values."""
    return {key: _unknown(inner) for key, inner in value.items()}


def _unknown(value: JsonValue) -> object:
    if isinstance(value, str):
        return {"Ref": value} if "${" in value else value
    if isinstance(value, Mapping):
        return _with_unknowns(value)
    if isinstance(value, list):
        return [_unknown(inner) for inner in value]
    return value


def _everything(assembly: Assembly) -> Iterator[Hit]:
    for rule in assembly.rules:
        if rule.pattern and all(_is_open(key, wanted) for key, wanted in rule.pattern.items()):
            targets = [
                resource
                for target in rule.targets
                if (resource := assembly.resources.get(target.destination.key or ""))
            ]
            if any(resource.type not in _COLLECTORS for resource in targets):
                yield Hit(
                    place=rule.resource.place,
                    what=f"rule {rule.resource.name!r} takes every event of its bus",
                )


def _is_open(key: str, wanted: JsonValue) -> bool:
    if key not in _ALWAYS_THERE or not isinstance(wanted, list):
        return False
    return any(
        one == {"exists": True}
        or (isinstance(one, Mapping) and one.get("prefix") == "")
        or (isinstance(one, Mapping) and one.get("wildcard") == "*")
        or (key in ("account", "region") and isinstance(one, str) and one.startswith("${AWS::"))
        for one in wanted
    )


RULES = (
    FindingRule(
        id="pattern-refused",
        severity="error",
        title="A pattern that EventBridge refuses",
        why="The deployment fails, or the filter of a pipe does.",
        remedy="write it as the message says",
        link=_LINK,
        find=_refused,
    ),
    FindingRule(
        id="pattern-never-matches",
        severity="error",
        title="A pattern that never matches what is meant",
        why="EventBridge accepts it, and then no event, or not the meant one, comes through.",
        remedy="write it as the message says",
        link=_LINK,
        find=_never,
    ),
    FindingRule(
        id="pattern-matches-everything",
        severity="note",
        title="A pattern that matches everything",
        why="The target gets, and is paid for, every event of the bus, those of tomorrow too; if "
        "it publishes itself, it starts itself again.",
        remedy="name the source and the detail-types that the target is for",
        link=_LINK,
        find=_everything,
    ),
)
