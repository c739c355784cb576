"""No upstream gap, but Duet's own: what functions and pipes have yet to take from their sources.

* A queue that an enabled event source mapping or a running pipe consumes holds messages, be they
  visible or not: those that failed come back when their visibility timeout is over.
* A stream holds records beyond the position of its reader.

Source: MiniStack 1.5.33, ``lambda_svc._poll_sqs``, ``._poll_dynamodb_streams``, ``pipes``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, request_scope
from ministack.services import dynamodb, lambda_svc, pipes, sqs

from constructs_lib.local.extensions import work_under_way

_Record = Mapping[str, Any]


def register() -> None:
    """Know of each turn of a pipe: between reading and delivering nothing else tells of it."""
    pipes._poll_pipe = _known(pipes._poll_pipe)


def under_way(account_id: str) -> list[str]:
    """What is yet to be taken in an account, in all regions."""
    found: list[str] = []
    for region, mapping in _of(account_id, lambda_svc._esms):
        if mapping.get("Enabled", True):
            with request_scope(account_id, region):
                position = lambda_svc._dynamodb_stream_positions.get(mapping["UUID"])
                found += _waiting(mapping["EventSourceArn"], position)
    for region, pipe in _of(account_id, pipes._pipes):
        if pipe.get("CurrentState") == "RUNNING":
            if pipe.get("duet:batches"):
                found.append(f"batches of pipe {pipe['Name']}")
            with request_scope(account_id, region):
                found += _waiting(pipe["Source"], pipes._positions.get(pipe["Arn"]))
    return found


def _of(account_id: str, store: AccountRegionScopedDict) -> Iterator[tuple[str, _Record]]:
    for (account, region, _id), value in list(store._data.items()):
        if account == account_id:
            yield region, value


def _waiting(source: str, position: int | None) -> Iterator[str]:
    if ":sqs:" in source:
        queue = sqs._queue_by_arn(source)
        if queue is not None and queue["messages"]:
            yield f"{len(queue['messages'])} messages in {source}"
    elif ":dynamodb:" in source and position is not None:
        end = dynamodb.stream_end_position(source.split("/")[1])
        if end > position:
            yield f"{end - position} records of {source}"


def _known(poll: Callable[..., None]) -> Callable[..., None]:
    def poll_known(client: object, pipe: dict[str, Any], account_id: str) -> None:
        with work_under_way.known(f"a turn of pipe {pipe.get('Name')}"):
            poll(client, pipe, account_id)

    return poll_known
