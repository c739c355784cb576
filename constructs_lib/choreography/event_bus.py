"""The application's own event bus."""

from collections.abc import Sequence

from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from constructs_lib.choreography.event_archive import EventArchive
from constructs_lib.choreography.subscription import Subscription
from constructs_lib.validation import ConfigError


class AppEventBus(Construct):
    """Create a custom event bus with an archive of everything that is published on it.

    Args:
        archive_retention_days: Days each event is kept for replay, 1 to 3650; ``None`` makes no
            archive.
        description: What the bus is for, in the console.
    Raises:
        ConfigError: ``archive_retention_days`` is out of range.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        archive_retention_days: int | None = 30,
        description: str | None = None,
    ) -> None:
        super().__init__(scope, id_)
        self.event_bus = events.EventBus(self, "Resource", description=description)
        self.archive = (
            None
            if archive_retention_days is None
            else EventArchive(
                self,
                "Archive",
                event_bus=self.event_bus,
                retention_days=archive_retention_days,
            )
        )

    def subscribe(
        self, id_: str, *, event_pattern: events.EventPattern, target: events.IRuleTarget
    ) -> Subscription:
        """Deliver matching events to ``target``; for more options make a ``Subscription``."""
        return Subscription(
            self, id_, event_bus=self.event_bus, event_pattern=event_pattern, target=target
        )

    def grant_publish(self, grantee: iam.IGrantable, *, sources: Sequence[str]) -> iam.Grant:
        """Let ``grantee`` publish events on this bus under the given ``sources`` only.

        Raises:
            ConfigError: ``sources`` is empty.
        Source: EventBridge user guide, "Using IAM policy conditions", events:source (read
            2026-11-23).
        """
        if not sources or isinstance(sources, str):
            raise ConfigError(
                f"sources must be a list of at least one event source, got {sources!r}; "
                "name the services that publish, for example ['sign-up']"
            )
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["events:PutEvents"],
            resource_arns=[self.event_bus.event_bus_arn],
            conditions={
                "ForAllValues:StringEquals": {"events:source": list(sources)},
                # ForAllValues is also true where the key is missing.
                "Null": {"events:source": "false"},
            },
        )
