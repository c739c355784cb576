"""What a pipe makes of one record: whether it passes the filters, and what the target gets.

Source: EventBridge user guide, "Event filtering in Amazon EventBridge Pipes", "Amazon EventBridge
Pipes input transformation" (read 2026-11-23). Inference: a path that leads nowhere gives an empty
text.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

from ministack.services import eventbridge

Record = Mapping[str, object]
Pipe = dict[str, object]

_PLACEHOLDER = re.compile(r"<([^<>]+)>")
_STEP = re.compile(r"\[(\d+|\*)\]|[^.\[\]]+")


def passes_filters(pipe: Pipe, record: Record) -> bool:
    """Whether the record matches one of the pipe's patterns; with none every record does."""
    criteria = parameters(pipe, "SourceParameters", "FilterCriteria")
    patterns = [str(entry["Pattern"]) for entry in cast(list[Record], criteria.get("Filters", []))]
    # A pattern for JSON never matches a plain body, nor the other way round, as on AWS.
    parsed = _with_parsed_body(record)
    return not patterns or any(
        eventbridge._matches_detail(parsed, alternative)
        for pattern in patterns
        for alternative in eventbridge._compiled_pattern(pattern) or []
    )


def rendered(pipe: Pipe, template: object, record: Record) -> object:
    """The record, or what an input template makes of it.

    Raises:
        ValueError: The template does not make JSON of this record.
    """
    if not template:
        return record
    text = str(template)
    values = {name: _value(pipe, record, name) for name in _PLACEHOLDER.findall(text)}
    made = eventbridge._render_input_template(text, values)
    try:
        return json.loads(made)
    except ValueError as error:
        raise ValueError(f"the input template makes no valid JSON: {error}") from error


def dynamic(record: Record, value: object) -> object:
    """A target parameter: what it says, or what its JSON path finds in the record."""
    is_path = isinstance(value, str) and value.startswith("$.")
    return _at(_with_parsed_body(record), str(value)) if is_path else value


def parameters(pipe: Pipe, *names: str) -> Record:
    """The parameters of that name, or of that name in that group; none is an empty mapping."""
    found: Record = pipe
    for name in names:
        found = cast(Record, found.get(name) or {})
    return found


def _value(pipe: Pipe, record: Record, name: str) -> object:
    if name.startswith("$."):
        return _at(_with_parsed_body(record), name)
    reserved = {
        "aws.pipes.pipe-arn": pipe["Arn"],
        "aws.pipes.pipe-name": pipe["Name"],
        "aws.pipes.source-arn": pipe["Source"],
        "aws.pipes.target-arn": pipe["Target"],
        "aws.pipes.enrichment-arn": pipe.get("Enrichment", ""),
        "aws.pipes.event.ingestion-time": datetime.now(UTC).isoformat(),
        "aws.pipes.event": record,
        "aws.pipes.event.json": _with_parsed_body(record),
    }
    return reserved.get(name, "")


def _with_parsed_body(record: Record) -> Record:
    """The record with a queue's message parsed where it is JSON."""
    try:
        return {**record, "body": json.loads(str(record["body"]))}
    except (KeyError, ValueError):
        return record


def _at(value: object, path: str) -> object:
    for step in _STEP.finditer(path.removeprefix("$.")):
        index = step[1]
        try:
            if index == "*":
                value = list(cast(list[object], value))
            elif index:
                value = cast(list[object], value)[int(index)]
            else:
                value = cast(Record, value)[step[0]]
        except (KeyError, IndexError, TypeError):
            return ""
    return value
