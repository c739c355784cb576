"""The journal's records, by account: the last 50,000 of each, and counts of API calls.

A record is some 400 bytes, so a full journal takes 20 MB an account. Recording takes a few
microseconds; nothing waits for a reader.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ministack.core.responses import get_account_id

from constructs_lib.local._journal_records import Caller, JournalRecord
from constructs_lib.local.extensions import clock

RECORDS_MAX = 50_000
COUNTS_MAX = 20_000


@dataclass(frozen=True, slots=True)
class CallKey:
    """What calls are counted by; the request's form instead of an action, where only that is known.

    ``action`` is empty for a REST request: its method, path and query names say which it is, and
    that is looked up when the journal is read, not while calls are made.
    """

    service: str
    action: str
    caller: Caller
    method: str = ""
    path: str = ""
    query: tuple[str, ...] = ()


@dataclass(slots=True)
class CallCount:
    """What is added up."""

    calls: int = 0
    errors: int = 0
    request_bytes: int = 0
    response_bytes: int = 0
    read_units: float = 0.0
    write_units: float = 0.0

    def add(self, other: CallCount) -> None:
        """Add another count to this one."""
        for name in CallCount.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass
class _Account:
    lock: threading.Lock = field(default_factory=threading.Lock)
    records: deque[JournalRecord] = field(default_factory=lambda: deque(maxlen=RECORDS_MAX))
    last_number: int = 0
    counts: dict[CallKey, CallCount] = field(default_factory=dict)


_accounts: defaultdict[str, _Account] = defaultdict(_Account)


def add(kind: type[JournalRecord], *, account_id: str | None = None, **fields: object) -> None:
    """Write a record of that kind, with these fields besides number and time."""
    account_id = account_id or get_account_id()
    account = _accounts[account_id]
    # The clock that histories are written by, or the two could not be put side by side.
    now = datetime.fromtimestamp(clock.of(account_id).now(), UTC)
    with account.lock:
        account.last_number += 1
        account.records.append(kind(number=account.last_number, time=now, **fields))


def count(key: CallKey, addition: CallCount) -> None:
    """Count calls of the current account."""
    account = _accounts[get_account_id()]
    with account.lock:
        known = account.counts.get(key)
        if known is None:
            if len(account.counts) >= COUNTS_MAX:
                _forget_callers(account.counts)
            known = account.counts.setdefault(key, CallCount())
        known.add(addition)


def records(account_id: str, after: int) -> tuple[list[JournalRecord], int, int]:
    """The records after that number, how many of them are gone, and the last number."""
    account = _accounts[account_id]
    with account.lock:
        last = account.last_number
        oldest = last - len(account.records) + 1
        # The newest are at the end: a reader that follows the journal copies no more than them.
        wanted = min(len(account.records), max(0, last - after))
        kept = [account.records[index] for index in range(-wanted, 0)] if wanted < 100 else None
        if kept is None:
            kept = list(account.records)[-wanted:]
    return kept, max(0, oldest - 1 - after), last


def counts(account_id: str) -> Mapping[CallKey, CallCount]:
    """The counts of API calls."""
    account = _accounts[account_id]
    with account.lock:
        copied = {key: CallCount() for key in account.counts}
        for key, known in account.counts.items():
            copied[key].add(known)
        return copied


def forget() -> None:
    """Drop everything of all accounts."""
    _accounts.clear()


def _forget_callers(counts: dict[CallKey, CallCount]) -> None:
    """Add the older half up by service, action and kind of caller."""
    for key in list(counts)[: COUNTS_MAX // 2]:
        merged = CallKey(key.service, key.action, Caller(kind=key.caller.kind), key.method)
        if merged != key:
            counts.setdefault(merged, CallCount()).add(counts.pop(key))
