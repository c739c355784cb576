"""Upstream gap: CloudFormation drops a function's reserved concurrency and dead-letter queue.

``ReservedConcurrentExecutions`` and ``DeadLetterConfig`` of ``AWS::Lambda::Function``; the API
knows both.
Source: AWS::Lambda::Function (read 2026-11-23).
"""

from collections.abc import Callable

from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from constructs_lib.local.extensions.answers import Properties, Resource

FUNCTION = "AWS::Lambda::Function"


def register() -> None:
    """Keep both properties when a function is made or changed."""
    handlers = provisioners._RESOURCE_HANDLERS[FUNCTION]
    handlers["create"] = _keeping(handlers["create"], properties_at=1)
    handlers["update"] = _keeping(handlers["update"], properties_at=2)


def _keeping(handle: Callable[..., Resource], *, properties_at: int) -> Callable[..., Resource]:
    def handle_and_keep(*arguments: object, **named: object) -> Resource:
        physical_id, attributes = handle(*arguments, **named)
        _keep(physical_id, arguments[properties_at])  # type: ignore[arg-type]  # the properties
        return physical_id, attributes

    return handle_and_keep


def _keep(name: str, properties: Properties) -> None:
    function = lambda_svc._functions[name]
    concurrency = properties.get("ReservedConcurrentExecutions")
    function["concurrency"] = None if concurrency is None else int(str(concurrency))
    function["config"]["DeadLetterConfig"] = properties.get("DeadLetterConfig") or {}
