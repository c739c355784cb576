"""The states that refuse what cannot be replayed as asked, each by its name."""

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from constructs_lib.choreography._replay_tasks import (
    ReplayTarget,
    catch_failure,
    jsonata,
    replay_task,
    retry_transient,
)
from constructs_lib.orchestration.sdk_task import SdkTask

INVALID_WINDOW = "Replay.InvalidWindow"
WINDOW_IN_FUTURE = "Replay.WindowInFuture"
WINDOW_BEFORE_RETENTION = "Replay.WindowBeforeRetention"
WINDOW_OVERLAPS = "Replay.WindowOverlaps"
UNKNOWN_RULE = "Replay.UnknownRule"
_DATE = (
    "[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
    "|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|[12][0-9]))"
)
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]+)?"
_OFFSET = "(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
_INSTANT = f"/^{_DATE}T{_TIME}{_OFFSET}$/"
FROM, TO, RULES = (f"$states.input.{name}" for name in ("from", "to", "rules"))


def check_request(scope: Construct) -> sfn.Choice:
    def refusal(name: str, error: str, cause: str) -> sfn.Fail:
        return sfn.Fail.jsonata(scope, name, error=error, cause=f"{{% {cause} %}}")

    def given(value: str) -> str:
        return f"($exists({value}) ? $substring($string({value}), 0, 200) : 'nothing')"

    def is_instant(value: str) -> str:
        return f"($type({value}) = 'string' and $contains({value}, {_INSTANT}))"

    window = f"{given(FROM)} & ' to ' & {given(TO)}"
    rules_are_texts = (
        f"$type({RULES}) = 'array' and $count({RULES}) > 0"
        f" and $count({RULES}[$type($) = 'string' and $contains($, /[^\\/]$/)])"
        f" = $count({RULES})"
    )
    return (
        sfn.Choice.jsonata(scope, "Check request")
        .when(
            jsonata(f"$not({is_instant(FROM)} and {is_instant(TO)})"),
            refusal(
                "Refuse what is no window",
                INVALID_WINDOW,
                "'from and to must be instants in ISO 8601 with seconds and offset, got ' & "
                f"{window} & '; write them as 2026-11-23T10:00:00Z'",
            ),
        )
        .when(
            jsonata(f"$toMillis({FROM}) >= $toMillis({TO})"),
            refusal(
                "Refuse empty window",
                INVALID_WINDOW,
                f"'from must be before to, got ' & {window} & '; change them round'",
            ),
        )
        .when(
            jsonata(f"$toMillis({TO}) > $millis()"),
            refusal(
                "Refuse future window",
                WINDOW_IN_FUTURE,
                f"'to must not be in the future, got ' & {TO} & ' at ' & $now() & "
                "'; nothing is in the archive yet: end the window now or earlier'",
            ),
        )
        .when(
            jsonata(f"$exists({RULES}) and {RULES} != null and $not({rules_are_texts})"),
            refusal(
                "Refuse what are no rules",
                UNKNOWN_RULE,
                f"'rules must be a list of one or more names or ARNs, got ' & {given(RULES)} & "
                "'; leave it out to replay to every rule of the bus'",
            ),
        )
    )


def require_kept(
    scope: Construct, target: ReplayTarget, broken: sfn.Fail, following: sfn.IChainable
) -> sfn.IChainable:
    look = replay_task(
        scope,
        "Look up archive",
        broken,
        action="describeArchive",
        parameters={"ArchiveName": target.archive_name},
        iam_resources=[target.archive_arn],
        assign={
            "retentionDays": "{% $exists($states.result.RetentionDays)"
            " ? $states.result.RetentionDays : 0 %}"
        },
        outputs={},
    )
    kept_since = "$millis() - $retentionDays * 86400000"
    refuse = sfn.Fail.jsonata(
        scope,
        "Refuse window before retention",
        error=WINDOW_BEFORE_RETENTION,
        cause="{% 'from must be within the ' & $retentionDays & ' days that the archive keeps "
        "events, got ' & $fromMillis($windowStart) & '; what happened before ' & "
        f"$fromMillis({kept_since}) & ' is gone: start there or later' %}}",
    )
    return look.next(
        sfn.Choice.jsonata(scope, "Is the window kept?")
        .when(jsonata(f"$retentionDays > 0 and $windowStart < {kept_since}"), refuse)
        .otherwise(following)
    )


