"""Which task errors are transient, which are permanent, and how the transient ones are retried.

Permanent errors (a failed condition, a missing user, a bad parameter) are in no ready set: retrying
them costs transitions and hides the cause.

Step Functions names one error differently by integration. Optimized integrations have a prefix of
their own (``DynamoDB.``). SDK integrations (``aws-sdk:``) use the names of the AWS SDK for Java:
service and exception in words (``DynamoDb.``, ``KmsThrottlingException``), always ending in
``Exception``; an error that the service's model does not declare comes as the service's own
exception (``S3.S3Exception``), whatever it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_stepfunctions as sfn

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


@dataclass(frozen=True, kw_only=True)
class ServiceErrors:
    """What the errors of one service integration mean.

    Args:
        integration: What follows ``:states:::`` in a task's resource, up to the action.
        prefix: First part of the integration's error names.
        transient: Errors that pass by themselves.
        permanent: Errors that come again until somebody changes something.
        mixed: Names that stand for errors of both kinds. They are retried where the service's
            throttling comes under no other name.
        source: Where this is from, and when it was read.
    """

    integration: str
    prefix: str
    transient: tuple[str, ...]
    permanent: tuple[str, ...]
    mixed: tuple[str, ...] = ()
    source: str

    @property
    def transient_errors(self) -> tuple[str, ...]:
        """The names, as Step Functions reports them, of the errors worth a retry."""
        return tuple(f"{self.prefix}.{name}" for name in sorted(self.transient + self.mixed))

    @property
    def permanent_errors(self) -> tuple[str, ...]:
        """The names, as Step Functions reports them, of the errors that a retry repeats."""
        return tuple(f"{self.prefix}.{name}" for name in self.permanent)


# "Declared errors" are those of the service's API reference as shipped in botocore 1.43.106.
_MODEL = "AWS API reference, declared errors and their meaning (botocore 1.43.106, read 2026-11-23)"


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


DYNAMODB_ERRORS = ServiceErrors(
    integration="dynamodb",
    prefix="DynamoDB",
    transient=_names(
        "InternalServerError InternalServerErrorException "
        "ProvisionedThroughputExceededException RequestLimitExceeded "
        "RequestLimitExceededException ThrottlingException"
    ),
    permanent=_names(
        "AccessDeniedException ConditionalCheckFailedException ResourceNotFoundException "
        "ValidationException"
    ),
    source=f"DynamoDB developer guide, 'Error handling with DynamoDB'; {_MODEL}",
)

DYNAMODB_SDK_ERRORS = ServiceErrors(
    integration="aws-sdk:dynamodb",
    prefix="DynamoDb",
    transient=_names(
        "InternalServerErrorException ProvisionedThroughputExceededException "
        "ReplicatedWriteConflictException RequestLimitExceededException SdkClientException "
        "ThrottlingException TransactionConflictException TransactionInProgressException"
    ),
    # Not listed: TransactionCanceledException, which a conflict causes as well as a condition.
    permanent=_names(
        "ConditionalCheckFailedException DuplicateItemException "
        "IdempotentParameterMismatchException ResourceNotFoundException"
    ),
    source=f"{_MODEL}; SdkClientException: AWS Solutions' published state machines",
)

COGNITO_ERRORS = ServiceErrors(
    integration="aws-sdk:cognitoidentityprovider",
    prefix="CognitoIdentityProvider",
    # User creation shares 50 requests a second by default: throttling is normal under load.
    transient=_names("InternalErrorException SdkClientException TooManyRequestsException"),
    permanent=_names(
        "AliasExistsException InvalidParameterException InvalidPasswordException "
        "LimitExceededException NotAuthorizedException OperationNotEnabledException "
        "ResourceNotFoundException UnsupportedUserStateException "
        "UserLambdaValidationException UserNotFoundException UsernameExistsException"
    ),
    source=f"{_MODEL}: AdminCreateUser, AdminDeleteUser; 'Quotas in Amazon Cognito'",
)

SES_ERRORS = ServiceErrors(
    integration="aws-sdk:sesv2",
    prefix="SesV2",
    transient=_names("InternalServiceErrorException SdkClientException TooManyRequestsException"),
    permanent=_names(
        "AccountSuspendedException AlreadyExistsException BadRequestException "
        "LimitExceededException MailFromDomainNotVerifiedException MessageRejectedException "
        "NotFoundException SendingPausedException"
    ),
    source=f"{_MODEL}: SendEmail",
)

SNS_ERRORS = ServiceErrors(
    integration="sns",
    prefix="SNS",
    transient=_names("InternalErrorException KMSThrottlingException ThrottledException"),
    permanent=_names(
        "AuthorizationErrorException EndpointDisabledException InvalidParameterException "
        "InvalidParameterValueException KMSAccessDeniedException KMSDisabledException "
        "KMSNotFoundException NotFoundException PlatformApplicationDisabledException"
    ),
    source=f"{_MODEL}: Publish",
)

SNS_SDK_ERRORS = ServiceErrors(
    integration="aws-sdk:sns",
    prefix="Sns",
    transient=_names(
        "InternalErrorException KmsThrottlingException SdkClientException ThrottledException"
    ),
    permanent=tuple(name.replace("KMS", "Kms") for name in SNS_ERRORS.permanent),
    source=f"{_MODEL}: Publish",
)

EVENTBRIDGE_ERRORS = ServiceErrors(
    integration="events",
    prefix="EventBridge",
    transient=_names("InternalException ThrottlingException"),
    # An entry fails for throttling as for a source that is not ours; no name tells them apart.
    mixed=_names("FailedEntry"),
    permanent=_names("AccessDeniedException ResourceNotFoundException"),
    source="Step Functions developer guide, 'Add EventBridge events with Step Functions'; "
    f"{_MODEL}: PutEvents",
)

STEP_FUNCTIONS_ERRORS = ServiceErrors(
    integration="aws-sdk:sfn",
    prefix="Sfn",
    transient=_names("ExecutionLimitExceededException KmsThrottlingException SdkClientException"),
    # The model declares no throttling error.
    mixed=_names("SfnException"),
    permanent=_names(
        "ExecutionAlreadyExistsException ExecutionDoesNotExistException InvalidArnException "
        "InvalidExecutionInputException InvalidNameException InvalidOutputException "
        "InvalidTokenException KmsAccessDeniedException StateMachineDeletingException "
        "StateMachineDoesNotExistException TaskDoesNotExistException TaskTimedOutException "
        "ValidationException"
    ),
    source=f"{_MODEL}: StartExecution, SendTaskSuccess, SendTaskFailure",
)

LAMBDA_ERRORS = ServiceErrors(
    integration="lambda",
    prefix="Lambda",
    transient=_names(
        "AWSLambdaException ClientExecutionTimeoutException SdkClientException "
        "ServiceException TooManyRequestsException"
    ),
    # Not listed: Unknown, which is a function that ran out of memory as well as one that crashed.
    permanent=_names(
        "InvalidParameterValueException InvalidRequestContentException "
        "RequestTooLargeException ResourceNotFoundException"
    ),
    source="Step Functions developer guide, 'Handle transient Lambda service exceptions'; "
    f"{_MODEL}: Invoke",
)

S3_ERRORS = ServiceErrors(
    integration="aws-sdk:s3",
    prefix="S3",
    transient=_names("SdkClientException"),
    # SlowDown and InternalError come as this, and so does a refused access.
    mixed=_names("S3Exception"),
    permanent=_names(
        "BucketAlreadyExistsException BucketAlreadyOwnedByYouException "
        "InvalidObjectStateException NoSuchBucketException NoSuchKeyException "
        "NoSuchUploadException"
    ),
    source=f"{_MODEL}; SlowDown as S3Exception: published state machines and their tests",
)

SERVICE_ERRORS: tuple[ServiceErrors, ...] = (
    DYNAMODB_ERRORS,
    DYNAMODB_SDK_ERRORS,
    COGNITO_ERRORS,
    SES_ERRORS,
    SNS_ERRORS,
    SNS_SDK_ERRORS,
    EVENTBRIDGE_ERRORS,
    STEP_FUNCTIONS_ERRORS,
    LAMBDA_ERRORS,
    S3_ERRORS,
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


def errors_of(resource: str) -> ServiceErrors | None:
    """What the errors of a task mean, by its ``Resource``; None for a service not in the table."""
    _, integrated, rest = resource.partition(":states:::")
    if not integrated:
        return LAMBDA_ERRORS if ":lambda:" in resource else None
    parts = rest.split(":")
    integration = ":".join(parts[:2]) if parts[0] == "aws-sdk" else parts[0]
    return {row.integration: row for row in SERVICE_ERRORS}.get(integration)


def transient_policy(resource: str) -> RetryPolicy | None:
    """The ready set for a task, by its ``Resource``; None for a service not in the table."""
    row = errors_of(resource)
    if row is None:
        return None
    return LAMBDA_TRANSIENT if row is LAMBDA_ERRORS else _ready(row)
