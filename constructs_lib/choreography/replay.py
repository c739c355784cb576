"""Deliver archived events once more, watched from start to end."""

from aws_cdk import Duration, Names, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from constructs_lib.choreography._replay_tasks import ReplayTarget
from constructs_lib.choreography.event_archive import EventArchive
from constructs_lib.choreography.replay_states import replay_chain
from constructs_lib.orchestration.workflow import Workflow
from constructs_lib.validation import require_between

_DEFAULT_TIMEOUT = Duration.hours(12)
_DEFAULT_POLL_INTERVAL = Duration.seconds(30)
# One look is nine events of the 25,000 that a history may have.
# Source: Step Functions developer guide, "Service quotas" (read 2026-11-23).
_MOST_LOOKS = 2_400
# Names of replays have 64 characters; 33 are for the execution's part of it.
_PREFIX_CHARACTERS = 30


class Replay(Construct):
    """Replay a window of an archive onto its bus: refuse, start, follow, report.

    Creates a Standard workflow. ``archive`` and its bus stay the caller's; the workflow may replay
    this archive to this bus under names of its own, and nothing else.

    Start it with ``{"from": "2026-11-23T10:00:00Z", "to": "2026-11-23T11:00:00Z"}``, instants in
    ISO 8601 with their offset; ``"rules": ["name or ARN", …]`` chooses who gets the events, every
    rule of the bus that matches if it is left out. ``to`` itself is not in the window. Or let
    ``duet replay`` do it.

    It ends with ``replayName`` (which replayed events carry as ``replay-name``), ``replayArn``,
    ``from``, ``to``, ``rules``, ``startedAt``, ``endedAt``, ``durationSeconds``,
    ``eventLastReplayedTime`` (null if there was nothing to replay) and ``warning``. EventBridge
    tells no number of events. What it refuses ends red, with a cause that says what to do:

    * ``Replay.InvalidWindow``: no two instants, or ``from`` is not before ``to``;
    * ``Replay.WindowInFuture``: ``to`` is still to come;
    * ``Replay.WindowBeforeRetention``: the archive no longer has the events at ``from``;
    * ``Replay.WindowOverlaps``: another replay of the archive, of whoever, is in that window. Two
      that are started within the same moment may both pass;
    * ``Replay.UnknownRule``: a rule is not one of the bus.

    ``Replay.Failed`` and ``Replay.Cancelled`` are how EventBridge ended it; ``Replay.TimedOut``
    comes with the replay cancelled. Other errors are those of EventBridge, of which
    ``EventBridge.LimitExceededException`` means that ten replays run in the account. Stopping the
    execution does not stop the replay.

    An event may take up to ten minutes into the archive: a window that ended since has a
    ``warning``. Consumers get events again, in another order: they must be idempotent.

    Args:
        archive: What is replayed, and the bus it came from.
        timeout: Longest time for one replay, 12 hours by default; then it is cancelled.
        poll_interval: Time between two looks at the replay, 30 seconds by default.
        removal_policy: What becomes of the log group when the stack is deleted.
    Raises:
        ConfigError: ``timeout`` or ``poll_interval`` is out of range, or there are more than 2,400
            looks in ``timeout``, which the execution's history could not hold.
    Source: EventBridge user guide, "Archiving and replaying events", "Replaying archived events";
        API reference, StartReplay, Replay; service authorization reference, EventBridge (read
        2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        archive: EventArchive,
        timeout: Duration | None = None,
        poll_interval: Duration | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.DESTROY,
    ) -> None:
        timeout = timeout or _DEFAULT_TIMEOUT
        poll_interval = poll_interval or _DEFAULT_POLL_INTERVAL
        _check(timeout, poll_interval)
        super().__init__(scope, id_)
        self.archive = archive
        self.workflow = Workflow(
            self,
            "Workflow",
            definition=replay_chain(
                self, target=self._target(archive), timeout=timeout, poll_interval=poll_interval
            ),
            # The states end it in time; this is for what they did not foresee.
            timeout=timeout.plus(Duration.hours(1)),
            removal_policy=removal_policy,
        )
        self.state_machine = self.workflow.state_machine

    def grant_start(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let ``grantee`` start replays and follow them, as ``duet replay`` does."""
        started = self.workflow.grant_start_execution(grantee)
        followed = self.state_machine.grant_execution(
            grantee, "states:DescribeExecution", "states:GetExecutionHistory"
        )
        return started.combine(followed)

    def _target(self, archive: EventArchive) -> ReplayTarget:
        stack = Stack.of(self)
        bus = archive.event_bus
        name = Names.unique_resource_name(self, max_length=_PREFIX_CHARACTERS, separator="-")
        prefix = f"{name}-"

        def arn(resource: str, resource_name: str) -> str:
            return stack.format_arn(
                service="events", resource=resource, resource_name=resource_name
            )

        return ReplayTarget(
            archive_arn=archive.archive.archive_arn,
            archive_name=archive.archive.archive_name,
            bus_arn=bus.event_bus_arn,
            bus_name=bus.event_bus_name,
            name_prefix=prefix,
            replay_arns=arn("replay", f"{prefix}*"),
            rule_arns=[arn("rule", "*")]
            if bus.event_bus_name == "default"
            else [arn("rule", f"{bus.event_bus_name}/*")],
        )


def _check(timeout: Duration, poll_interval: Duration) -> None:
    if timeout.is_unresolved() or poll_interval.is_unresolved():
        return
    seconds = timeout.to_seconds(integral=False)
    interval = poll_interval.to_seconds(integral=False)
    require_between(
        "poll_interval in seconds", interval, 1, 3600, remedy="Step Functions waits whole seconds"
    )
    require_between(
        "timeout in seconds",
        seconds,
        interval,
        interval * _MOST_LOOKS,
        remedy="raise poll_interval for what lasts longer: one history holds "
        f"{_MOST_LOOKS} looks at the replay",
    )
