"""No upstream gap, but Duet's own: calls fail on purpose, whoever makes them.

* Over HTTP: SDK clients, the AWS CLI, functions. ``/_duet/faults`` says which calls fail.
* Tasks of Step Functions. Those of SDK integrations are HTTP requests without the network, and the
  optimized ones are served in process.
* What EventBridge and Pipes call for their targets, see ``fault_points``.

Not struck: what the emulator does within itself where AWS calls an API, such as a topic's delivery
to queues, the polling of a pipe's source, or CloudFormation's own work.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import cast

from ministack import app
from ministack.core.responses import get_account_id
from ministack.services import stepfunctions

from constructs_lib.local._fault_control import FAULTS_PATH
from constructs_lib.local._fault_models import error_status
from constructs_lib.local._fault_wire import Answer, WireRequest, error_answer, matches
from constructs_lib.local.extensions import clock, fault_store
from constructs_lib.local.extensions.fault_points import (
    InjectedError,
    execution_arn,
    possible_faults,
    real_latency_seconds,
)
from constructs_lib.local.extensions.resets import at_reset
from constructs_lib.local.faults import Fault

_Query = Mapping[str, Sequence[str]]
_Headers = Mapping[str, str]
_Handle = Callable[..., Awaitable[object]]
_Task = Callable[[str, object], object]
# How the optimized integrations name their errors, by the service in a task's resource, which is
# boto3's name as well. The others are no calls of their own, or go the way of SDK integrations.
_PREFIXES = {"dynamodb": "DynamoDB", "sqs": "SQS", "events": "EventBridge", "ecs": "ECS"}


def register() -> None:
    """Put the faults in front of every way in."""
    app._handle_special_data_plane_request = _over_http(app._handle_special_data_plane_request)
    app._handle_post_body_shortcuts = _with_control(app._handle_post_body_shortcuts)
    at_reset(fault_store.forget)
    app.call_service_handler_sync = _without_network(app.call_service_handler_sync)
    for resource, task in tuple(stepfunctions._SERVICE_DISPATCH.items()):
        service_name, action = resource.split(":")[-2:]
        if service_name in _PREFIXES:
            stepfunctions._SERVICE_DISPATCH[resource] = _optimized(service_name, action, task)
    stepfunctions._call_lambda = _invoking(stepfunctions._call_lambda)


def _strike(request: WireRequest) -> fault_store.Strike | None:
    return fault_store.strike(get_account_id(), lambda fault: matches(fault, request))


def _answer(strike: fault_store.Strike, request: WireRequest, request_id: str) -> Answer | None:
    """The error that comes instead of the answer, if any; the strike is on record then."""
    strike.record(execution_arn=execution_arn(), request_id=request_id)
    fault = strike.fault
    if fault is None:
        return None
    status = error_status(fault.service, fault.error)
    answer = error_answer(fault.service, request, error=fault.error, status=status)
    answer[1]["x-amzn-requestid"] = request_id
    return answer


def _over_http(handle: _Handle) -> _Handle:
    async def handle_or_fail(
        method: str,
        path: str,
        headers: _Headers,
        body: bytes,
        query: _Query,
        request_id: str,
        **more: object,
    ) -> object:
        request = WireRequest(method=method, path=path, headers=headers, query=query, body=body)
        arguments = (method, path, headers, body, query, request_id)
        strike = _strike(request)
        if strike is None:
            return await handle(*arguments, **more)
        await asyncio.sleep(real_latency_seconds(strike))
        if strike.loses_the_call:
            return _answer(strike, request, request_id)
        response = await handle(*arguments, **more)
        if response is None:
            response = await app._dispatch_service_request(*arguments)
        return _answer(strike, request, request_id) or response

    return handle_or_fail


def _without_network(call: Callable[..., Answer]) -> Callable[..., Answer]:
    def call_or_fail(
        handler: object,
        method: str,
        path: str,
        headers: _Headers,
        body: bytes,
        query: _Query,
        timeout: float | None = None,
    ) -> Answer:
        request = WireRequest(method=method, path=path, headers=headers, query=query, body=body)
        arguments = (handler, method, path, headers, body, query, timeout)
        strike = _strike(request)
        if strike is None:
            return call(*arguments)
        clock.sleep(strike.latency_seconds)
        request_id = str(uuid.uuid4())
        if strike.loses_the_call:
            return cast(Answer, _answer(strike, request, request_id))
        answer = call(*arguments)
        return _answer(strike, request, request_id) or answer

    return call_or_fail


def _optimized(service_name: str, action: str, task: _Task) -> _Task:
    operation = action[:1].upper() + action[1:]

    def run(resource: str, arguments: object) -> object:
        try:
            with possible_faults(service_name, operation, arguments):
                return task(resource, arguments)
        except InjectedError as error:
            raise error.as_task_error(_PREFIXES[service_name]) from error

    return run


def _invoking(invoke: Callable[[str, object], object]) -> Callable[[str, object], object]:
    def invoke_or_fail(function: str, event: object) -> object:
        try:
            with possible_faults("lambda", "Invoke", {"FunctionName": function}):
                return invoke(function, event)
        except InjectedError as error:
            raise error.as_task_error("Lambda") from error

    return invoke_or_fail


def _with_control(handle: _Handle) -> _Handle:
    async def handle_or_control(
        method: str, path: str, headers: _Headers, body: bytes, query: _Query, request_id: str
    ) -> object:
        if path != FAULTS_PATH:
            return await handle(method, path, headers, body, query, request_id)
        try:
            status, content = 200, _control(method, body, query)
        except ValueError as error:
            status, content = 400, {"message": str(error)}
        return status, {"Content-Type": "application/json"}, json.dumps(content).encode()

    return handle_or_control


def _control(method: str, body: bytes, query: _Query) -> dict[str, object]:
    account_id = query.get("account", [get_account_id()])[0]
    number = int(query["number"][0]) if "number" in query else None
    if method == "POST":
        return {"number": fault_store.add(account_id, Fault.from_json(json.loads(body)))}
    if method == "DELETE":
        fault_store.remove(account_id, number)
    return {
        "active": fault_store.described(account_id),
        "injected": fault_store.records(account_id, number),
    }
