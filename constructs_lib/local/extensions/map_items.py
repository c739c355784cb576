"""What the child executions of a Distributed Map get as input: read, selected, batched.

Source: Step Functions developer guide, "ItemReader", "ItemSelector", "ItemBatcher"
(read 2026-11-23).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from ministack.services import stepfunctions

from constructs_lib.local.extensions.map_fields import Fields, MapFields

_READ_FORMATS = ("CSV", "JSON", "JSONL")
_Parse = Callable[[str, Fields], object]


@dataclass(frozen=True)
class ChildInput:
    """The input of one child execution and how many items it holds."""

    value: object
    items: int


def register() -> None:
    """Read lines of JSON as they are, and say which formats are not read."""
    stepfunctions._parse_reader_items = _reading(stepfunctions._parse_reader_items)


def child_inputs(fields: MapFields) -> list[ChildInput]:
    """One input for each item of the Map, or for each batch of them.

    Raises:
        States.ItemReaderFailed: What is to be read is not there, or not as it should be.
    """
    items = _items(fields)
    selector = fields.state.get("ItemSelector") or fields.state.get("Parameters")
    if isinstance(items, Mapping):
        entries = [{"Key": key, "Value": value} for key, value in items.items()]
        values: list[object] = list(entries)
    else:
        entries = [{"Value": value} for value in items]
        values = items
    if selector:
        values = [
            fields.evaluate(selector, Map={"Item": {"Index": index, **entry}})
            for index, entry in enumerate(entries)
        ]
    batcher = cast(Fields | None, fields.state.get("ItemBatcher"))
    if batcher is None:
        return [ChildInput(value, 1) for value in values]
    return list(_batches(fields, batcher, values))


def _items(fields: MapFields) -> list[object] | Mapping[str, object]:
    reader = cast(Fields | None, fields.state.get("ItemReader"))
    if reader is None:
        return fields.items(objects=True)
    items = _read(fields, reader)
    if isinstance(items, list | Mapping):
        return items
    raise stepfunctions._ExecutionError(
        "States.ItemReaderFailed",
        f"The items must be an array or an object, but were: {json.dumps(items)[:200]}",
    )


def _read(fields: MapFields, reader: Fields) -> object:
    config = dict(cast(Fields, reader.get("ReaderConfig") or {}))
    most = fields.whole("MaxItems", config)
    if most < 0:
        raise stepfunctions._ExecutionError(
            "States.ItemReaderFailed", "field MaxItems must be positive"
        )
    config.pop("MaxItemsPath", None)
    given = {
        "Resource": reader.get("Resource"),
        "Parameters": fields.arguments(reader),
        # Objects of items are cut below.
        "ReaderConfig": {**config, "MaxItems": 0},
    }
    try:
        items = stepfunctions._read_map_items(given, fields.effective, fields.context)
    except (ValueError, LookupError, TypeError) as error:
        raise stepfunctions._ExecutionError(
            "States.ItemReaderFailed", f"What was read holds no items: {error}"
        ) from error
    if most and isinstance(items, Mapping):
        return dict(list(items.items())[:most])
    return items[:most] if most and isinstance(items, list) else items


def _reading(parse: _Parse) -> _Parse:
    def parse_emulated(text: str, config: Fields) -> object:
        kind = config.get("InputType", "JSON")
        if kind not in _READ_FORMATS:
            raise stepfunctions._ExecutionError(
                "States.Runtime",
                f"InputType {kind} is not emulated; there are {', '.join(_READ_FORMATS)}",
            )
        if kind == "JSONL":
            # MiniStack also splits at the line separators of Unicode, inside of texts.
            return [json.loads(line) for line in text.split("\n") if line.strip()]
        return parse(text, config)

    return parse_emulated


def _batches(fields: MapFields, batcher: Fields, values: list[object]) -> Iterator[ChildInput]:
    most_items = fields.whole("MaxItemsPerBatch", batcher) or len(values)
    most_bytes = fields.whole("MaxInputBytesPerBatch", batcher) or float("inf")
    shared = {}
    if "BatchInput" in batcher:
        shared = {"BatchInput": fields.evaluate(batcher["BatchInput"])}
    batch: list[object] = []
    for value in values:
        longer = {**shared, "Items": [*batch, value]}
        if batch and (len(batch) == most_items or len(json.dumps(longer).encode()) > most_bytes):
            yield ChildInput({**shared, "Items": batch}, len(batch))
            batch = []
        batch.append(value)
    if batch:
        yield ChildInput({**shared, "Items": batch}, len(batch))
