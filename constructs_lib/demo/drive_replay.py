"""Replay what the archive kept, by the deployed workflow, and see it delivered again."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from constructs_lib.demo.follow_events import QueueReader
from constructs_lib.demo.resources import ExampleResources
from constructs_lib.local import EmbeddedAws
from constructs_lib.operations import ReplayRun, TimeWindow
from constructs_lib.operations.time_window import instant_text


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
    window: TimeWindow,
    on_progress: Callable[[str], None],
) -> ReplayResult:
    """Have the workflow replay the window onto the bus, and follow it to its end.

    Args:
        readers: By queue name, its reader and the ids of the events that came to it live.
        unfollowed: How many events were archived that no such queue follows.
        on_progress: Hears the time of the event that was replayed last.
    """
    archived = aws.client("events").describe_archive(ArchiveName=resources.archive_name)
    workflows = aws.client("stepfunctions")
    started = workflows.start_execution(
        stateMachineArn=resources.replay_workflow_arn,
        input=json.dumps({"from": instant_text(window.start), "to": instant_text(window.end)}),
    )
    outcome = ReplayRun(workflows, started["executionArn"]).follow(
        lambda reached: on_progress(instant_text(reached))
    )
    # A replay that was refused has no name, and delivers nothing.
    name = str(outcome.report["replayName"]) if outcome.succeeded else ""
    delivered = {
        queue: sorted(event.id for event in reader.read_until_seen(event_ids, replay_name=name))
        if outcome.succeeded
        else []
        for queue, (reader, event_ids) in readers.items()
    }
    return ReplayResult(
        name=name,
        state=str(outcome.report["state"])
        if outcome.succeeded
        else f"{outcome.error}: {outcome.cause}",
        archived=archived["EventCount"],
        expected_archived=unfollowed + sum(len(ids) for _, ids in readers.values()),
        delivered=delivered,
        expected_delivered={queue: sorted(event_ids) for queue, (_, event_ids) in readers.items()},
    )
