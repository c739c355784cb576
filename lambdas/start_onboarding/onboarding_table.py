"""Where onboardings are kept."""

import boto3
from botocore.exceptions import ClientError

from start_onboarding.onboarding import Onboarding


class OnboardingTable:
    """The service's own DynamoDB table, keyed by ``userId``."""

    def __init__(self, table_name: str) -> None:
        self._table = boto3.resource("dynamodb").Table(table_name)

    def add(self, onboarding: Onboarding) -> bool:
        """Keep a new onboarding; a user who has one keeps it. Says whether it was new."""
        try:
            self._table.put_item(
                Item={
                    "userId": onboarding.user_id,
                    "eventId": onboarding.event_id,
                    "startedAt": onboarding.started_at.isoformat(),
                    "steps": list(onboarding.steps),
                },
                ConditionExpression="attribute_not_exists(userId)",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True
