"""What happened in an account of the embedded AWS, in order and with times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from constructs_lib.local._emulator_client import EmulatorClient
from constructs_lib.local._journal_events import (
    DeliveryAttempt,
    EventArchived,
    EventMatched,
    EventPublished,
    PipeDelivery,
)
from constructs_lib.local._journal_json import api_calls_from_json, record_from_json
from constructs_lib.local._journal_records import (
    OUTSIDE,
    ApiCalls,
    Caller,
    ExecutionEnded,
    ExecutionStarted,
    FaultStruck,
    FunctionInvoked,
    JournalRecord,
    MailSent,
)

__all__ = [
    "OUTSIDE",
    "ApiCalls",
    "Caller",
    "DeliveryAttempt",
    "EventArchived",
    "EventMatched",
    "EventPublished",
    "ExecutionEnded",
    "ExecutionStarted",
    "FaultStruck",
    "FunctionInvoked",
    "Journal",
    "JournalReading",
    "JournalRecord",
    "MailSent",
    "PipeDelivery",
]

#: The one path of the emulator for its journal; like the emulator, on loopback only.
JOURNAL_PATH = "/_duet/journal"
_R = TypeVar("_R", bound=JournalRecord)


@dataclass(frozen=True, kw_only=True)
class Journal:
    """What happened in one account, in all regions, oldest first.

    Args:
        records: What happened. The journal keeps the last 50,000 records of each account.
        api_calls: How often who called what, since the emulator started or was reset; empty if not
            asked for.
        dropped: How many records of the time asked for the journal has let go of.
        last_number: The number of the newest record; pass it as ``after`` to go on from here.
    """

    records: Sequence[JournalRecord]
    api_calls: Sequence[ApiCalls] = ()
    dropped: int = 0
    last_number: int = 0

    def of(self, kind: type[_R]) -> Sequence[_R]:
        """The records of one kind: ``journal.of(EventPublished)``."""
        return [record for record in self.records if isinstance(record, kind)]


class JournalReading(EmulatorClient):
    """The journal of one account of an embedded AWS."""

    def journal(self, *, after: int = 0, with_api_calls: bool = True) -> Journal:
        """What has happened in this account since the emulator started or was reset.

        Args:
            after: Only records with a greater ``number``; 0, the default, is all that are kept.
            with_api_calls: Also count calls; the first time, that costs half a second, in which
                the emulator learns what the requests of REST services such as S3 are called.
        """
        query = {"after": after, "calls": int(with_api_calls)}
        return _journal(self._ask_emulator(JOURNAL_PATH, query=query))


def _journal(written: Mapping[str, object]) -> Journal:
    records = cast(list[Mapping[str, object]], written["records"])
    api_calls = cast(list[Mapping[str, object]], written["api_calls"])
    return Journal(
        records=[record_from_json(each) for each in records],
        api_calls=[api_calls_from_json(each) for each in api_calls],
        dropped=cast(int, written["dropped"]),
        last_number=cast(int, written["last_number"]),
    )
