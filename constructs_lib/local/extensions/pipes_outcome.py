"""What became of a pipe's batch.

Source: EventBridge user guide, "Amazon EventBridge Pipes batching and concurrency" (read
2026-11-23).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from constructs_lib.local.extensions.pipes_records import Record


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The records that the target did not take, and why.

    ``started`` are the executions, messages or events that came of those that it took.
    """

    undelivered: Sequence[Record] = field(default_factory=tuple)
    reason: str = ""
    started: tuple[str, ...] = ()


def identifier(record: Record) -> str:
    """How a target names the record when it reports it as failed."""
    return str(record.get("eventID") or record.get("messageId"))


def named_failures(records: Sequence[Record], answer: object) -> Outcome:
    """The records that a target's answer names as failed (``batchItemFailures``)."""
    failures = (answer.get("batchItemFailures") or []) if isinstance(answer, dict) else []
    names = {failure.get("itemIdentifier") for failure in failures}
    known = {identifier(record) for record in records}
    if not names <= known:
        return Outcome(
            undelivered=records,
            reason=f"no records of this batch: {sorted(map(str, names - known))}",
        )
    return Outcome(
        undelivered=[record for record in records if identifier(record) in names],
        reason="the target reported the records as failed" if names else "",
    )
