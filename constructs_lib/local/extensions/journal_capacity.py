"""The journal of DynamoDB's request units, as MiniStack reckons them for ``ConsumedCapacity``.

Each call is asked for its capacity, and the answer goes without it to a caller that did not ask. A
refused write (a condition that failed) is charged for one unit, as its item is not known.
Not reckoned: PartiQL, streams, indexes beyond MiniStack's own sums.
Source: DynamoDB developer guide, "DynamoDB read and write operations" (read 2026-11-27).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import cast

from ministack.services import dynamodb

from constructs_lib.local._fault_wire import Answer
from constructs_lib.local.extensions import journal_store
from constructs_lib.local.extensions.journal_callers import current_caller
from constructs_lib.local.extensions.journal_store import CallCount, CallKey

_READS = {
    "_get_item": "GetItem",
    "_query": "Query",
    "_scan": "Scan",
    "_batch_get_item": "BatchGetItem",
    "_transact_get_items": "TransactGetItems",
}
_WRITES = {
    "_put_item": "PutItem",
    "_update_item": "UpdateItem",
    "_delete_item": "DeleteItem",
    "_batch_write_item": "BatchWriteItem",
    "_transact_write_items": "TransactWriteItems",
}
_REFUSED_AND_CHARGED = ("ConditionalCheckFailedException", "TransactionCanceledException")

_Request = Mapping[str, object]
_Operation = Callable[[_Request], Answer]


def register() -> None:
    """Ask every read and write for its capacity."""
    for name, action in (*_READS.items(), *_WRITES.items()):
        setattr(dynamodb, name, _reckoning(getattr(dynamodb, name), action, name in _WRITES))


def _reckoning(operate: _Operation, action: str, is_write: bool) -> _Operation:
    def reckon(request: _Request) -> Answer:
        asked = request.get("ReturnConsumedCapacity", "NONE")
        if asked != "NONE":
            answer = operate(request)
            content = json.loads(answer[2])
        else:
            answer = operate({**request, "ReturnConsumedCapacity": "TOTAL"})
            content = json.loads(answer[2])
            if "ConsumedCapacity" in content and answer[0] < 400:
                kept = {name: each for name, each in content.items() if name != "ConsumedCapacity"}
                answer = answer[0], answer[1], json.dumps(kept, ensure_ascii=False).encode()
        units = _units(content, is_refusal=answer[0] >= 400)
        if units:
            counted = CallCount(write_units=units) if is_write else CallCount(read_units=units)
            journal_store.count(CallKey("dynamodb", action, current_caller()), counted)
        return answer

    return reckon


def _units(content: _Request, *, is_refusal: bool) -> float:
    if is_refusal:
        return float(str(content.get("__type")).rpartition("#")[2] in _REFUSED_AND_CHARGED)
    consumed = content.get("ConsumedCapacity") or ()
    tables = [consumed] if isinstance(consumed, Mapping) else cast(list[_Request], consumed)
    return sum(float(cast(float, table.get("CapacityUnits", 0))) for table in tables)
