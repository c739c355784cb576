"""Upstream gap: states may return more than 262,144 bytes.

An output or a task's result over the limit ends the execution with ``States.DataLimitExceeded``,
which nothing catches.
Source: Step Functions developer guide, "Service quotas" (read 2026-11-23).
"""

import json
from collections.abc import Callable, Mapping
from typing import cast

from ministack.services import stepfunctions

from constructs_lib.local.extensions import state_errors

MAXIMUM_BYTES = 262_144


def register() -> None:
    """Measure what is about to be written to the history."""
    stepfunctions._add_event = _measuring(stepfunctions._add_event)


def _measuring(add_event: Callable[..., object]) -> Callable[..., object]:
    def add(execution: object, kind: str, details: Mapping[str, object] | None = None) -> object:
        if kind.endswith("StateExited") or kind in ("TaskSucceeded", "LambdaFunctionSucceeded"):
            for detail in (details or {}).values():
                _require_within(str(cast(Mapping[str, object], detail).get("output", "")))
        return add_event(execution, kind, details)

    return add


def _require_within(text: str) -> None:
    # MiniStack escapes what is not ASCII, which AWS does not count.
    if len(text) > MAXIMUM_BYTES and len(_unescaped(text)) > MAXIMUM_BYTES:
        raise stepfunctions._ExecutionError(
            "States.DataLimitExceeded",
            f"The state/task '{state_errors.state_name()}' returned a result with a size exceeding "
            "the maximum number of bytes service limit.",
        )


def _unescaped(text: str) -> bytes:
    compact = json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)
    return compact.encode("utf-8", "surrogatepass")
