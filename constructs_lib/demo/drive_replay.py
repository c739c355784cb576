"""Replay what the archive kept and see it delivered again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from constructs_lib.demo.follow_events import QueueReader
from constructs_lib.demo.resources import ExampleResources
from constructs_lib.demo.waiting import wait_for
from constructs_lib.local import EmbeddedAws

_REPLAY_NAME = "demo-replay"


@dataclass(frozen=True, kw_only=True)
class ReplayResult:
    """What a replay of everything archived did; deliveries are event ids by queue."""

    name: str
    state: str
    archived: int
    expected_archived: int
    delivered: Mapping[str, Sequence[str]]
    expected_delivered: Mapping[str, Sequence[str]]

    @property
    def as_expected(self) -> bool:
        """All was archived, and each queue got each of its events once more."""
        return (
            self.state == "COMPLETED"
            and self.archived == self.expected_archived
            and self.delivered == self.expected_delivered
        )


def drive_replay(
    aws: EmbeddedAws,
    resources: ExampleResources,
    readers: Mapping[str, tuple[QueueReader, Collection[str]]],
    *,
    unfollowed: int,
    since: datetime,
) -> ReplayResult:
    """Replay the window from ``since`` until now onto the bus.

    Args:
        readers: By queue name, its reader and the ids of the events that came to it live.
        unfollowed: How many events were published that no queue follows.
    """
    events = aws.client("events")
    archived = events.describe_archive(ArchiveName=resources.archive_name)["EventCount"]
    events.start_replay(
        ReplayName=_REPLAY_NAME,
        EventSourceArn=resources.archive_arn,
        EventStartTime=since,
        EventEndTime=datetime.now(UTC),
        Destination={"Arn": resources.app_bus_arn},
    )
    replay = wait_for(
        lambda: events.describe_replay(ReplayName=_REPLAY_NAME),
        until=lambda seen: seen["State"] not in ("STARTING", "RUNNING"),
    )
    delivered = {
        name: sorted(
            event.id for event in reader.read_until_seen(event_ids, replay_name=_REPLAY_NAME)
        )
        for name, (reader, event_ids) in readers.items()
    }
    return ReplayResult(
        name=_REPLAY_NAME,
        state=replay["State"],
        archived=archived,
        expected_archived=unfollowed + sum(len(ids) for _, ids in readers.values()),
        delivered=delivered,
        expected_delivered={name: sorted(event_ids) for name, (_, event_ids) in readers.items()},
    )
