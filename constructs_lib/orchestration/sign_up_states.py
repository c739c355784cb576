"""The states of the sign-up workflow, one function a step, in the order in which they run.

JSONata with workflow variables: after "Prepare user" the payload carries identifiers only, and the
e-mail address travels as a variable to the one call that needs it.
"""

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from constructs_lib.orchestration.confirmation_states import CODE_EXPRESSION, send_mail
from constructs_lib.orchestration.retry_policies import (
    COGNITO_TRANSIENT,
    DYNAMODB_TRANSIENT,
    EVENTBRIDGE_TRANSIENT,
)
from constructs_lib.orchestration.saga import SagaStep
from constructs_lib.orchestration.sdk_task import SdkTask
from constructs_lib.orchestration.sign_up_mail import MailTemplate, SignUpMail

EMAIL_MAX_CHARACTERS = 254  # RFC 5321, 4.5.3.1.3, less the two angle brackets
NAME_MAX_CHARACTERS = 100

PROFILE_KEY_PREFIX = "USER#"

CONDITION_FAILED = "DynamoDB.ConditionalCheckFailedException"
USER_NOT_FOUND = "CognitoIdentityProvider.UserNotFoundException"

INVALID_REQUEST = "SignUp.InvalidRequest"
EMAIL_TAKEN = "SignUp.EmailTaken"

_TASK_TIMEOUT = sfn.Timeout.duration(Duration.seconds(10))
_RESERVATION_KEY = "{% 'EMAIL#' & $emailHash %}"
_PROFILE_KEY = f"{{% '{PROFILE_KEY_PREFIX}' & $userId %}}"
_REQUEST_ID_ONLY = {"requestId": "{% $states.context.Execution.Name %}"}


def _text(expression: str) -> tasks.DynamoAttributeValue:
    return tasks.DynamoAttributeValue.from_string(expression)


def check_request(scope: Construct, *, accepted: sfn.IChainable) -> sfn.Choice:
    """Refuse a request whose fields break a rule, with the rule in the cause; else go on."""
    refuse = sfn.Fail.jsonata(
        scope, "Refuse request", error=INVALID_REQUEST, cause="{% $brokenRule %}"
    )
    # JSONata compares a missing value with anything as false, hence "not (text and …)"; it also
    # looks into lists, hence the first rule.
    broken_rules = {
        "the request must be an object with email and name": (
            "{% $not($type($states.input) = 'object') %}"
        ),
        "email must be ASCII text that looks like name@domain.tld, "
        f"at most {EMAIL_MAX_CHARACTERS} characters": (
            "{% $not($type($states.input.email) = 'string'"
            f" and $length($trim($states.input.email)) <= {EMAIL_MAX_CHARACTERS}"
            # Printable ASCII but for the space and the at sign.
            r" and $contains($trim($states.input.email),"
            r" /^[!-?A-~]+@[!-?A-~]+\.[!-?A-~]+$/)) %}"
        ),
        f"name must be text of 1 to {NAME_MAX_CHARACTERS} characters without control characters": (
            "{% $not($type($states.input.name) = 'string'"
            " and $length($trim($states.input.name)) >= 1"
            f" and $length($trim($states.input.name)) <= {NAME_MAX_CHARACTERS}"
            r" and $not($contains($trim($states.input.name), /[\x00-\x1f\x7f]/))) %}"
        ),
    }
    check = sfn.Choice.jsonata(scope, "Check request")
    for rule, is_broken in broken_rules.items():
        check.when(sfn.Condition.jsonata(is_broken), refuse, assign={"brokenRule": rule})
    return check.otherwise(accepted)


def prepare_user(scope: Construct) -> sfn.Pass:
    """Give the user an identifier, normalize and hash the address, make a confirmation code."""
    return sfn.Pass.jsonata(
        scope,
        "Prepare user",
        assign={
            "userId": "{% $uuid() %}",
            "name": "{% $trim($states.input.name) %}",
            "email": "{% $lowercase($trim($states.input.email)) %}",
            "emailHash": "{% $hash($lowercase($trim($states.input.email)), 'SHA-256') %}",
            "code": CODE_EXPRESSION,
        },
        outputs=_REQUEST_ID_ONLY,
    )


def reserve_email(scope: Construct, *, table: dynamodb.ITable) -> SagaStep:
    """Claim the address: the write succeeds for the first user and for that user's own retry."""
    reserve = tasks.DynamoPutItem.jsonata(
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
        outputs=_REQUEST_ID_ONLY,
    )
    DYNAMODB_TRANSIENT.add_to(reserve)
    taken = sfn.Fail.jsonata(
        scope,
        "Email taken",
        error=EMAIL_TAKEN,
        cause="the email belongs to another user or to a sign-up in progress",
    )
    return SagaStep(
        action=reserve,
        compensation=release_email(scope, table=table),
        already_undone=[CONDITION_FAILED],
        refusals={CONDITION_FAILED: taken},
    )


