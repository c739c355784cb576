"""Keeping events for later replay."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from constructs_lib.choreography._bus_keys import let_archive_use_key
from constructs_lib.choreography.rendered_pattern import EventPatternLike, rendered_pattern
from constructs_lib.event_patterns.grammar import require_valid_pattern
from constructs_lib.event_patterns.traps import require_useful_pattern
from constructs_lib.validation import require_between

# AWS asks for a pattern; every event has a source.
_EVERY_EVENT = events.EventPattern(source=events.Match.exists())


class EventArchive(Construct):
    """Keep the events of ``event_bus`` (which stays the caller's) for later replay.

    Args:
        event_bus: The bus whose events are kept; the only bus they can be replayed to.
        event_pattern: Which events are kept: CDK's ``EventPattern``, the pattern as JSON has it, or
            a contract; all of them when not given.
        retention_days: Days each event is kept, 1 to 3650; there is no "for ever" by accident.
        kms_key: Customer key for the kept events; AWS's own when not given. The policy of a key of
            this app is extended; a warning says what that of an imported key must allow.
        description: What the archive is for, in the console.
    Raises:
        ConfigError: ``retention_days`` is out of range, or ``event_pattern`` is one that
            EventBridge refuses or that matches no event.
    Source: AWS::Events::Archive; EventBridge pricing, archive $0.10 per GB processed and $0.023
        per GB-month (us-east-1); service authorization reference, events:StartReplay; EventBridge
        user guide, "Encrypting archives with AWS KMS keys" (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        event_bus: events.IEventBus,
        event_pattern: EventPatternLike | None = None,
        retention_days: int = 30,
        kms_key: kms.IKey | None = None,
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
        pattern = rendered_pattern(_EVERY_EVENT if event_pattern is None else event_pattern)
        resolved = Stack.of(self).resolve(pattern)
        require_valid_pattern(resolved)
        require_useful_pattern(resolved)
        self.event_bus = event_bus
        self.archive = events.Archive(
            self,
            "Resource",
            source_event_bus=event_bus,
            event_pattern=_EVERY_EVENT,
            retention=Duration.days(retention_days),
            description=description,
        )
        resource = self.archive.node.default_child
        assert isinstance(resource, events.CfnArchive)  # noqa: S101 - what the L2 is made of
        # CDK's pattern has no place for all that EventBridge takes, such as $or.
        resource.event_pattern = pattern
        # CDK writes an empty text where there is no key, which EventBridge has refused with a
        # GeneralServiceException: aws/aws-cdk, issue 37847 (read 2026-11-27).
        resource.kms_key_identifier = None
        if kms_key is not None:
            let_archive_use_key(self, kms_key, event_bus)
            resource.kms_key_identifier = kms_key.key_arn

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
