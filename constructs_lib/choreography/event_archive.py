"""Keeping events for later replay."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from constructs_lib.validation import require_between


class EventArchive(Construct):
    """Keep the events of ``event_bus`` (which stays the caller's) for later replay.

    Args:
        event_bus: The bus whose events are kept; the only bus they can be replayed to.
        event_pattern: Which events are kept; all of them when not given.
        retention_days: Days each event is kept, 1 to 3650; there is no "for ever" by accident.
        description: What the archive is for, in the console.
    Raises:
        ConfigError: ``retention_days`` is out of range.
    Source: AWS::Events::Archive; EventBridge pricing, archive $0.10 per GB processed and $0.023
        per GB-month (us-east-1); service authorization reference, events:StartReplay (read
        2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        event_bus: events.IEventBus,
        event_pattern: events.EventPattern | None = None,
        retention_days: int = 30,
        description: str | None = None,
    ) -> None:
        super().__init__(scope, id_)
        require_between(
            "retention_days",
            retention_days,
            1,
            3650,
            remedy="pass the days you are willing to pay for",
        )
        self.event_bus = event_bus
        self.archive = events.Archive(
            self,
            "Resource",
            source_event_bus=event_bus,
            # AWS asks for a pattern; every event has a source.
            event_pattern=event_pattern or events.EventPattern(source=events.Match.exists()),
            retention=Duration.days(retention_days),
            description=description,
        )

    def grant_replay(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let ``grantee`` replay this archive onto its bus and follow or cancel the replays.

        IAM checks StartReplay on the archive and the bus; the other actions on the replay, whose
        name is chosen when it starts.
        """
        replays = Stack.of(self).format_arn(service="events", resource="replay", resource_name="*")
        started = iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["events:StartReplay"],
            resource_arns=[self.archive.archive_arn, self.event_bus.event_bus_arn, replays],
        )
        followed = iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["events:DescribeReplay", "events:CancelReplay"],
            resource_arns=[replays],
        )
        return started.combine(followed)
