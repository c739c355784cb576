"""Texts of requests that must hold a JSON object."""

from __future__ import annotations

import json


def json_object(text: str) -> dict[str, object] | None:
    """The object that a text holds as JSON; None where it holds none."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
