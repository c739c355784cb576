"""Which task errors are transient and which are permanent, by service integration.

Step Functions names one error differently by integration. Optimized integrations have a prefix of
their own (``DynamoDB.``). SDK integrations (``aws-sdk:``) use the names of the AWS SDK for Java:
service and exception in words (``DynamoDb.``, ``KmsThrottlingException``), always ending in
``Exception``; an error that the service's model does not declare comes as the service's own
exception (``S3.S3Exception``), whatever it is.
"""

from dataclasses import dataclass


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


def errors_of(resource: str) -> ServiceErrors | None:
    """What the errors of a task mean, by its ``Resource``; None for a service not in the table."""
    _, integrated, rest = resource.partition(":states:::")
    if not integrated:
        return LAMBDA_ERRORS if ":lambda:" in resource else None
    parts = rest.split(":")
    integration = ":".join(parts[:2]) if parts[0] == "aws-sdk" else parts[0]
    return {row.integration: row for row in SERVICE_ERRORS}.get(integration)
