"""Upstream gap: ``$now`` and ``$millis`` of JSONata know real time only.

In workflows they are the time of the account's clock, the same throughout an expression.
Source: JSONata documentation, "Date/Time functions" (read 2026-11-27).
"""

from collections.abc import Callable
from typing import Protocol

from jsonata.functions import Functions
from ministack.services import stepfunctions

from constructs_lib.local.extensions import clock


class _Expression(Protocol):
    def register_lambda(self, name: str, function: Callable[..., object]) -> None: ...


def register() -> None:
    """Give every expression the clock's time."""
    stepfunctions._register_sfn_jsonata_functions = _with_time(
        stepfunctions._register_sfn_jsonata_functions
    )


def _with_time(bind: Callable[[_Expression], None]) -> Callable[[_Expression], None]:
    def bind_with_time(expression: _Expression) -> None:
        bind(expression)
        milliseconds = int(clock.current().now() * 1000)

        def now(picture: str | None = None, timezone: str | None = None) -> object:
            return Functions.datetime_from_millis(milliseconds, picture, timezone)

        expression.register_lambda("now", now)
        expression.register_lambda("millis", lambda: milliseconds)

    return bind_with_time
