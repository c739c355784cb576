"""Whether an answer is AWS's, where recorded answers hold placeholders for what varies."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

_PLACEHOLDER = re.compile(r"<[^<>]+>")
_VARYING = ("date", "timestamp", "start-time", "snf_role_arn")
_ENDS_OF_PARALLEL = ("ParallelStateExited", "ParallelStateFailed")


def is_same(expected: Any, answer: Any) -> bool:
    """Whether ``answer`` is ``expected``, up to its placeholders; ``1`` is not ``true``."""
    if isinstance(expected, dict):
        return (
            isinstance(answer, dict)
            and expected.keys() == answer.keys()
            and all(is_same(value, answer[key]) for key, value in expected.items())
        )
    if isinstance(expected, list):
        return (
            isinstance(answer, list)
            and len(expected) == len(answer)
            and all(map(is_same, expected, answer))
        )
    if isinstance(expected, str):
        return expected in _VARYING or _is_same_text(expected, answer)
    return isinstance(expected, bool) == isinstance(answer, bool) and expected == answer


def is_same_output(expected: Any, answer: Any) -> bool:
    """As ``is_same``; lists and scalars were recorded as the JSON text that AWS returned."""
    return is_same(expected, answer) or (
        isinstance(expected, str) and expected == json.dumps(answer, separators=(",", ":"))
    )


def is_same_history(expected: Sequence[str], answer: Sequence[str]) -> bool:
    """Whether the types of events are the same.

    Inside a Parallel state any order is right, and recordings sort it; they also lose the
    ``ParallelStateSucceeded`` that ends it.
    """
    return _with_parallels_sorted(expected) == _with_parallels_sorted(answer)


def _is_same_text(expected: str, answer: Any) -> bool:
    parts = _PLACEHOLDER.split(expected)
    if len(parts) == 1 or not isinstance(answer, str):
        return bool(expected == answer) or bool(_PLACEHOLDER.fullmatch(expected))
    return re.fullmatch(".*".join(map(re.escape, parts)), answer, re.DOTALL) is not None


def _with_parallels_sorted(kinds: Sequence[str]) -> list[str]:
    kept = [kind for kind in kinds if kind != "ParallelStateSucceeded"]
    if "ParallelStateStarted" not in kept:
        return kept
    start = kept.index("ParallelStateStarted") + 1
    end = max((kept.index(kind) for kind in _ENDS_OF_PARALLEL if kind in kept), default=len(kept))
    return kept[:start] + sorted(kept[start:end]) + _with_parallels_sorted(kept[end:])
