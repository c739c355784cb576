"""Runs of ``duet check`` in process."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from constructs_lib.cli import app

SARIF_SCHEMA = (
    Path(__file__).parents[2]
    / "node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"
)


def check(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["check", *map(str, arguments)])


def check_json(*arguments: object) -> dict[str, Any]:
    """What it prints as JSON."""
    parsed: dict[str, Any] = json.loads(check(*arguments, "--format", "json").stdout)
    return parsed
