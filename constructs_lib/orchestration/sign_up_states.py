"""The states of the sign-up workflow, one function a state, in the order in which they run.

JSONata with workflow variables: after "Prepare user" the payload carries identifiers only, and the
e-mail address travels as a variable to the one call that needs it.
"""

from aws_cdk import Duration
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from constructs_lib.orchestration.retry_policies import (
    COGNITO_TRANSIENT,
    DYNAMODB_TRANSIENT,
    EVENTBRIDGE_TRANSIENT,
)

EMAIL_MAX_CHARACTERS = 254  # RFC 5321, 4.5.3.1.3, less the two angle brackets
NAME_MAX_CHARACTERS = 100

INVALID_REQUEST = "SignUp.InvalidRequest"
EMAIL_TAKEN = "SignUp.EmailTaken"

_TASK_TIMEOUT = sfn.Timeout.duration(Duration.seconds(10))
_KEEP_FAILURE = {"failure": "{% $states.errorOutput %}"}
_RESERVATION_KEY = "{% 'EMAIL#' & $emailHash %}"


def _text(expression: str) -> tasks.DynamoAttributeValue:
    return tasks.DynamoAttributeValue.from_string(expression)


def check_request(scope: Construct, *, accepted: sfn.IChainable) -> sfn.Choice:
    """Refuse a request whose fields break a rule, with the rule in the cause; else go on."""
    refuse = sfn.Fail.jsonata(
        scope, "Refuse request", error=INVALID_REQUEST, cause="{% $brokenRule %}"
    )
    # JSONata compares a missing value with anything as false, hence "not (text and …)".
    broken_rules = {
        "email must be text that looks like name@domain.tld, "
        f"at most {EMAIL_MAX_CHARACTERS} characters": (
            "{% $not($type($states.input.email) = 'string'"
            f" and $length($trim($states.input.email)) <= {EMAIL_MAX_CHARACTERS}"
            r" and $contains($trim($states.input.email), /^[^\s@]+@[^\s@]+\.[^\s@]+$/)) %}"
        ),
        f"name must be text of 1 to {NAME_MAX_CHARACTERS} characters": (
            "{% $not($type($states.input.name) = 'string'"
            " and $length($trim($states.input.name)) >= 1"
            f" and $length($trim($states.input.name)) <= {NAME_MAX_CHARACTERS}) %}}"
        ),
    }
    check = sfn.Choice.jsonata(scope, "Check request")
    for rule, is_broken in broken_rules.items():
        check.when(sfn.Condition.jsonata(is_broken), refuse, assign={"brokenRule": rule})
    return check.otherwise(accepted)


def prepare_user(scope: Construct) -> sfn.Pass:
    """Give the user an identifier, normalize the address and hash it."""
    return sfn.Pass.jsonata(
        scope,
        "Prepare user",
        assign={
            "userId": "{% $uuid() %}",
            "name": "{% $trim($states.input.name) %}",
            "email": "{% $lowercase($trim($states.input.email)) %}",
            "emailHash": "{% $hash($lowercase($trim($states.input.email)), 'SHA-256') %}",
        },
        outputs={"requestId": "{% $states.context.Execution.Name %}"},
    )


def reserve_email(scope: Construct, *, table: dynamodb.ITable) -> tasks.DynamoPutItem:
    """Claim the address: the write succeeds for the first user and for that user's own retry."""
    task = tasks.DynamoPutItem.jsonata(
        scope,
        "Reserve email",
        table=table,
        item={
            "pk": _text(_RESERVATION_KEY),
            "userId": _text("{% $userId %}"),
            "reservedAt": _text("{% $now() %}"),
        },
        condition_expression="attribute_not_exists(pk) OR userId = :userId",
        expression_attribute_values={":userId": _text("{% $userId %}")},
        task_timeout=_TASK_TIMEOUT,
        outputs={"requestId": "{% $states.context.Execution.Name %}"},
    )
    DYNAMODB_TRANSIENT.add_to(task)
    return task


def create_identity(scope: Construct, *, user_pool: cognito.IUserPool) -> tasks.CallAwsService:
    """Create the Cognito user, without a password and without a mail from Cognito.

    The user name is the new ``userId``, so "exists already" can only be this execution's own
    earlier attempt and counts as done.
    """
    task = tasks.CallAwsService.jsonata(
        scope,
        "Create identity",
        service="cognitoidentityprovider",
        action="adminCreateUser",
        iam_action="cognito-idp:AdminCreateUser",
        iam_resources=[user_pool.user_pool_arn],
        parameters={
            "UserPoolId": user_pool.user_pool_id,
            "Username": "{% $userId %}",
            "MessageAction": "SUPPRESS",
            "UserAttributes": [
                {"Name": "email", "Value": "{% $email %}"},
                {"Name": "name", "Value": "{% $name %}"},
            ],
        },
        task_timeout=_TASK_TIMEOUT,
        # Cognito's answer repeats the address; only the identifiers go on.
        outputs={"requestId": "{% $states.context.Execution.Name %}"},
    )
    COGNITO_TRANSIENT.add_to(task)
    return task


