"""Where the emulator calls a service in process, past its HTTP interface, faults strike as well."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

from ministack.core.responses import get_account_id
from ministack.services import stepfunctions

from constructs_lib.local._fault_models import error_status, is_throttling
from constructs_lib.local._fault_wire import error_message, parameters_match
from constructs_lib.local.extensions import clock, current_run, fault_store
from constructs_lib.local.faults import Fault


class InjectedError(Exception):
    """The error that a caller gets instead of its answer."""

    def __init__(self, fault: Fault, request_id: str) -> None:
        super().__init__(error_message(fault.service, fault.error))
        self.code = fault.error
        self.status = error_status(fault.service, fault.error)
        self.request_id = request_id

    @property
    def is_throttling(self) -> bool:
        """Whether it says that there were too many calls."""
        return is_throttling(self.code)

    def as_task_error(self, prefix: str) -> Exception:
        """The error with which a task of Step Functions fails."""
        name = f"{prefix}.{self.code.removesuffix('Exception')}Exception"
        details = f"Service: {prefix}, Status Code: {self.status}, Request ID: {self.request_id}"
        return cast(Exception, stepfunctions._ExecutionError(name, f"{self} ({details})"))


@contextmanager
def possible_faults(service: str, action: str, parameters: object) -> Iterator[None]:
    """Make the call in the block one that faults can strike.

    Raises:
        InjectedError: One did, before the block, or after it: then it has had its effect.
    """
    strike = fault_store.strike(get_account_id(), _about(service, action, parameters))
    if strike is None:
        yield
        return
    clock.sleep(strike.latency_seconds)
    request_id = str(uuid.uuid4())
    if strike.fault and strike.fault.after_effect:
        yield
    strike.record(execution_arn=execution_arn(), request_id=request_id)
    if strike.fault:
        raise InjectedError(strike.fault, request_id)
    yield


def is_slow(service: str, action: str) -> bool:
    """Whether a call may be delayed, so that it should not keep others waiting."""
    return any(
        fault.latency_seconds and (fault.service, fault.action) == (service, action)
        for fault in fault_store.active(get_account_id())
    )


def real_latency_seconds(strike: fault_store.Strike) -> float:
    """The delay of a call, on the clock of the emulator."""
    scaled: float = strike.latency_seconds * stepfunctions._SFN_WAIT_SCALE
    return scaled


def execution_arn() -> str:
    """The execution that the current thread works for, if any."""
    return str((current_run.current_execution() or {}).get("executionArn", ""))


def _about(service: str, action: str, parameters: object) -> Callable[[Fault], bool]:
    def applies(fault: Fault) -> bool:
        return (fault.service, fault.action) == (service, action) and (
            not fault.parameters or parameters_match(fault, parameters)
        )

    return applies
