"""The table that knows users by identifiers."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from constructs_lib.orchestration.confirmation_states import EXPIRY_ATTRIBUTE


def users_table(
    scope: Construct, id_: str, *, removal_policy: RemovalPolicy = RemovalPolicy.RETAIN
) -> dynamodb.Table:
    """Make a table for reservations, profiles and what expires, all under the text key ``pk``.

    Its stream says what a changed or deleted item was before; one that nobody reads costs nothing.

    Source: DynamoDB developer guide, "Evaluate your DynamoDB streams usage" (read 2026-11-23).
    """
    return dynamodb.Table(
        scope,
        id_,
        partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        time_to_live_attribute=EXPIRY_ATTRIBUTE,
        stream=dynamodb.StreamViewType.OLD_IMAGE,
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        removal_policy=removal_policy,
    )
