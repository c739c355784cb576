"""Which task errors are transient, and how they are retried.

Permanent errors (a failed condition, a missing user, a bad parameter) are in no set: retrying them
costs transitions and hides the cause.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_stepfunctions as sfn


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """Errors worth another attempt, with back-off and FULL jitter.

    Args:
        errors: Step Functions error names.
        interval_seconds: Longest wait before the first retry.
        backoff_rate: Factor by which that wait grows.
        max_delay_seconds: Longest wait before any retry.
        max_attempts: Retries after the first attempt.
    """

    errors: Sequence[str]
    interval_seconds: int = 1
    backoff_rate: float = 2.0
    max_delay_seconds: int = 20
    max_attempts: int = 5

    def add_to(self, task: sfn.TaskStateBase) -> None:
        """Add this policy to ``task``; FULL jitter spreads the retries of many executions."""
        task.add_retry(
            errors=list(self.errors),
            interval=Duration.seconds(self.interval_seconds),
            backoff_rate=self.backoff_rate,
            max_delay=Duration.seconds(self.max_delay_seconds),
            max_attempts=self.max_attempts,
            jitter_strategy=sfn.JitterType.FULL,
        )


# A task that timed out may or may not have had its effect: only tasks that may run twice use these.
_TIMEOUT = "States.Timeout"

#: Optimized ``dynamodb:`` integration. Source: DynamoDB developer guide, "Error handling with
#: DynamoDB", the errors marked "OK to retry: yes" (read 2026-11-23).
DYNAMODB_TRANSIENT = RetryPolicy(
    errors=(
        "DynamoDB.InternalServerError",
        "DynamoDB.InternalServerErrorException",
        "DynamoDB.ProvisionedThroughputExceededException",
        "DynamoDB.RequestLimitExceeded",
        "DynamoDB.RequestLimitExceededException",
        "DynamoDB.ThrottlingException",
        _TIMEOUT,
    )
)

#: ``aws-sdk:cognitoidentityprovider:``. User creation shares 50 requests a second by default, so
#: throttling is normal under load. Source: Cognito API reference, AdminCreateUser, "Errors", and
#: "Quotas in Amazon Cognito" (read 2026-11-23).
COGNITO_TRANSIENT = RetryPolicy(
    errors=(
        "CognitoIdentityProvider.InternalErrorException",
        "CognitoIdentityProvider.TooManyRequestsException",
        _TIMEOUT,
    )
)

#: Optimized ``events:putEvents``, which notices entries that the bus did not take.
#: Source: Step Functions developer guide, "Add EventBridge events with Step Functions", and
#: EventBridge API reference, PutEvents, "Errors" (read 2026-11-23).
EVENTBRIDGE_TRANSIENT = RetryPolicy(
    errors=(
        "EventBridge.FailedEntry",
        "EventBridge.InternalException",
        "EventBridge.ThrottlingException",
        _TIMEOUT,
    )
)
