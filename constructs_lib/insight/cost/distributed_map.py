"""What of a Distributed Map decides its bill: its items, its children's kind and batches."""

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


def most_items(state: State) -> int | None:
    """How many items it reads at most; None where that is not said, or known at run time only."""
    reader = state.fields.get("ItemReader")
    config = reader.get("ReaderConfig") if isinstance(reader, Mapping) else None
    most = config.get("MaxItems") if isinstance(config, Mapping) else None
    # 0 is no limit.
    return most if isinstance(most, int) and most > 0 else None
