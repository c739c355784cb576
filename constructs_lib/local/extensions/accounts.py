"""No upstream gap, but Duet's own: accounts are handed out once, told of, and dropped.

MiniStack resets all accounts or none, and many of its looks at one account walk over all of them:
accounts of tests that are over would make every other test slower.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

from ministack import app
from ministack.core import lambda_runtime
from ministack.core.responses import (
    AccountRegionScopedDict,
    AccountScopedDict,
    get_account_id,
    request_scope,
)
from ministack.services import stepfunctions

from constructs_lib.local.account_life import ACCOUNTS_PATH, UNDER_WAY_PATH
from constructs_lib.local.extensions import sources_under_way, work_under_way

_Query = Mapping[str, Sequence[str]]
_Handle = Callable[..., Awaitable[object]]
# By habit, names in small letters change and those in capitals are tables.
_STATE = re.compile("_[a-z][a-z0-9_]*")
_OURS = ("ministack.", "constructs_lib.local.extensions.")
# Nobody's by habit: people take 000000000000, 111122223333, 123456789012 and the like.
_numbers = itertools.count(700_000_000_001)
_handed_out: set[str] = set()


def register() -> None:
    """Answer the clients of ``AccountLife``."""
    app._handle_post_body_shortcuts = _with_accounts(app._handle_post_body_shortcuts)


def _with_accounts(handle: _Handle) -> _Handle:
    async def handle_or_answer(
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query: _Query,
        request_id: str,
    ) -> object:
        if path not in (ACCOUNTS_PATH, UNDER_WAY_PATH):
            return await handle(method, path, headers, body, query, request_id)
        account_id = query.get("account", [get_account_id()])[0]
        content: dict[str, object] = {}
        if path == UNDER_WAY_PATH:
            content["under_way"] = _under_way(account_id)
        elif method == "POST":
            content["account_id"] = _hand_out()
        elif method == "DELETE":
            await asyncio.to_thread(drop, account_id)
        return 200, {"Content-Type": "application/json"}, json.dumps(content).encode()

    return handle_or_answer


def _under_way(account_id: str) -> list[str]:
    begun = work_under_way.begun(account_id)
    # Work fills sources and sources make work: only what is empty, idle and still empty, while
    # nothing has begun, is at rest.
    found = sources_under_way.under_way(account_id)
    found += work_under_way.under_way(account_id)
    found += () if found else sources_under_way.under_way(account_id)
    if not found and work_under_way.begun(account_id) != begun:
        found.append("what has just begun")
    return found


def _hand_out() -> str:
    account_id = str(next(_numbers))
    _handed_out.add(account_id)
    return account_id


def was_handed_out(account_id: str) -> bool:
    """Whether it is somebody's, and was not dropped."""
    return account_id in _handed_out


def drop(account_id: str) -> None:
    """End all that runs in an account and forget all that it holds."""
    for key, execution in _entries(stepfunctions._executions, account_id):
        if execution["status"] == "RUNNING":
            with request_scope(account_id, key[1]):
                stepfunctions._stop_execution({"executionArn": key[2]})
    _end_functions(account_id)
    _handed_out.discard(account_id)
    of_account = re.compile(rf"(?<!\d){account_id}(?!\d)")
    for store in _stores():
        for key in list(store):
            parts = key if isinstance(key, tuple) else (key,)
            texts = (part for part in parts if isinstance(part, str) and account_id in part)
            if any(map(of_account.search, texts)):
                store.pop(key, None)


def _stores() -> Iterator[dict[Any, Any]]:
    """What services and extensions keep by account, or by ARNs and ids that hold one."""
    for module_name, module in tuple(sys.modules.items()):
        if module_name.startswith(_OURS):
            for name, value in tuple(vars(module).items()):
                if isinstance(value, AccountRegionScopedDict | AccountScopedDict):
                    yield value._data
                elif isinstance(value, dict) and _STATE.fullmatch(name):
                    yield value


def _entries(store: Any, account_id: str) -> list[tuple[tuple[str, ...], Any]]:
    return [(key, value) for key, value in list(store._data.items()) if key[0] == account_id]


def _end_functions(account_id: str) -> None:
    with lambda_runtime._lock:
        keys = [key for key in lambda_runtime._workers if key.startswith(f"{account_id}:")]
        doomed = [worker for key in keys for worker in lambda_runtime._workers.pop(key) or ()]
    # Killed at once: they have nothing to save, and a grace period would be the test's.
    for process in (worker._proc for worker in doomed if worker._proc):
        process.kill()
    lambda_runtime.kill_workers(doomed)
