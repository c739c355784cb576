"""Who is at work in the current thread, for the journal to name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from constructs_lib.local._journal_records import OUTSIDE, Caller
from constructs_lib.local.extensions import current_run, state_errors

#: Stands for the execution and state that the thread works for; they change while it does.
A_WORKFLOW = Caller(kind="execution")
# Threads that work on behalf of one copy its context; the last to say so is who is at work.
_at_work: ContextVar[Caller | None] = ContextVar("at_work", default=None)


def current_caller() -> Caller:
    """Who is at work; a client from outside if nobody has said so."""
    return known_caller() or OUTSIDE


def known_caller() -> Caller | None:
    """Who is at work, if anybody has said so."""
    caller = _at_work.get()
    if caller is not A_WORKFLOW:
        return caller
    execution = current_run.current_execution() or {}
    return Caller(
        kind="execution",
        arn=str(execution.get("executionArn", "")),
        state=state_errors.state_name() or "",
    )


@contextmanager
def acting_as(caller: Caller) -> Iterator[None]:
    """Let ``caller`` be at work for the time of a ``with`` block."""
    token = _at_work.set(caller)
    try:
        yield
    finally:
        _at_work.reset(token)


def act_as(caller: Caller) -> None:
    """Let ``caller`` be at work in the rest of this context."""
    _at_work.set(caller)
