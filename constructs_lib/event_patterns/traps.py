"""What EventBridge accepts as an event pattern although no event, or not the meant one, matches.

Pure functions over a pattern that ``require_valid_pattern`` let pass.

Source: EventBridge user guide, "AWS service event metadata" and "Creating Amazon EventBridge event
patterns"; EventBridge endpoints and quotas, "Event pattern size"; aws/event-ruler for fields that
stand both inside and outside of ``$or`` (read 2026-11-23).
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence

from constructs_lib.event_patterns.grammar import Pattern, is_unknown, join, refuse
from constructs_lib.rules import ConfigError

#: What an account may use without asking, and what the service takes after a quota increase.
DEFAULT_MAX_CHARACTERS = 2048
MAX_CHARACTERS = 4096

_ALWAYS_THERE = ("version", "id", "detail-type", "source", "account", "time", "region")
_TEXTS = (*_ALWAYS_THERE, "resources", "replay-name")
_ENVELOPE = (*_TEXTS, "detail")


def require_useful_pattern(pattern: Pattern) -> None:
    """Refuse a pattern that EventBridge accepts and that no event, or a surprising one, matches.

    Raises:
        ConfigError: Naming the path in the pattern, the rule, the value and the remedy.
    """
    for key in _top_level_keys(pattern):
        _check_envelope_name(key)
    for path, values in _leaves("", pattern):
        field = path.split(".")[0]
        if path == "detail":
            refuse(path, "be an object: detail is never a plain value", values, "name its fields")
        if field in _TEXTS:
            _check_text_field(path, field, values)
        for value in values:
            if _is_negation_of_everything(value):
                refuse(path, "leave something to match", value, "negate a narrower wildcard")
    _check_fields_meet_once("", pattern)


def require_pattern_size(pattern: Pattern, *, max_characters: int) -> None:
    """Refuse a pattern longer than the account's quota; one with unresolved parts passes.

    Raises:
        ConfigError: The pattern is too long.
    """
    text = json.dumps(pattern, separators=(",", ":"), ensure_ascii=False)
    if '{"Ref":' in text or '{"Fn::' in text or len(text) <= max_characters:
        return
    raise ConfigError(
        f"event_pattern must be at most {max_characters} characters of JSON, got {len(text)}; "
        "match less exactly, split it into several subscriptions, or raise the quota "
        f'"Event pattern size" (up to {MAX_CHARACTERS}) and tell in the context '
        "'duet:event-pattern-max-characters'"
    )


def aws_sources(pattern: Pattern) -> list[str]:
    """The sources of the pattern, or their prefixes, that only AWS and its partners publish."""
    found = []
    for path, values in _leaves("", pattern):
        for value in values if path == "source" else ():
            text = value.get("prefix") if isinstance(value, Mapping) else value
            if isinstance(text, str) and text.startswith("aws."):
                found.append(text)
    return found


def _top_level_keys(pattern: Pattern) -> Iterator[str]:
    for key, content in pattern.items():
        if key != "$or":
            yield key
        elif isinstance(content, Sequence):
            for alternative in content:
                yield from _top_level_keys(alternative)


def _check_envelope_name(key: str) -> None:
    # EventBridge joins names with dots: "detail.total" is the field of detail.
    name = key.split(".")[0]
    if name in _ENVELOPE:
        return
    plain = re.sub(r"[^a-z]", "", name.lower())
    near = difflib.get_close_matches(
        plain, [one.replace("-", "") for one in _ENVELOPE], n=1, cutoff=0.8
    )
    meant = next((one for one in _ENVELOPE if near and one.replace("-", "") == near[0]), None)
    refuse(
        key,
        "be a field that events have",
        key,
        f"write {meant!r}" if meant else f"put it under 'detail', or use {', '.join(_ENVELOPE)}",
    )


def _leaves(path: str, node: Pattern) -> Iterator[tuple[str, Sequence[object]]]:
    for key, content in node.items():
        if is_unknown(content):
            continue
        if key == "$or" and isinstance(content, Sequence):
            for alternative in content:
                if isinstance(alternative, Mapping):
                    yield from _leaves(path, alternative)
        elif isinstance(content, Mapping):
            yield from _leaves(join(path, key), content)
        elif isinstance(content, Sequence):
            yield join(path, key), content


def _check_text_field(path: str, field: str, values: Sequence[object]) -> None:
    if path != field:
        refuse(path, f"stand under detail: {field} is plain text", values, "nest it under 'detail'")
    for value in values:
        if isinstance(value, Mapping):
            if is_unknown(value):
                continue
            operator = next(iter(value))
            if operator in ("numeric", "cidr"):
                refuse(path, "be matched as text", value, "use a text or a prefix")
            if value == {"exists": False} and field in _ALWAYS_THERE:
                refuse(path, "be matched: every event has it", value, "leave the field out")
        elif not isinstance(value, str):
            refuse(path, "be matched as text", value, f"write {str(value)!r}")
        elif field == "account" and not re.fullmatch(r"[0-9]{12}", value):
            refuse(path, "be an account id of 12 digits", value, "keep leading zeros")


def _is_negation_of_everything(value: object) -> bool:
    operand = value.get("anything-but") if isinstance(value, Mapping) else None
    wildcards = operand.get("wildcard") if isinstance(operand, Mapping) else None
    return "*" in (wildcards if isinstance(wildcards, list | tuple) else [wildcards])


def _check_fields_meet_once(path: str, node: Pattern) -> set[str]:
    """The leaf paths of an object; each may be asked for once in every combination.

    EventBridge keeps the last of two conditions on one field and forgets the other; a field that is
    both plain and an object matches nothing.
    """
    found: set[str] = set()
    for key, content in node.items():
        if is_unknown(content):
            continue
        if key == "$or" and isinstance(content, Sequence):
            new = set().union(*(_check_fields_meet_once(path, one) for one in content))
        elif isinstance(content, Mapping):
            new = _check_fields_meet_once(join(path, key), content)
        else:
            new = {join(path, key)}
        for one in sorted(new):
            for other in sorted(found):
                if one == other or one.startswith(f"{other}.") or other.startswith(f"{one}."):
                    refuse(
                        one,
                        "be asked for once, outside of $or or inside",
                        key,
                        "EventBridge would forget one of the conditions; merge them",
                    )
        found |= new
    return found
