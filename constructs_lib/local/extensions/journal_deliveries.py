"""The journal of deliveries: what becomes of an event at a rule's target, attempt by attempt."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from constructs_lib.local._journal_events import DeliveryAttempt
from constructs_lib.local.extensions import journal_store
from constructs_lib.local.extensions.delivery import Delivery, DeliveryError


@dataclass
class _Attempt:
    number: int
    started: str = ""


_attempt: ContextVar[_Attempt | None] = ContextVar("attempt", default=None)


def attempts(delivery: Delivery, send: Callable[[], None]) -> Callable[[], None]:
    """``send``, each call of which is the next attempt in the journal."""
    made = 0

    def attempt() -> None:
        nonlocal made
        made += 1
        this = _Attempt(made)
        token = _attempt.set(this)
        began = time.perf_counter()
        try:
            send()
        except DeliveryError as error:
            outcome = "retried" if error.is_retriable else "failed"
            _note(delivery, this, outcome, error.code, str(error), time.perf_counter() - began)
            raise
        else:
            _note(delivery, this, "delivered", "", "", time.perf_counter() - began)
        finally:
            _attempt.reset(token)

    return attempt


def started(what: object) -> None:
    """Say what the attempt at hand has started: an execution, an invocation, a message."""
    attempt = _attempt.get()
    if attempt is not None:
        attempt.started = str(what)


def given_up(
    delivery: Delivery, *, attempts_made: int, code: str, message: str, dead_letter_queue: str
) -> None:
    """Write that an event will not reach its target; the queue is empty if the event is lost."""
    outcome = "dead-lettered" if dead_letter_queue else "dropped"
    this = _Attempt(attempts_made, dead_letter_queue)
    _note(delivery, this, outcome, code, message, 0.0)


def _note(
    delivery: Delivery, attempt: _Attempt, outcome: str, code: str, message: str, seconds: float
) -> None:
    event, rule, target = delivery.event, delivery.rule, delivery.target
    journal_store.add(
        DeliveryAttempt,
        event_id=str(event.get("EventId", "")),
        replay_name=str(event.get("ReplayName") or ""),
        rule_arn=str(rule.get("Arn")),
        target_id=str(target.get("Id")),
        target_arn=str(target.get("Arn")),
        attempt=attempt.number,
        outcome=outcome,
        error_code=code,
        error_message=message,
        started=attempt.started,
        duration_ms=seconds * 1000,
    )
