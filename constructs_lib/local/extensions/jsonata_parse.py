"""Upstream gap: ``$parse`` of a JSON null gives nothing, so that the expression fails.

The engine takes Python's None for no result; null has a value of its own there.
Source: Step Functions developer guide, "JSONata functions provided by Step Functions" (read
2026-11-27).
"""

import json

from jsonata.utils import Utils
from ministack.services import stepfunctions


def register() -> None:
    """Parse null as the engine's null."""
    stepfunctions._sfn_jsonata_parse = _parse


def _parse(text: str) -> object:
    value = json.loads(text)
    return Utils.NULL_VALUE if value is None else value
