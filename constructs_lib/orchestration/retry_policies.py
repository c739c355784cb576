"""Which task errors are transient, which are permanent, and how the transient ones are retried.

Permanent errors (a failed condition, a missing user, a bad parameter) are in no ready set: retrying
them costs transitions and hides the cause.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_stepfunctions as sfn

from constructs_lib.service_models.service_errors import (
    COGNITO_ERRORS,
    DYNAMODB_ERRORS,
    DYNAMODB_SDK_ERRORS,
    EVENTBRIDGE_ERRORS,
    LAMBDA_ERRORS,
    S3_ERRORS,
    SES_ERRORS,
    SNS_ERRORS,
    SNS_SDK_ERRORS,
    STEP_FUNCTIONS_ERRORS,
    ServiceErrors,
    errors_of,
)
from constructs_lib.validation import ConfigError, require_between

# Limit of MaxDelaySeconds. Source: Step Functions developer guide, "Handling errors" (2026-11-23).
_LONGEST_DELAY_SECONDS = 31_622_400


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """Errors worth another attempt, with back-off and FULL jitter.

    Args:
        errors: Step Functions error names.
        interval_seconds: Longest wait before the first retry.
        backoff_rate: Factor by which that wait grows.
        max_delay_seconds: Longest wait before any retry; more than ``interval_seconds``.
        max_attempts: Retries after the first attempt, 1 to 20.
    Raises:
        ConfigError: There is no error, or a number is out of range.
    """

    errors: Sequence[str]
    interval_seconds: int = 1
    backoff_rate: float = 2.0
    max_delay_seconds: int = 20
    max_attempts: int = 5

    def __post_init__(self) -> None:
        """Refuse what Step Functions refuses at deployment, and retries that hardly end."""
        if isinstance(self.errors, str) or not self.errors:
            raise ConfigError(
                f"errors must be a list of one or more error names, got {self.errors!r}; "
                "a policy without errors retries nothing"
            )
        require_between(
            "interval_seconds",
            self.interval_seconds,
            1,
            _LONGEST_DELAY_SECONDS - 1,
            remedy="Step Functions waits whole seconds",
        )
        require_between(
            "backoff_rate", self.backoff_rate, 1, 100, remedy="1 keeps every wait the same"
        )
        require_between(
            "max_delay_seconds",
            self.max_delay_seconds,
            self.interval_seconds + 1,
            _LONGEST_DELAY_SECONDS,
            remedy="Step Functions wants it longer than interval_seconds",
        )
        require_between(
            "max_attempts",
            self.max_attempts,
            1,
            20,
            remedy="each attempt costs a transition and keeps the caller waiting",
        )

    def add_to(self, task: sfn.TaskStateBase | sfn.Parallel | sfn.Map) -> None:
        """Add this policy to ``task``; FULL jitter spreads the retries of many executions."""
        task.add_retry(
            errors=list(self.errors),
            interval=Duration.seconds(self.interval_seconds),
            backoff_rate=self.backoff_rate,
            max_delay=Duration.seconds(self.max_delay_seconds),
            max_attempts=self.max_attempts,
            jitter_strategy=sfn.JitterType.FULL,
        )


# A task that timed out may or may not have had its effect: only tasks that may run twice use the
# ready sets.
_TIMEOUT = "States.Timeout"


def _ready(row: ServiceErrors) -> RetryPolicy:
    return RetryPolicy(errors=(*row.transient_errors, _TIMEOUT))


DYNAMODB_TRANSIENT = _ready(DYNAMODB_ERRORS)
DYNAMODB_SDK_TRANSIENT = _ready(DYNAMODB_SDK_ERRORS)
COGNITO_TRANSIENT = _ready(COGNITO_ERRORS)
SES_TRANSIENT = _ready(SES_ERRORS)
SNS_TRANSIENT = _ready(SNS_ERRORS)
SNS_SDK_TRANSIENT = _ready(SNS_SDK_ERRORS)
EVENTBRIDGE_TRANSIENT = _ready(EVENTBRIDGE_ERRORS)
STEP_FUNCTIONS_TRANSIENT = _ready(STEP_FUNCTIONS_ERRORS)
S3_TRANSIENT = _ready(S3_ERRORS)
#: Interval and attempts are AWS's; a function that times out here usually does so again.
LAMBDA_TRANSIENT = RetryPolicy(
    errors=LAMBDA_ERRORS.transient_errors,
    interval_seconds=2,
    max_delay_seconds=60,
    max_attempts=6,
)

#: For a task that may run twice and whose service is not in the table: whatever went wrong.
ANY_FAILURE = RetryPolicy(errors=("States.TaskFailed", _TIMEOUT))


def transient_policy(resource: str) -> RetryPolicy | None:
    """The ready set for a task, by its ``Resource``; None for a service not in the table."""
    row = errors_of(resource)
    if row is None:
        return None
    return LAMBDA_TRANSIENT if row is LAMBDA_ERRORS else _ready(row)