def release_email(scope: Construct, *, table: dynamodb.ITable) -> tasks.DynamoDeleteItem:
    """Give the address ``emailHash`` free, if it is reserved for ``userId``."""
    return _delete_own(scope, "Release email", table=table, key=_RESERVATION_KEY)


def create_identity(scope: Construct, *, user_pool: cognito.IUserPool) -> SagaStep:
    """Create the Cognito user, without a password and without a mail from Cognito.

    The user name is the new ``userId``, so "exists already" can only be this execution's own
    earlier attempt and counts as done.
    """
    create = _cognito_task(
        scope,
        "Create identity",
        user_pool=user_pool,
        action="adminCreateUser",
        parameters={
            "MessageAction": "SUPPRESS",
            "UserAttributes": [
                {"Name": "email", "Value": "{% $email %}"},
                {"Name": "name", "Value": "{% $name %}"},
            ],
        },
    )
    return SagaStep(
        action=create,
        compensation=delete_identity(scope, user_pool=user_pool),
        already_done=["CognitoIdentityProvider.UsernameExistsException"],
        already_undone=[USER_NOT_FOUND],
    )


def delete_identity(scope: Construct, *, user_pool: cognito.IUserPool) -> SdkTask:
    """Delete the Cognito user ``userId``."""
    return _cognito_task(
        scope, "Delete identity", user_pool=user_pool, action="adminDeleteUser", parameters={}
    )


def mark_email_verified(scope: Construct, *, user_pool: cognito.IUserPool) -> SagaStep:
    """Tell the user pool that the address is theirs; deleting the identity undoes it."""
    mark = _cognito_task(
        scope,
        "Mark email as verified",
        user_pool=user_pool,
        action="adminUpdateUserAttributes",
        parameters={"UserAttributes": [{"Name": "email_verified", "Value": "true"}]},
    )
    return SagaStep(action=mark)


def store_profile(scope: Construct, *, table: dynamodb.ITable) -> SagaStep:
    """Make the user known to the application, by identifiers; the pool has name and address."""
    store = tasks.DynamoPutItem.jsonata(
        scope,
        "Store profile",
        table=table,
        item={
            "pk": _text(_PROFILE_KEY),
            "userId": _text("{% $userId %}"),
            "emailHash": _text("{% $emailHash %}"),
            "signedUpAt": _text("{% $now() %}"),
        },
        task_timeout=_TASK_TIMEOUT,
        outputs=_REQUEST_ID_ONLY,
    )
    DYNAMODB_TRANSIENT.add_to(store)
    return SagaStep(
        action=store,
        compensation=_delete_own(scope, "Delete profile", table=table, key=_PROFILE_KEY),
        already_undone=[CONDITION_FAILED],
    )


def announce_sign_up(
    scope: Construct, *, event_bus: events.IEventBus, event_source: str
) -> SagaStep:
    """Publish ``UserSignedUp``; its detail identifies the user and holds no personal data."""
    announce = tasks.EventBridgePutEvents.jsonata(
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
                        "correlationId": "{% $states.context.Execution.Name %}",
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
    EVENTBRIDGE_TRANSIENT.add_to(announce)
    return SagaStep(action=announce)


def welcome(scope: Construct, *, mail: SignUpMail, template: MailTemplate) -> sfn.IChainable:
    """Mail a welcome, best effort: its failure never undoes a sign-up."""
    task = send_mail(
        scope, "Mail welcome", mail=mail, template=template, outputs="{% $states.input %}"
    )
    done = sfn.Succeed.jsonata(scope, "Signed up")
    task.add_catch(done, errors=[sfn.Errors.ALL], outputs="{% $states.input %}")
    return task.next(done)


def _cognito_task(
    scope: Construct,
    id_: str,
    *,
    user_pool: cognito.IUserPool,
    action: str,
    parameters: Mapping[str, object],
) -> SdkTask:
    """An action on the user's identity; answers repeat the address, so only the id goes on."""
    task = SdkTask(
        scope,
        id_,
        service="cognitoidentityprovider",
        action=action,
        iam_resources=[user_pool.user_pool_arn],
        parameters={
            "UserPoolId": user_pool.user_pool_id,
            "Username": "{% $userId %}",
            **parameters,
        },
        outputs=_REQUEST_ID_ONLY,
    )
    COGNITO_TRANSIENT.add_to(task)
    return task


def _delete_own(
    scope: Construct, id_: str, *, table: dynamodb.ITable, key: str
) -> tasks.DynamoDeleteItem:
    """Delete an item of this execution's own user, and nobody else's."""
    task = tasks.DynamoDeleteItem.jsonata(
        scope,
        id_,
        table=table,
        key={"pk": _text(key)},
        condition_expression="userId = :userId",
        expression_attribute_values={":userId": _text("{% $userId %}")},
        task_timeout=_TASK_TIMEOUT,
        outputs=_REQUEST_ID_ONLY,
    )
    DYNAMODB_TRANSIENT.add_to(task)
    return task