def require_rules(
    scope: Construct, target: ReplayTarget, broken: sfn.Fail, following: sfn.IChainable
) -> sfn.IChainable:
    describe = SdkTask(
        scope,
        "Look up rule",
        service="eventbridge",
        action="describeRule",
        parameters={
            # A name stands for itself; of an ARN it is the last part.
            "Name": "{% $split($states.input, '/')[-1] %}",
            "EventBusName": target.bus_name,
        },
        iam_resources=target.rule_arns,
        outputs="{% $states.result.Arn %}",
    )
    retry_transient(describe)
    look = sfn.Map.jsonata(
        scope,
        "Look up rules",
        items=sfn.ProvideItems.jsonata("{% $rules %}"),
        max_concurrency=5,
        assign={"ruleArns": "{% $states.result %}"},
        outputs={},
    ).item_processor(describe)
    refuse = sfn.Fail.jsonata(
        scope,
        "Refuse unknown rule",
        error=UNKNOWN_RULE,
        cause="{% 'rules must be rules of the bus of the archive, got ' & $string($rules)"
        " & ($exists($failure) ? ' (' & $failure.Cause & ')' : '')"
        " & '; list them with: aws events list-rules --event-bus-name " + target.bus_name + "' %}",
    )
    look.add_catch(
        refuse,
        errors=["EventBridge.ResourceNotFoundException"],
        assign={"failure": "{% $states.errorOutput %}"},
    )
    catch_failure(look, broken)
    return look.next(
        sfn.Choice.jsonata(scope, "Are they rules of the bus?")
        .when(
            jsonata("$count($rules[$contains($, ':') and $not($ in $ruleArns)]) > 0"),
            refuse,
        )
        .otherwise(following)
    )


def require_no_overlap(
    scope: Construct, target: ReplayTarget, broken: sfn.Fail, following: sfn.IChainable
) -> sfn.IChainable:
    # Ten replays at most are active at once: one page holds them all. Listed in this order, one
    # that goes on from starting to running meanwhile is seen all the same.
    def listing(name: str, state: str, assign: dict[str, str]) -> SdkTask:
        return replay_task(
            scope,
            name,
            broken,
            action="listReplays",
            parameters={"State": state, "Limit": 100},
            # There is no resource to name: ListReplays is of the account.
            iam_resources=["*"],
            assign=assign,
            outputs={},
        )

    starting = listing(
        "List starting replays", "STARTING", {"starting": "{% $states.result.Replays %}"}
    )
    running = listing(
        "List running replays",
        "RUNNING",
        {
            "overlapping": "{% [$append($starting, $states.result.Replays)"
            f"[EventSourceArn = '{target.archive_arn}' and ReplayName != $replayName"
            " and $toMillis(EventStartTime) < $windowEnd"
            " and $toMillis(EventEndTime) > $windowStart]] %}"
        },
    )
    refuse = sfn.Fail.jsonata(
        scope,
        "Refuse overlapping window",
        error=WINDOW_OVERLAPS,
        cause="{% 'the window must not overlap that of a replay under way, got ' & "
        "$fromMillis($windowStart) & ' to ' & $fromMillis($windowEnd) & ' beside ' & "
        "$overlapping[0].ReplayName & ' of ' & $overlapping[0].EventStartTime & ' to ' & "
        "$overlapping[0].EventEndTime & '; wait for its end, or cancel it' %}",
    )
    return starting.next(running).next(
        sfn.Choice.jsonata(scope, "Does another replay overlap?")
        .when(jsonata("$count($overlapping) > 0"), refuse)
        .otherwise(following)
    )
