"""The journey of an event or of an execution: what came of it, step by step, with times.

On the embedded AWS its journal tells who published, delivered, started and called what. A real
account keeps no such record: there, a trace is an execution's own history.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any

from constructs_lib.local.account import EmbeddedAccount
from constructs_lib.operations.clients import Clients
from constructs_lib.operations.trace_execution import execution_node
from constructs_lib.operations.trace_journal import JournalIndex
from constructs_lib.operations.trace_journey import Journey
from constructs_lib.operations.trace_model import Trace, TraceError, TraceNode
from constructs_lib.operations.trace_subject import execution_on_aws, subject_in_journal

__all__ = ["Trace", "TraceError", "TraceNode", "trace_of"]


def trace_of(aws: EmbeddedAccount | Clients, subject: str) -> Trace:
    """The trace of an event or an execution.

    Args:
        aws: An account of an embedded AWS; or what makes clients of a real account, where
            executions of Standard workflows can be traced, and events cannot.
        subject: An execution's ARN or name, or an event's id. On the embedded AWS the first six
            characters or more of either are enough, if they mean one thing only.
    Raises:
        TraceError: Nothing is known of it, it means several things, or it is an event of a real
            account; the message holds the candidates or the remedy.
    """
    if not isinstance(aws, EmbeddedAccount):
        arn = execution_on_aws(aws, subject)
        return Trace(subject=arn, root=execution_node(aws, arn))
    index = JournalIndex(aws.journal(with_api_calls=False))
    with _clients_of(aws) as clients:
        found = subject_in_journal(index, clients, subject)
        journey = Journey(index, clients)
        is_execution = found.startswith("arn:")
        root = journey.execution(found) if is_execution else journey.event(found)
    return Trace(subject=found, root=root)


@contextmanager
def _clients_of(aws: EmbeddedAccount) -> Iterator[Clients]:
    with ExitStack() as closing:

        @cache
        def client(service: str, /, *, region_name: str | None = None) -> Any:
            made = aws.account(region=region_name or aws.region).client(service)  # type: ignore[call-overload]  # any service
            closing.callback(made.close)
            return made

        yield client
