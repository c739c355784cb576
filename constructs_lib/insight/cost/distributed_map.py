"""What of a Distributed Map decides its bill: its children's kind and batches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from constructs_lib.insight.model import State


def child_kind(state: State) -> Literal["STANDARD", "EXPRESS"] | None:
    """The kind of the executions that a Distributed Map starts; None for any other state."""
    processor = state.fields.get("ItemProcessor")
    config = processor.get("ProcessorConfig") if isinstance(processor, Mapping) else None
    if not isinstance(config, Mapping) or config.get("Mode") != "DISTRIBUTED":
        return None
    return "EXPRESS" if config.get("ExecutionType") == "EXPRESS" else "STANDARD"


def batch_size(state: State) -> int | None:
    """How many items one child gets at most; None where that is known at run time only."""
    batcher = state.fields.get("ItemBatcher")
    if not isinstance(batcher, Mapping):
        return 1
    size = batcher.get("MaxItemsPerBatch")
    return size if isinstance(size, int) and size > 0 else None
