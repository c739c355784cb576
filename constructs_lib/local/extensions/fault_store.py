"""The faults that are injected, by account, and the record of what they have struck."""

from __future__ import annotations

import os
import random
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from constructs_lib.local._journal_records import FaultStruck
from constructs_lib.local.extensions import journal_store
from constructs_lib.local.extensions.journal_callers import current_caller
from constructs_lib.local.faults import Fault

_RECORDS_MAX = 10_000
_SEED = int(os.environ.get("DUET_SEED", "0"))


@dataclass
class _Active:
    number: int
    fault: Fault
    struck: int = 0
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        seed = _SEED + self.fault.seed
        self.chance = random.Random(seed)  # noqa: S311 - a repeatable choice, no secret

    def strikes(self) -> bool:
        """Whether it strikes the call that is at hand; asked once for each."""
        if self.fault.count is not None and self.struck >= self.fault.count:
            return False
        if self.chance.random() >= self.fault.share:
            return False
        self.struck += 1
        return True


@dataclass(frozen=True, kw_only=True)
class Strike:
    """What befalls one call: a delay, an error, or both."""

    account_id: str
    latency_seconds: float
    #: The fault whose error comes; None if the call is only slow.
    fault: Fault | None
    struck_by: Sequence[_Active]

    @property
    def loses_the_call(self) -> bool:
        """Whether the call never reaches the service."""
        return self.fault is not None and not self.fault.after_effect

    def record(self, *, execution_arn: str, request_id: str) -> None:
        """Keep it for ``records``."""
        for active in self.struck_by:
            journal_store.add(
                FaultStruck,
                account_id=self.account_id,
                service=active.fault.service,
                action=active.fault.action,
                error=active.fault.error,
                latency_seconds=active.fault.latency_seconds,
                caller=current_caller(),
                request_id=request_id,
            )
            _records[self.account_id].append(
                (
                    active.number,
                    {
                        "time": time.time(),
                        "service": active.fault.service,
                        "action": active.fault.action,
                        "error": active.fault.error,
                        "execution_arn": execution_arn,
                        "request_id": request_id,
                    },
                )
            )


_lock = threading.Lock()
_last_number = 0
_active: dict[str, list[_Active]] = {}
_records: dict[str, deque[tuple[int, dict[str, object]]]] = defaultdict(
    lambda: deque(maxlen=_RECORDS_MAX)
)


def add(account_id: str, fault: Fault) -> int:
    """Inject a fault from now on; its number."""
    global _last_number
    with _lock:
        _last_number += 1
        _active.setdefault(account_id, []).append(_Active(_last_number, fault))
        return _last_number


def remove(account_id: str, number: int | None) -> None:
    """Inject the fault of that number no more, or all faults of the account."""
    with _lock:
        kept = [each for each in _active.pop(account_id, []) if number not in (None, each.number)]
        if kept:
            _active[account_id] = kept


def forget() -> None:
    """Drop all faults and records of all accounts."""
    with _lock:
        _active.clear()
        _records.clear()


def records(account_id: str, number: int | None) -> list[dict[str, object]]:
    """What the fault of that number has struck, or all of the account, oldest first."""
    with _lock:
        return [one for of, one in tuple(_records[account_id]) if number in (None, of)]


def described(account_id: str) -> list[dict[str, object]]:
    """The faults that an account has, each with its number and how many calls it has struck."""
    with _lock:
        return [
            {"number": each.number, "struck": each.struck, "fault": each.fault.to_json()}
            for each in _active.get(account_id, ())
        ]


def active(account_id: str) -> Sequence[Fault]:
    """The faults that an account has."""
    return [each.fault for each in _active.get(account_id, ())]


def strike(account_id: str, applies: Callable[[Fault], bool]) -> Strike | None:
    """What befalls a call that those faults are about of which ``applies`` says so."""
    if account_id not in _active:
        return None
    struck_by: list[_Active] = []
    with _lock:
        for each in _active.get(account_id, ()):
            if applies(each.fault) and each.strikes():
                struck_by.append(each)
                if each.fault.error:
                    break
    if not struck_by:
        return None
    last = struck_by[-1].fault
    return Strike(
        account_id=account_id,
        latency_seconds=sum(each.fault.latency_seconds for each in struck_by),
        fault=last if last.error else None,
        struck_by=struck_by,
    )
