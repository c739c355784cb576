"""How something outside of an assembly is drawn, from its ARN."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from constructs_lib.insight.arns import split
from constructs_lib.insight.graph import NodeKind

_KINDS: Mapping[str, NodeKind] = {
    "dynamodb": "table",
    "lambda": "function",
    "logs": "logs",
    "sns": "topic",
    "sqs": "queue",
    "states": "workflow",
}


@dataclass(frozen=True)
class Outsider:
    """A node for it.

    Attributes:
        service: Empty where ``kind`` tells, or where it is not known.
    """

    kind: NodeKind
    title: str
    service: str = ""


def outsider(text: str) -> Outsider:
    """What a reference that leads out of the assembly stands for; markers in it stay whole."""
    parts = split(text, ":") if text.startswith("arn:") else []
    if len(parts) < 6:
        return Outsider("other", text or "?")
    service, resource = parts[2], parts[5:]
    if service == "events":
        kind, _, name = resource[0].partition("/")
        return Outsider("bus" if kind == "event-bus" else "destination", name or resource[0])
    if service not in _KINDS:
        return Outsider("other", ":".join(resource), service)
    # function:NAME:alias, log-group:NAME:*, stateMachine:NAME, table/NAME/stream/…, or the name.
    name = resource[1] if len(resource) > 1 else resource[0].removeprefix("table/").split("/")[0]
    return Outsider(_KINDS[service], name)
