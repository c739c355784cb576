"""Who the users are."""

import boto3
from event_services.refused import ignored

from send_welcome.welcome import Person


class UserPool:
    """The Cognito user pool, read only."""

    def __init__(self, user_pool_id: str) -> None:
        self._id = user_pool_id
        self._cognito = boto3.client("cognito-idp")

    def find(self, user_id: str) -> Person | None:
        """The person behind a user, if the pool has it."""
        with ignored("UserNotFoundException"):
            answer = self._cognito.admin_get_user(UserPoolId=self._id, Username=user_id)
            values = {each["Name"]: each.get("Value", "") for each in answer["UserAttributes"]}
            return Person(email=values["email"], name=values["name"])
        return None
