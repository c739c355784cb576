"""Where identities are kept."""

import boto3
from event_services.refused import ignored, refusals

# Source: Cognito user pools API reference, AdminCreateUser, Errors (read 2026-11-23). A missing
# right is not among them: an operator grants it and sends the message again.
_FOR_GOOD = frozenset(
    {
        "AliasExistsException",
        "InvalidParameterException",
        "PreconditionNotMetException",
        "ResourceNotFoundException",
        "UserLambdaValidationException",
    }
)


class UserPool:
    """The Cognito user pool; its users are named by their ``userId``."""

    def __init__(self, user_pool_id: str) -> None:
        self._id = user_pool_id
        self._cognito = boto3.client("cognito-idp")

    def create(self, *, user_id: str, email: str, name: str) -> None:
        """Create an identity without a password and without a mail from Cognito.

        Nobody else has the name, so that an existing one is this service's earlier attempt.
        """
        with (
            ignored("UsernameExistsException"),
            refusals("CognitoIdentityProvider", _FOR_GOOD),
        ):
            self._cognito.admin_create_user(
                UserPoolId=self._id,
                Username=user_id,
                MessageAction="SUPPRESS",
                UserAttributes=[
                    {"Name": "email", "Value": email},
                    {"Name": "name", "Value": name},
                ],
            )

    def delete(self, user_id: str) -> None:
        """Delete an identity if there is one; without its pool there is none."""
        with ignored("UserNotFoundException", "ResourceNotFoundException"):
            self._cognito.admin_delete_user(UserPoolId=self._id, Username=user_id)
