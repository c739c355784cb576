"""No upstream gap, but Duet's own: ``/_duet/clock`` tells, stops and moves an account's clock."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence

from ministack import app
from ministack.core.responses import get_account_id

from constructs_lib.local.clock_control import CLOCK_PATH
from constructs_lib.local.extensions import clock

_Query = Mapping[str, Sequence[str]]
_Headers = Mapping[str, str]
_Handle = Callable[..., Awaitable[object]]
#: Called, with the account, before its clock is moved: what is due may not be known to it yet.
before_advance: list[Callable[[str], None]] = []


def register() -> None:
    """Answer at the path."""
    app._handle_post_body_shortcuts = _with_control(app._handle_post_body_shortcuts)


def _with_control(handle: _Handle) -> _Handle:
    async def handle_or_control(
        method: str, path: str, headers: _Headers, body: bytes, query: _Query, request_id: str
    ) -> object:
        if path != CLOCK_PATH:
            return await handle(method, path, headers, body, query, request_id)
        account_id = query.get("account", [get_account_id()])[0]
        order = json.loads(body) if body else {}
        try:
            # What is due on the way may call the emulator.
            await asyncio.to_thread(_obey, account_id, order)
            status, message = 200, ""
        except clock.ClockError as error:
            status, message = 409, str(error)
        this = clock.of(account_id)
        content = {"now": this.now(), "held": this.is_held, "message": message}
        return status, {"Content-Type": "application/json"}, json.dumps(content).encode()

    return handle_or_control


def _obey(account_id: str, order: Mapping[str, float | bool]) -> None:
    this = clock.of(account_id)
    if "hold" in order:
        if order["hold"]:
            this.hold()
        else:
            this.release()
    if "advance_seconds" in order:
        for prepare in before_advance:
            prepare(account_id)
        this.advance(float(order["advance_seconds"]))