def announce_sign_up(
    scope: Construct, *, event_bus: events.IEventBus, event_source: str
) -> tasks.EventBridgePutEvents:
    """Publish ``UserSignedUp``; its detail identifies the user and holds no personal data."""
    task = tasks.EventBridgePutEvents.jsonata(
        scope,
        "Announce sign-up",
        entries=[
            tasks.EventBridgePutEventsEntry(
                event_bus=event_bus,
                source=event_source,
                detail_type="UserSignedUp",
                detail=sfn.TaskInput.from_object(
                    {
                        "userId": "{% $userId %}",
                        "requestId": "{% $states.context.Execution.Name %}",
                        "signedUpAt": "{% $now() %}",
                    }
                ),
            )
        ],
        task_timeout=_TASK_TIMEOUT,
        outputs={
            "userId": "{% $userId %}",
            "requestId": "{% $states.context.Execution.Name %}",
            "eventId": "{% $states.result.Entries[0].EventId %}",
        },
    )
    EVENTBRIDGE_TRANSIENT.add_to(task)
    return task


def delete_identity(scope: Construct, *, user_pool: cognito.IUserPool) -> tasks.CallAwsService:
    """Undo "Create identity"."""
    task = tasks.CallAwsService.jsonata(
        scope,
        "Delete identity",
        service="cognitoidentityprovider",
        action="adminDeleteUser",
        iam_action="cognito-idp:AdminDeleteUser",
        iam_resources=[user_pool.user_pool_arn],
        parameters={"UserPoolId": user_pool.user_pool_id, "Username": "{% $userId %}"},
        task_timeout=_TASK_TIMEOUT,
    )
    COGNITO_TRANSIENT.add_to(task)
    return task


def release_email(scope: Construct, *, table: dynamodb.ITable) -> tasks.DynamoDeleteItem:
    """Undo "Reserve email", only if the reservation is this execution's own."""
    task = tasks.DynamoDeleteItem.jsonata(
        scope,
        "Release email",
        table=table,
        key={"pk": _text(_RESERVATION_KEY)},
        condition_expression="userId = :userId",
        expression_attribute_values={":userId": _text("{% $userId %}")},
        task_timeout=_TASK_TIMEOUT,
    )
    DYNAMODB_TRANSIENT.add_to(task)
    return task


def sign_up_chain(
    scope: Construct,
    *,
    table: dynamodb.ITable,
    user_pool: cognito.IUserPool,
    event_bus: events.IEventBus,
    event_source: str,
) -> sfn.IChainable:
    """Join the states: the way forward, the refusals, and the way back after a failure."""
    reserve = reserve_email(scope, table=table)
    create = create_identity(scope, user_pool=user_pool)
    announce = announce_sign_up(scope, event_bus=event_bus, event_source=event_source)
    delete = delete_identity(scope, user_pool=user_pool)
    release = release_email(scope, table=table)
    taken = sfn.Fail.jsonata(
        scope,
        "Email taken",
        error=EMAIL_TAKEN,
        cause="the email belongs to another user or to a sign-up in progress",
    )
    failed = sfn.Fail.jsonata(
        scope,
        "Sign-up failed",
        error="{% $failure.Error %}",
        cause="{% $failure.Cause %}",
    )

    forward = prepare_user(scope).next(reserve).next(create).next(announce)
    delete.next(release).next(failed)

    reserve.add_catch(taken, errors=["DynamoDB.ConditionalCheckFailedException"])
    # A write that timed out may have happened: the release, bound to the userId, is always safe.
    reserve.add_catch(release, errors=[sfn.Errors.ALL], assign=_KEEP_FAILURE)
    create.add_catch(announce, errors=["CognitoIdentityProvider.UsernameExistsException"])
    create.add_catch(delete, errors=[sfn.Errors.ALL], assign=_KEEP_FAILURE)
    announce.add_catch(delete, errors=[sfn.Errors.ALL], assign=_KEEP_FAILURE)

    # "Not found" and "not ours" mean that there is nothing to undo. Whatever else keeps one step
    # back from working, the remaining ones still run and the original error is the one reported.
    delete.add_catch(release, errors=[sfn.Errors.ALL])
    release.add_catch(failed, errors=[sfn.Errors.ALL])
    return check_request(scope, accepted=forward)
