"""The states of the replay workflow: check the request, start, follow, report."""

from aws_cdk import Duration
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from constructs_lib.choreography._replay_checks import (
    FROM,
    RULES,
    TO,
    check_request,
    require_kept,
    require_no_overlap,
    require_rules,
)
from constructs_lib.choreography._replay_tasks import (
    ReplayTarget,
    catch_failure,
    jsonata,
    replay_task,
    retry_transient,
)
from constructs_lib.orchestration.sdk_task import SdkTask

FAILED = "Replay.Failed"
CANCELLED = "Replay.Cancelled"
TIMED_OUT = "Replay.TimedOut"

# AWS advises to let an event rest so long before a replay. Source: EventBridge user guide,
# "Archiving and replaying events", event delivery (read 2026-11-23).
_ARCHIVE_DELAY_MINUTES = 10


def replay_chain(
    scope: Construct, *, target: ReplayTarget, timeout: Duration, poll_interval: Duration
) -> sfn.IChainable:
    """Refuse what cannot be replayed as asked; start the rest, wait for its end and report."""
    broken = sfn.Fail.jsonata(
        scope, "Replay failed", error="{% $failure.Error %}", cause="{% $failure.Cause %}"
    )
    follow = _follow(scope, target, broken, poll_interval)
    start = _start(scope, target, broken, follow, timeout).next(follow)
    alone = require_no_overlap(scope, target, broken, start)
    known = require_rules(scope, target, broken, alone)
    kept = require_kept(scope, target, broken, known)
    plan = sfn.Pass.jsonata(
        scope,
        "Plan replay",
        assign={
            "windowStart": f"{{% $toMillis({FROM}) %}}",
            "windowEnd": f"{{% $toMillis({TO}) %}}",
            "rules": f"{{% $exists({RULES}) and {RULES} != null ? {RULES} : [] %}}",
            # The same in every attempt of one execution, and in no other execution.
            "replayName": f"{{% '{target.name_prefix}'"
            " & $substring($replace($states.context.Execution.Name, /[^-_.A-Za-z0-9]/, '-'), 0, 20)"
            " & '-' & $substring($hash($states.context.Execution.Id"
            " & $states.context.Execution.StartTime, 'SHA-256'), 0, 12) %}",
            "mayBeIncomplete": f"{{% $toMillis({TO})"
            f" > $millis() - {_ARCHIVE_DELAY_MINUTES} * 60000 %}}",
        },
        outputs={},
    )
    return check_request(scope).otherwise(plan.next(kept))


def _start(
    scope: Construct,
    target: ReplayTarget,
    broken: sfn.Fail,
    following: sfn.IChainable,
    timeout: Duration,
) -> SdkTask:
    deadline = {"deadline": f"{{% $millis() + {timeout.to_seconds()} * 1000 %}}"}
    start = SdkTask(
        scope,
        "Start replay",
        service="eventbridge",
        action="startReplay",
        parameters={
            "ReplayName": "{% $replayName %}",
            "EventSourceArn": target.archive_arn,
            "EventStartTime": "{% $fromMillis($windowStart) %}",
            "EventEndTime": "{% $fromMillis($windowEnd) %}",
            "Destination": f"{{% $merge([{{'Arn': '{target.bus_arn}'}},"
            " $count($ruleArns) > 0 ? {'FilterArns': $ruleArns} : {}]) %}",
        },
        iam_resources=[target.archive_arn, target.bus_arn, target.replay_arns],
        assign=deadline,
        outputs={},
    )
    retry_transient(start)
    # An earlier attempt of this execution started it, though its answer was lost.
    start.add_catch(
        following, errors=["EventBridge.ResourceAlreadyExistsException"], assign=deadline
    )
    catch_failure(start, broken)
    return start


def _follow(
    scope: Construct, target: ReplayTarget, broken: sfn.Fail, poll_interval: Duration
) -> sfn.IChainable:
    wait = sfn.Wait.jsonata(scope, "Wait for replay", time=sfn.WaitTime.duration(poll_interval))
    look = replay_task(
        scope,
        "Look at replay",
        broken,
        action="describeReplay",
        parameters={"ReplayName": "{% $replayName %}"},
        iam_resources=[target.replay_arns],
        assign={"replay": "{% $states.result %}"},
        outputs={},
    )
    reason = "($exists($replay.StateReason) ? $replay.StateReason : 'no reason given')"
    judge = (
        sfn.Choice.jsonata(scope, "Has the replay ended?")
        .when(jsonata("$replay.State = 'COMPLETED'"), _report(scope))
        .when(
            jsonata("$replay.State = 'FAILED'"),
            sfn.Fail.jsonata(
                scope,
                "EventBridge gave up",
                error=FAILED,
                cause=f"{{% $replayName & ' has failed: ' & {reason} & '; replay again from ' & "
                "($exists($replay.EventLastReplayedTime) ? $replay.EventLastReplayedTime"
                " : $fromMillis($windowStart)) %}",
            ),
        )
        .when(
            jsonata("$replay.State = 'CANCELLED'"),
            sfn.Fail.jsonata(
                scope,
                "Somebody cancelled",
                error=CANCELLED,
                cause="{% $replayName & ' was cancelled; events up to ' & "
                "($exists($replay.EventLastReplayedTime) ? $replay.EventLastReplayedTime"
                " : 'none') & ' have been replayed' %}",
            ),
        )
        .when(jsonata("$millis() >= $deadline"), _cancel(scope, target))
        .otherwise(wait)
    )
    return wait.next(look).next(judge)


def _cancel(scope: Construct, target: ReplayTarget) -> sfn.IChainable:
    give_up = sfn.Fail.jsonata(
        scope,
        "Replay took too long",
        error=TIMED_OUT,
        cause="{% $replayName & ' was asked to stop, having replayed up to ' & "
        "($exists($replay.EventLastReplayedTime) ? $replay.EventLastReplayedTime : 'none')"
        " & '; replay the rest in smaller windows, or allow a longer timeout' %}",
    )
    return replay_task(
        scope,
        "Cancel replay",
        give_up,
        action="cancelReplay",
        parameters={"ReplayName": "{% $replayName %}"},
        iam_resources=[target.replay_arns],
        outputs={},
    ).next(give_up)


def _report(scope: Construct) -> sfn.Pass:
    def or_null(member: str) -> str:
        return f"{{% $exists($replay.{member}) ? $replay.{member} : null %}}"

    return sfn.Pass.jsonata(
        scope,
        "Report replay",
        outputs={
            "replayName": "{% $replayName %}",
            "replayArn": "{% $replay.ReplayArn %}",
            "state": "{% $replay.State %}",
            "from": "{% $fromMillis($windowStart) %}",
            "to": "{% $fromMillis($windowEnd) %}",
            "rules": "{% $ruleArns %}",
            "eventLastReplayedTime": or_null("EventLastReplayedTime"),
            "startedAt": or_null("ReplayStartTime"),
            "endedAt": or_null("ReplayEndTime"),
            "durationSeconds": "{% $exists($replay.ReplayEndTime)"
            " ? ($toMillis($replay.ReplayEndTime) - $toMillis($replay.ReplayStartTime)) / 1000"
            " : null %}",
            "warning": "{% $mayBeIncomplete ? 'the window ended less than "
            f"{_ARCHIVE_DELAY_MINUTES} minutes before the replay: the last events may not have "
            "been in the archive yet' : null %}",
        },
    )
