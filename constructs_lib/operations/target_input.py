"""What a rule's target gets of an event: the whole, a part, a constant or a filled-in template.

Source: EventBridge user guide, "Amazon EventBridge input transformation" (read 2026-11-23), and
AWS-validated recordings of its results (read 2026-11-23).
"""

import json
import re
from collections.abc import Mapping
from typing import cast

_Event = Mapping[str, object]

_PATH = re.compile(r"\$(?:\.[A-Za-z0-9_-]+|\[\d+\]|\['[^']+'\])*")
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]|\['([^']+)'\]")
_PLACEHOLDER = r"<([A-Za-z0-9_.-]+)>"
_STRING_OR_PLACEHOLDER = re.compile(rf'"(?:\\.|[^"\\])*"|{_PLACEHOLDER}')


class TargetInputError(Exception):
    """The input cannot be made here as EventBridge makes it; the message says why."""


def target_input(target: _Event, event: _Event, *, rule_arn: str) -> str:
    """The text that EventBridge sends to ``target`` for ``event``.

    ``<aws.events.event.ingestion-time>`` becomes the event's own time: nothing keeps the former.

    Raises:
        TargetInputError: A JSON path beyond names and indexes, or a template whose result is not
            JSON, which EventBridge would not deliver either.
    """
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        return json.dumps(path_in(str(target["InputPath"]), event))
    if "InputTransformer" in target:
        return _transformed(cast(_Event, target["InputTransformer"]), event, rule_arn)
    return json.dumps(event)


def path_in(path: str, event: _Event) -> object:
    """What stands at ``path``; the empty string where nothing does."""
    if not _PATH.fullmatch(path):
        raise TargetInputError(f"the JSON path {path!r} has more than names and indexes")
    found: object = event
    for name, index, quoted in _STEP.findall(path):
        try:
            found = found[int(index)] if index else found[name or quoted]  # type: ignore[index]  # what it is, it tells
        except (KeyError, IndexError, TypeError):
            return ""
    return found


def _transformed(transformer: _Event, event: _Event, rule_arn: str) -> str:
    template = str(transformer["InputTemplate"])
    paths = cast(Mapping[str, str], transformer.get("InputPathsMap") or {})
    values = {name: path_in(path, event) for name, path in paths.items()}
    envelope = {name: value for name, value in event.items() if name != "detail"}
    values |= {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rsplit("/", 1)[-1],
        "aws.events.event.ingestion-time": event.get("time", ""),
        "aws.events.event.json": event,
        "aws.events.event": {
            "detailType" if name == "detail-type" else name: value
            for name, value in envelope.items()
        },
    }

    def fill(match: re.Match[str]) -> str:
        if match[1] is None:
            return re.sub(_PLACEHOLDER, lambda inner: _as_text(values, inner[1]), match[0])
        return json.dumps(_known(values, match[1]))

    filled = _STRING_OR_PLACEHOLDER.sub(fill, template)
    if template.lstrip()[:1] in ("{", "["):
        try:
            json.loads(filled)
        except ValueError as error:
            raise TargetInputError("the filled-in template is not JSON") from error
    return filled


def _as_text(values: _Event, name: str) -> str:
    """A value inside quotes: text as it is, the rest as JSON without quotes."""
    value = _known(values, name)
    if isinstance(value, str):
        return json.dumps(value)[1:-1]
    return json.dumps(value, separators=(",", ":")).replace('"', "")


def _known(values: _Event, name: str) -> object:
    if name not in values:
        raise TargetInputError(f"the template's <{name}> is not in its map of paths")
    return values[name]
