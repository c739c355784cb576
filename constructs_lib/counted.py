"""Numbers of things in words."""

from __future__ import annotations

_PLURALS = {"branch": "branches", "bus": "buses"}


def counted(count: int, word: str) -> str:
    """``1 rule``, ``2 buses``."""
    return f"{count} {word if count == 1 else _PLURALS.get(word, word + 's')}"
