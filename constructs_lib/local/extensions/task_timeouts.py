"""Upstream gap: the ``TimeoutSeconds`` of a task is measured in real time only.

It runs on the account's clock, and has no cause. At time scales between 0 and 1 it stays real: what
a task calls takes real time. At 0 it is in order with what else is due: a nested execution may wait
longer.
Source: Amazon States Language, "Timeouts" (read 2026-11-23); answers of AWS that LocalStack records
in its ``test_timeouts`` (read 2026-11-27).
"""

from __future__ import annotations

from ministack.services import stepfunctions

from constructs_lib.local.extensions import clock

TIMEOUT = "States.Timeout"
NO_CAUSE = ""


def register() -> None:
    """Limit tasks on the clock."""
    stepfunctions._invoke_resource_with_timeout = _within


def _within(resource: str, arguments: object, limit_seconds: float) -> object:
    over = clock.Event()
    results: list[object] = []
    failures: list[BaseException] = []

    def call() -> None:
        try:
            results.append(stepfunctions._invoke_resource(resource, arguments))
        except BaseException as failure:
            failures.append(failure)
        finally:
            over.set()

    clock.start(call)
    if not over.wait(clock.current().after_real(limit_seconds)):
        raise stepfunctions._ExecutionError(TIMEOUT, NO_CAUSE)
    if failures:
        raise failures[0]
    return results[0]
