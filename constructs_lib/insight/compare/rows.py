"""Rows of the comparison."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

#: In the order of the table.
TOPICS = (
    "control",
    "complexity",
    "error handling and retry",
    "scalability",
    "latency",
    "cost",
)

#: How a quantity is known. ``local`` are times of this machine, which differ from run to run.
How = Literal["templates", "published", "measured", "local"]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One quantity of one design; ``value`` is it as a number, where a chart can show it."""

    text: str
    value: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """One quantity of all designs.

    Args:
        quantity: What is counted or measured.
        how: How it is known.
        cells: By the name of the design.
    """

    topic: str
    quantity: str
    how: How
    cells: Mapping[str, Cell]

    def to_json(self) -> dict[str, object]:
        """As an object of plain values."""
        return {
            "topic": self.topic,
            "quantity": self.quantity,
            "how": self.how,
            "cells": {
                name: {
                    "text": cell.text,
                    "value": None if cell.value is None else float(cell.value),
                }
                for name, cell in self.cells.items()
            },
        }
