"""The journal of functions: each run of a handler; and which handler an API call comes from.

Upstream gap besides: ``_X_AMZN_TRACE_ID`` is set for functions with active tracing alone. On AWS
every invocation has it, and the SDKs send it with each call (as X-Amzn-Trace-Id, for Lambda's loop
detection). So a run gets a trace of its own, whose root is its request id, and what the handler
calls names the run.
Source: Lambda developer guide, "Using environment variables"; botocore.handlers,
``add_recursion_detection_header`` (read 2026-11-27).
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import cast

from ministack.services import lambda_svc

from constructs_lib.local._journal_records import OUTSIDE, Caller, FunctionInvoked
from constructs_lib.local.extensions import journal_store
from constructs_lib.local.extensions.journal_callers import known_caller

_ROOT = re.compile(r"Root=1-([0-9a-f]{8})-([0-9a-f]{24})")
# A handler's thread may call after it has returned.
_REMEMBERED = 10_000

_Record = Mapping[str, object]

_request_id: ContextVar[str] = ContextVar("function_request_id", default="")
_lock = threading.Lock()
_runs: OrderedDict[str, Caller] = OrderedDict()


def register() -> None:
    """Look at each run of a handler, and give it a trace."""
    lambda_svc._execute_function_dispatch = _watching(lambda_svc._execute_function_dispatch)
    lambda_svc._xray_trace_id_for_invocation = _traced(lambda_svc._xray_trace_id_for_invocation)


def caller_of(trace_header: str) -> Caller:
    """The function whose run that trace belongs to, or a client from outside."""
    root = _ROOT.search(trace_header)
    return _runs.get(root[1] + root[2], OUTSIDE) if root else OUTSIDE


def _watching(execute: Callable[..., _Record]) -> Callable[..., _Record]:
    def run(
        function: _Record, config: _Record, event: object, request_id: str, started: float
    ) -> _Record:
        caller, messages = _given_by(event)
        arn = str(config.get("FunctionArn", ""))
        _remember(
            request_id,
            Caller(kind="function", arn=arn, request_id=request_id, event_id=caller.event_id),
        )
        token = _request_id.set(request_id)
        began = time.perf_counter()
        try:
            answer = execute(function, config, event, request_id, started)
        finally:
            _request_id.reset(token)
        journal_store.add(
            FunctionInvoked,
            request_id=request_id,
            function_arn=arn,
            caller=caller,
            duration_ms=(time.perf_counter() - began) * 1000,
            memory_mb=int(cast(int, config.get("MemorySize") or 128)),
            error=_error(answer),
            messages=messages,
        )
        return answer

    return run


def _given_by(event: object) -> tuple[Caller, tuple[str, ...]]:
    """Who invokes, and the records that Lambda itself has read from a queue or stream."""
    caller = known_caller()
    if caller is not None:
        return caller, ()
    records = event.get("Records") if isinstance(event, Mapping) else None
    if not records:
        return OUTSIDE, ()
    names = [str(each.get("messageId") or each.get("eventID") or "") for each in records]
    return Caller(kind="service", arn=str(records[0].get("eventSourceARN", ""))), tuple(names)


def _error(answer: _Record) -> str:
    if not answer.get("error"):
        return ""
    body = answer.get("body")
    named = body.get("errorType") if isinstance(body, Mapping) else None
    return str(named or "Unhandled")


def _remember(request_id: str, caller: Caller) -> None:
    with _lock:
        _runs[request_id.replace("-", "")] = caller
        if len(_runs) > _REMEMBERED:
            _runs.popitem(last=False)


def _traced(trace_id: Callable[..., str | None]) -> Callable[..., str | None]:
    def own_trace(config: _Record, inbound_trace_header: str | None = None) -> str | None:
        request_id = _request_id.get().replace("-", "")
        if inbound_trace_header or not request_id:
            return trace_id(config, inbound_trace_header)
        sampled = int((trace_id(config) or "").endswith("Sampled=1"))
        root, parent = f"1-{request_id[:8]}-{request_id[8:]}", request_id[-16:]
        return f"Root={root};Parent={parent};Sampled={sampled}"

    return own_trace
