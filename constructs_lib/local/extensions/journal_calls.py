"""The journal of API calls: how often whom called what, by any way in.

* Over HTTP: clients, the AWS CLI, functions, which a trace in the request tells apart.
* Tasks of Step Functions, whether they are requests without the network or served in process.

Which action a REST request is, is looked up when the journal is read: it needs botocore's model.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from typing import cast

from ministack import app
from ministack.services import stepfunctions

from constructs_lib.local._fault_wire import Answer, WireRequest
from constructs_lib.local.extensions import journal_store
from constructs_lib.local.extensions.journal_callers import act_as, current_caller
from constructs_lib.local.extensions.journal_functions import caller_of
from constructs_lib.local.extensions.journal_store import CallCount, CallKey

_Handle = Callable[..., Awaitable[object]]
_Task = Callable[[str, object], object]

#: Whether the request at hand is counted already.
_counted: ContextVar[bool] = ContextVar("counted", default=False)
# The services of optimized integrations that are served in process, by the name in the resource.
# The others are counted as the requests that they become.
_IN_PROCESS = ("dynamodb", "sqs", "events", "ecs", "http")


def register() -> None:
    """Count at every way in."""
    app._handle_special_data_plane_request = _entering(app._handle_special_data_plane_request)
    app._dispatch_service_request = _counting(app._dispatch_service_request)
    app.call_service_handler_sync = _without_network(app.call_service_handler_sync)
    for resource, task in tuple(stepfunctions._SERVICE_DISPATCH.items()):
        service, action = resource.split(":")[-2:]
        if service in _IN_PROCESS:
            stepfunctions._SERVICE_DISPATCH[resource] = _task(service, action, task)
    stepfunctions._call_lambda = _task("lambda", "invoke", stepfunctions._call_lambda)
    for name in ("_invoke_nested_start_execution", "_invoke_nested_start_execution_sync"):
        task = getattr(stepfunctions, name)
        setattr(stepfunctions, name, _task("stepfunctions", "startExecution", task))


def _entering(handle: _Handle) -> _Handle:
    """The first to see a request: says who makes it, and counts what is answered right here."""

    async def enter(
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query: Mapping[str, Sequence[str]],
        request_id: str,
        **more: object,
    ) -> object:
        act_as(caller_of(headers.get("x-amzn-trace-id", "")))
        _counted.set(False)
        answer = await handle(method, path, headers, body, query, request_id, **more)
        if answer is not None and not _counted.get():
            _count_request(method, path, headers, body, query, cast(Answer, answer))
        return answer

    return enter


def _counting(dispatch: _Handle) -> _Handle:
    async def count_and_dispatch(
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query: Mapping[str, Sequence[str]],
        request_id: str,
    ) -> object:
        answer = await dispatch(method, path, headers, body, query, request_id)
        _counted.set(True)
        _count_request(method, path, headers, body, query, cast(Answer, answer))
        return answer

    return count_and_dispatch


def _without_network(call: Callable[..., Answer]) -> Callable[..., Answer]:
    def count_and_call(
        handler: object,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        query: Mapping[str, Sequence[str]],
        timeout: float | None = None,
    ) -> Answer:
        answer = call(handler, method, path, headers, body, query, timeout)
        _count_request(method, path, headers, body, query, answer)
        return answer

    return count_and_call


def _count_request(
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    query: Mapping[str, Sequence[str]],
    answer: Answer,
) -> None:
    request = WireRequest(method=method, path=path, headers=headers, query=query, body=body)
    service, caller = request.signing_name, current_caller()
    if not service and not request.target:
        # Its own paths, health checks, links: no API.
        return
    action = request.target.rpartition(".")[2]
    if action:
        # Of services with such a header, the name in it is never ambiguous.
        key = CallKey(service or request.target.partition("_")[0].lower(), action, caller)
    elif request.form:
        key = CallKey(service, request.form["Action"][0], caller)
    elif request.is_binary:
        key = CallKey(service, path.rpartition("/operation/")[2], caller)
    elif service == "s3":
        # The keys of objects are many, and all the same to the action.
        depth = min(2, len([part for part in path.split("/") if part]))
        key = CallKey(service, "", caller, method, "/" + "/".join("bk"[:depth]), tuple(query))
    else:
        key = CallKey(service, "", caller, method, path, tuple(query))
    journal_store.count(
        key,
        CallCount(
            calls=1,
            errors=int(answer[0] >= 400),
            request_bytes=len(body),
            response_bytes=len(answer[2] or b""),
        ),
    )


def _task(service: str, action: str, task: _Task) -> _Task:
    operation = action[:1].upper() + action[1:]

    def run(resource: str, arguments: object) -> object:
        made = CallCount(calls=1, request_bytes=len(json.dumps(arguments, default=str)))
        try:
            result = task(resource, arguments)
        except stepfunctions._ExecutionError:
            made.errors = 1
            raise
        else:
            made.response_bytes = len(json.dumps(result, default=str))
            return result
        finally:
            journal_store.count(CallKey(service, operation, current_caller()), made)

    return run
