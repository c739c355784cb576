"""Upstream gap: Step Functions tasks cannot call Cognito (``aws-sdk:cognitoidentityprovider:*``).

The service is there; Step Functions' table of SDK services lacks it. With the entry, parameters and
results take AWS's Step Functions names from botocore's model, as for every other JSON service, and
errors read ``CognitoIdentityProvider.UsernameExistsException``.
Source: Step Functions, "Supported AWS SDK service integrations" (read 2026-11-23).
"""

from ministack.services import stepfunctions

SERVICE_NAME = "cognitoidentityprovider"


def register() -> None:
    """Add the service to Step Functions' tables."""
    stepfunctions._AWS_SDK_SERVICE_MAP[SERVICE_NAME] = {
        "target_prefix": "AWSCognitoIdentityProviderService",
        "protocol": "json",
        "service_key": "cognito-idp",
    }
    stepfunctions._AWS_SDK_ERROR_PREFIX[SERVICE_NAME] = "CognitoIdentityProvider"
