"""What the replay workflow's states have in common: target, tasks, retries."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from constructs_lib.orchestration.retry_policies import ANY_FAILURE
from constructs_lib.orchestration.sdk_task import SdkTask

# These stay as they are however often one asks; what else may pass is tried again.
_PERMANENT = [
    f"EventBridge.{name}Exception"
    for name in (
        "AccessDenied",
        "IllegalStatus",
        "InvalidEventPattern",
        "LimitExceeded",
        "ResourceAlreadyExists",
        "ResourceNotFound",
    )
]


@dataclass(frozen=True, kw_only=True)
class ReplayTarget:
    """What is replayed, where to, and under which names; ARNs as IAM and the API want them."""

    archive_arn: str
    archive_name: str
    bus_arn: str
    bus_name: str
    name_prefix: str
    replay_arns: str
    rule_arns: Sequence[str]


def replay_task(
    scope: Construct,
    name: str,
    on_failure: sfn.Fail,
    *,
    action: str,
    parameters: dict[str, object],
    iam_resources: Sequence[str],
    assign: dict[str, str] | None = None,
    outputs: object,
) -> SdkTask:
    """One call of EventBridge, retried where that may help; ``on_failure`` ends the rest."""
    task = SdkTask(
        scope,
        name,
        service="eventbridge",
        action=action,
        parameters=parameters,
        iam_resources=iam_resources,
        assign=assign,
        outputs=outputs,
    )
    retry_transient(task)
    catch_failure(task, on_failure)
    return task


def retry_transient(task: SdkTask) -> None:
    """Try again what may pass. All tasks may run twice: StartReplay has a name of its own."""
    task.add_retry(errors=_PERMANENT, max_attempts=0)
    ANY_FAILURE.add_to(task)


def catch_failure(task: SdkTask | sfn.Map, on_failure: sfn.Fail) -> None:
    """Go to ``on_failure`` with the error in the variable ``failure``."""
    task.add_catch(
        on_failure,
        errors=[sfn.Errors.ALL],
        assign={"failure": "{% $states.errorOutput %}"},
    )


def jsonata(expression: str) -> sfn.Condition:
    """The condition of a Choice."""
    return sfn.Condition.jsonata(f"{{% {expression} %}}")
