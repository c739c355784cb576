"""The application's own event bus."""

from collections.abc import Mapping, Sequence

from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from constructs_lib.choreography._bus_keys import (
    let_bus_check_key,
    let_bus_send_with_key,
    unreferenced_bus_arn,
)
from constructs_lib.choreography._queues import safe_queue
from constructs_lib.choreography._safe_target import check_dead_letter_queue
from constructs_lib.choreography.event_archive import EventArchive
from constructs_lib.choreography.rendered_pattern import EventPatternLike
from constructs_lib.choreography.subscription import Subscription
from constructs_lib.observability import BusLogs
from constructs_lib.validation import ConfigError, require_match


class AppEventBus(Construct):
    """Create a custom event bus with an archive of what is published on it, and its error log.

    With a customer key comes a dead-letter queue, for events that EventBridge cannot encrypt or
    decrypt because the key is disabled or gone. It has SQS's own encryption for that reason: a
    queue under the same key could not take them either.

    Publishers need no right on the key. Whoever deploys rules on the bus needs ``kms:Decrypt``.

    Args:
        archive_retention_days: Days each event is kept for replay, 1 to 3650; ``None`` makes no
            archive.
        archive_pattern: Which events the archive keeps; all of them when not given.
        kms_key: Customer key for bus, archive and log; AWS's own when not given. The policy of a
            key of this app is extended; warnings say what that of an imported key must allow.
        dead_letter_queue: Standard queue for events that the bus cannot encrypt or decrypt; made
            where there is a ``kms_key`` when not given.
        log_level: What of the bus's work is logged, without the events themselves; ``OFF`` makes no
            log.
        description: What the bus is for, in the console.
    Raises:
        ConfigError: ``archive_retention_days`` is out of range, ``archive_pattern`` is given
            without an archive or matches no event, or ``dead_letter_queue`` is a FIFO queue or
            elsewhere.
    Source: EventBridge user guide, "Encrypting event buses with AWS KMS keys" and "Using
        dead-letter queues to capture encrypted event errors" (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        archive_retention_days: int | None = 30,
        archive_pattern: EventPatternLike | None = None,
        kms_key: kms.IKey | None = None,
        dead_letter_queue: sqs.IQueue | None = None,
        log_level: events.Level = events.Level.ERROR,
        description: str | None = None,
    ) -> None:
        super().__init__(scope, id_)
        if archive_pattern is not None and archive_retention_days is None:
            raise ConfigError(
                "archive_pattern must come with archive_retention_days, got None for the days; "
                "say how long the events are kept, or leave the pattern out"
            )
        if dead_letter_queue is not None:
            check_dead_letter_queue(self, dead_letter_queue)
        elif kms_key is not None:
            dead_letter_queue = safe_queue(self, "DeadLetters")
        self.dead_letter_queue = dead_letter_queue
        self.event_bus = events.EventBus(
            self,
            "Resource",
            description=description,
            kms_key=kms_key,
            dead_letter_queue=dead_letter_queue,
        )
        if kms_key is not None:
            let_bus_check_key(self, kms_key)
        if dead_letter_queue is not None:
            self._let_bus_send_to(dead_letter_queue)
        self.logs = (
            None
            if log_level is events.Level.OFF
            else BusLogs(self, "Logs", event_bus=self.event_bus, level=log_level, kms_key=kms_key)
        )
        self.archive = (
            None
            if archive_retention_days is None
            else EventArchive(
                self,
                "Archive",
                event_bus=self.event_bus,
                event_pattern=archive_pattern,
                retention_days=archive_retention_days,
                kms_key=kms_key,
            )
        )

    def subscribe(
        self, id_: str, *, event_pattern: EventPatternLike, target: events.IRuleTarget
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
        return iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["events:PutEvents"],
            resource_arns=[self.event_bus.event_bus_arn],
            conditions=_publishing(sources),
        )

    def allow_publish_from_accounts(
        self,
        id_: str,
        *,
        accounts: Sequence[str],
        sources: Sequence[str],
        detail_types: Sequence[str] | None = None,
    ) -> events.CfnEventBusPolicy:
        """Let other AWS accounts publish, under the given ``sources`` and ``detail_types`` only.

        Those accounts grant their own principals the right as well. ``id_`` names the statement.

        Raises:
            ConfigError: An account is not twelve digits, a list is empty, or ``id_`` cannot name a
                statement.
        Source: EventBridge user guide, "Permissions for event buses" (read 2026-11-23).
        """
        _require_list("accounts", accounts, remedy="name the accounts that publish")
        for account in accounts:
            require_match(
                "accounts",
                account,
                r"\d{12}",
                rule="be account ids of twelve digits",
                remedy="copy them from the accounts' settings",
            )
        principals = [iam.AccountPrincipal(account) for account in accounts]
        return self._allow_publish(id_, principals, _publishing(sources, detail_types))

    def allow_publish_from_organization(
        self,
        id_: str,
        *,
        organization_id: str,
        sources: Sequence[str],
        detail_types: Sequence[str] | None = None,
    ) -> events.CfnEventBusPolicy:
        """Let an AWS organization's accounts publish, under the given sources and detail types.

        Those accounts grant their own principals the right as well. ``id_`` names the statement.

        Raises:
            ConfigError: ``organization_id`` is not one, a list is empty, or ``id_`` cannot name a
                statement.
        Source: EventBridge user guide, "Permissions for event buses" (read 2026-11-23).
        """
        require_match(
            "organization_id",
            organization_id,
            r"o-[a-z0-9]{10,32}",
            rule="be 'o-' and 10 to 32 lower-case letters or digits",
            remedy="copy it from AWS Organizations",
        )
        principals = [iam.OrganizationPrincipal(organization_id)]
        return self._allow_publish(id_, principals, _publishing(sources, detail_types))

    def _allow_publish(
        self,
        id_: str,
        principals: Sequence[iam.IPrincipal],
        conditions: Mapping[str, Mapping[str, object]],
    ) -> events.CfnEventBusPolicy:
        require_match(
            "id_",
            id_,
            r"[a-zA-Z0-9_-]{1,64}",
            rule="be 1 to 64 letters, digits, hyphens or underscores",
            remedy="it names the statement in the bus's policy",
        )
        statement = iam.PolicyStatement(
            sid=id_,
            principals=list(principals),
            actions=["events:PutEvents"],
            resources=[self.event_bus.event_bus_arn],
            conditions=conditions,
        )
        # CDK's EventBusPolicy cannot render the PolicyStatement that it asks for.
        return events.CfnEventBusPolicy(
            self,
            id_,
            event_bus_name=self.event_bus.event_bus_name,
            statement_id=id_,
            statement=statement.to_statement_json(),
        )

    def _let_bus_send_to(self, queue: sqs.IQueue) -> None:
        queue.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["sqs:SendMessage"],
                resources=[queue.queue_arn],
                conditions={"ArnEquals": {"aws:SourceArn": unreferenced_bus_arn(self.event_bus)}},
            )
        )
        if queue.encryption_master_key is not None:
            let_bus_send_with_key(self, queue.encryption_master_key, self.event_bus)


def _publishing(
    sources: Sequence[str], detail_types: Sequence[str] | None = None
) -> Mapping[str, Mapping[str, object]]:
    """The conditions under which PutEvents is of these sources and, if given, detail types only."""
    _require_list(
        "sources", sources, remedy="name the services that publish, for example ['sign-up']"
    )
    allowed = {"events:source": list(sources)}
    if detail_types is not None:
        _require_list(
            "detail_types", detail_types, remedy="name the events, for example ['UserSignedUp']"
        )
        allowed["events:detail-type"] = list(detail_types)
    return {
        "ForAllValues:StringEquals": allowed,
        # ForAllValues is also true where the key is missing.
        "Null": dict.fromkeys(allowed, "false"),
    }


def _require_list(argument: str, values: Sequence[str], *, remedy: str) -> None:
    if not values or isinstance(values, str):
        raise ConfigError(f"{argument} must be a list of at least one, got {values!r}; {remedy}")
