"""One JSON form for everything that can say which events are meant."""

from collections.abc import Mapping
from typing import Protocol, TypeAlias, cast, runtime_checkable

from aws_cdk import aws_events as events

from constructs_lib.event_patterns.grammar import Pattern
from constructs_lib.validation import ConfigError


@runtime_checkable
class HasPattern(Protocol):
    """What knows which events it stands for, such as an event's contract."""

    @property
    def pattern(self) -> Mapping[str, object]:
        """The event pattern, as JSON has it."""


#: CDK's pattern with its ``Match``, a pattern as JSON has it (with ``$or``, if need be), or a
#: contract.
EventPatternLike: TypeAlias = events.EventPattern | Mapping[str, object] | HasPattern

_FIELDS = {
    "version": "version",
    "id": "id",
    "detail_type": "detail-type",
    "source": "source",
    "account": "account",
    "time": "time",
    "region": "region",
    "resources": "resources",
    "detail": "detail",
}


def rendered_pattern(
    event_pattern: EventPatternLike, *, detail_filter: Mapping[str, object] | None = None
) -> dict[str, object]:
    """The pattern as JSON has it (tokens stay), narrowed by conditions on the event's detail.

    Raises:
        ConfigError: ``event_pattern`` is of no known kind, or ``detail_filter`` names a field that
            the pattern already asks for.
    """
    pattern = _as_mapping(event_pattern)
    if not detail_filter:
        return pattern
    detail = pattern.get("detail", {})
    if not isinstance(detail, Mapping):
        raise ConfigError(
            f"detail_filter must meet a detail that is an object, got {detail!r}; "
            "write the whole condition into event_pattern"
        )
    return {**pattern, "detail": _narrowed("detail", detail, detail_filter)}


def _as_mapping(event_pattern: EventPatternLike) -> dict[str, object]:
    if isinstance(event_pattern, events.EventPattern):
        given = {name: getattr(event_pattern, field) for field, name in _FIELDS.items()}
        return {name: value for name, value in given.items() if value is not None}
    if isinstance(event_pattern, Mapping):
        return dict(event_pattern)
    if isinstance(event_pattern, HasPattern) and isinstance(event_pattern.pattern, Mapping):
        return dict(event_pattern.pattern)
    raise ConfigError(
        "event_pattern must be an EventPattern, a mapping or something with a pattern, "
        f"got {event_pattern!r}; write for example {{'detail-type': ['UserSignedUp']}}"
    )


def _narrowed(path: str, pattern: Pattern, more: Pattern) -> dict[str, object]:
    merged = dict(pattern)
    for key, content in more.items():
        here = f"{path}.{key}"
        if key not in merged:
            merged[key] = content
        elif isinstance(content, Mapping) and isinstance(merged[key], Mapping):
            merged[key] = _narrowed(here, cast(Pattern, merged[key]), content)
        else:
            raise ConfigError(
                f"detail_filter must not name {here}, which event_pattern asks for already, "
                f"got {content!r}; write the whole condition in one of them"
            )
    return merged
