"""ARNs and names in which references may stand as markers, ``${...}``."""

from __future__ import annotations

import re

_PIECE = re.compile(r"\$\{[^}]*\}|.", re.DOTALL)


def short_name(text: str) -> str:
    """A literal ARN as service and resource, a queue's URL as its name, else the text."""
    if text.startswith("https://sqs.") or text.startswith("https://queue."):
        return text.rsplit("/", 1)[-1]
    parts = split(text, ":") if text.startswith("arn:") else []
    if len(parts) < 6:
        return text
    return f"{parts[2]}::{':'.join(parts[5:])}"


def split(text: str, separator: str) -> list[str]:
    """``text.split(separator)``, but markers stay whole."""
    if not separator:
        return [text]
    parts = [""]
    for piece in _PIECE.findall(text):
        if piece == separator:
            parts.append("")
        else:
            parts[-1] += piece
    return parts if len(separator) == 1 else text.split(separator)
