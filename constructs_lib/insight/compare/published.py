"""Quotas and latencies that others publish, each with its page and the day on which it was read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources


@dataclass(frozen=True, kw_only=True)
class Quota:
    """How often a second something may happen in one account."""

    id: str
    what: str
    per_second: int
    page: str
    read_on: date
    note: str


@dataclass(frozen=True, kw_only=True)
class Latency:
    """How long a hop takes on AWS, in milliseconds: half of them at most, and 99 in 100."""

    id: str
    what: str
    p50_ms: int
    p99_ms: int
    page: str
    read_on: date
    note: str


@dataclass(frozen=True, kw_only=True)
class Published:
    """All of them, by id."""

    quotas: Mapping[str, Quota]
    latencies: Mapping[str, Latency]


@cache
def published() -> Published:
    """What ``published.json`` holds."""
    text = resources.files(__package__).joinpath("published.json").read_text(encoding="utf-8")
    data = json.loads(text)
    quotas = [Quota(**{**each, "read_on": _day(each)}) for each in data["quotas"]]
    latencies = [Latency(**{**each, "read_on": _day(each)}) for each in data["latencies"]]
    return Published(
        quotas={each.id: each for each in quotas},
        latencies={each.id: each for each in latencies},
    )


def _day(written: Mapping[str, str]) -> date:
    return date.fromisoformat(written["read_on"])
