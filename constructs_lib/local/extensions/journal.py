"""No upstream gap, but Duet's own: what happens in the emulator is on record, by account.

``/_duet/journal`` answers with the records and the counts of API calls; the emulator's reset drops
both. What is written, ``constructs_lib.local.journal`` says, and how, the files ``journal_…`` here.

Not in it: payloads of any kind, addresses, messages that a topic passes on, what CloudFormation
makes.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence

from ministack import app
from ministack.core.responses import get_account_id

from constructs_lib.local._fault_wire import WireRequest, rest_action
from constructs_lib.local._journal_json import to_json
from constructs_lib.local._journal_records import ApiCalls
from constructs_lib.local.extensions import (
    journal_calls,
    journal_capacity,
    journal_events,
    journal_executions,
    journal_functions,
    journal_mails,
    journal_store,
)
from constructs_lib.local.extensions.journal_store import CallCount, CallKey
from constructs_lib.local.extensions.resets import at_reset
from constructs_lib.local.journal import JOURNAL_PATH

# boto3's names of the services that sign requests under another one.
_SIGNING_NAMES = {"states": "stepfunctions", "monitoring": "cloudwatch", "ses": "sesv2"}

_Query = Mapping[str, Sequence[str]]
_Handle = Callable[..., Awaitable[object]]


def register() -> None:
    """Watch everything; registered last, so that all other extensions are seen at work."""
    journal_capacity.register()
    journal_events.register()
    journal_executions.register()
    journal_functions.register()
    journal_mails.register()
    journal_calls.register()
    app._handle_post_body_shortcuts = _serving(app._handle_post_body_shortcuts)
    at_reset(journal_store.forget)


def _serving(handle: _Handle) -> _Handle:
    async def handle_or_serve(
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query: _Query,
        request_id: str,
    ) -> object:
        if path != JOURNAL_PATH:
            return await handle(method, path, headers, body, query, request_id)
        account_id = query.get("account", [get_account_id()])[0]
        after = int(query.get("after", ["0"])[0])
        # A full journal takes a second to write; nobody else waits for it.
        with_calls = query.get("calls", ["1"])[0] == "1"
        content = await asyncio.to_thread(_content, account_id, after, with_calls)
        return 200, {"Content-Type": "application/json"}, content

    return handle_or_serve


def _content(account_id: str, after: int, with_calls: bool) -> bytes:
    records, dropped, last_number = journal_store.records(account_id, after)
    counts: dict[CallKey, CallCount] = {}
    for key, count in journal_store.counts(account_id).items() if with_calls else ():
        counts.setdefault(_named(key), CallCount()).add(count)
    content = {
        "records": [to_json(record) for record in records],
        "api_calls": [to_json(_api_calls(key, count)) for key, count in counts.items()],
        "dropped": dropped,
        "last_number": last_number,
    }
    return json.dumps(content).encode()


def _named(key: CallKey) -> CallKey:
    """The calls under the names of boto3 and of the API reference."""
    service = _SIGNING_NAMES.get(key.service, key.service)
    if key.action:
        # SES's first API is the one whose requests say which action they are.
        return CallKey("ses" if key.service == "ses" else service, key.action, key.caller)
    query = {name: [""] for name in key.query}
    request = WireRequest(method=key.method, path=key.path, headers={}, query=query, body=b"")
    action = rest_action(service, request) or key.method
    return CallKey(service, action, key.caller)


def _api_calls(key: CallKey, count: CallCount) -> ApiCalls:
    return ApiCalls(
        service=key.service,
        action=key.action,
        caller=key.caller,
        calls=count.calls,
        errors=count.errors,
        request_bytes=count.request_bytes,
        response_bytes=count.response_bytes,
        read_units=count.read_units,
        write_units=count.write_units,
    )
