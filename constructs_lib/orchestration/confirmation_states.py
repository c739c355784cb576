"""The states in which the sign-up workflow waits for a person: store a code, mail it, wait.

The code's hash is the key of an item in the users table that holds the task token; ``ConfirmEmail``
finds it there. Neither the code itself nor the token is anywhere else in the table.
"""

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from constructs_lib.orchestration.retry_policies import (
    DYNAMODB_SDK_TRANSIENT,
    DYNAMODB_TRANSIENT,
    SES_TRANSIENT,
    RetryPolicy,
)
from constructs_lib.orchestration.saga import SagaStep
from constructs_lib.orchestration.sdk_task import SdkTask
from constructs_lib.orchestration.sign_up_mail import (
    MailTemplate,
    SignUpMail,
    mail_text_expression,
)

NOT_CONFIRMED = "SignUp.NotConfirmed"
MAIL_NOT_SENT = "SignUp.MailNotSent"

#: 10 hexadecimal digits of a random UUID: 40 bits, for a code that is asked for once.
CODE_EXPRESSION = "{% $uppercase($substring($replace($uuid(), '-', ''), 0, 10)) %}"
CODE_KEY_PREFIX = "CODE#"
#: Epoch seconds, the table's time-to-live attribute.
EXPIRY_ATTRIBUTE = "expiresAt"

_CODE_KEY = f"{{% '{CODE_KEY_PREFIX}' & $hash($code, 'SHA-256') %}}"
#: SES counts per second and per day: minutes help where a retry's seconds do not.
_MAIL_PAUSE = Duration.minutes(5)
_MAILS_TRIED_AT_MOST = 5


def confirm_email_step(
    scope: Construct, *, table: dynamodb.ITable, mail: SignUpMail, template: MailTemplate
) -> SagaStep:
    """Mail a code and wait until it comes back; afterwards the address is known to be theirs."""
    wait = _wait_for_confirmation(scope, table=table, valid_for=mail.confirmation_timeout)
    both = sfn.Parallel.jsonata(
        scope, "Confirm email", outputs={"requestId": "{% $states.context.Execution.Name %}"}
    )
    both.branch(wait)
    both.branch(_mail_code(scope, mail=mail, template=template))
    withdraw = tasks.DynamoDeleteItem.jsonata(
        scope,
        "Withdraw code",
        table=table,
        key={"pk": tasks.DynamoAttributeValue.from_string(_CODE_KEY)},
        condition_expression="userId = :userId",
        expression_attribute_values={
            ":userId": tasks.DynamoAttributeValue.from_string("{% $userId %}")
        },
        task_timeout=sfn.Timeout.duration(Duration.seconds(10)),
    )
    DYNAMODB_TRANSIENT.add_to(withdraw)
    return SagaStep(
        action=both,
        compensation=withdraw,
        already_undone=["DynamoDB.ConditionalCheckFailedException"],
    )


def send_mail(
    scope: Construct, id_: str, *, mail: SignUpMail, template: MailTemplate, outputs: object
) -> SdkTask:
    """Send one mail to the person who signs up."""
    task = SdkTask(
        scope,
        id_,
        service="sesv2",
        action="sendEmail",
        iam_resources=[mail.identities_arn(scope)],
        additional_iam_statements=[mail.deny_other_senders(scope)],
        parameters={
            "FromEmailAddress": mail.sender,
            "Destination": {"ToAddresses": ["{% $email %}"]},
            "Content": {
                "Simple": {
                    "Subject": {"Data": mail_text_expression(template.subject)},
                    "Body": {"Text": {"Data": mail_text_expression(template.text)}},
                }
            },
        },
        outputs=outputs,
    )
    SES_TRANSIENT.add_to(task)
    return task


def _wait_for_confirmation(
    scope: Construct, *, table: dynamodb.ITable, valid_for: Duration
) -> sfn.IChainable:
    expires_at = f"{{% $string($floor($millis() / 1000) + {valid_for.to_seconds()}) %}}"
    wait = SdkTask(
        scope,
        "Wait for confirmation",
        service="dynamodb",
        action="putItem",
        wait_for_task_token=True,
        task_timeout=valid_for,
        iam_resources=[table.table_arn],
        parameters={
            "TableName": table.table_name,
            "Item": {
                "pk": {"S": _CODE_KEY},
                "userId": {"S": "{% $userId %}"},
                "taskToken": {"S": "{% $states.context.Task.Token %}"},
                EXPIRY_ATTRIBUTE: {"N": expires_at},
            },
            # A code that somebody else was given by chance is never overwritten.
            "ConditionExpression": "attribute_not_exists(pk) OR userId = :userId",
            "ExpressionAttributeValues": {":userId": {"S": "{% $userId %}"}},
        },
    )
    # Its timeout is the person's, not the service's: that one is not tried again.
    RetryPolicy(
        errors=[error for error in DYNAMODB_SDK_TRANSIENT.errors if error != "States.Timeout"]
    ).add_to(wait)
    not_confirmed = sfn.Fail.jsonata(
        scope,
        "Not confirmed in time",
        error=NOT_CONFIRMED,
        cause="nobody sent the code back while it was valid",
    )
    wait.add_catch(not_confirmed, errors=[sfn.Errors.TIMEOUT])
    return wait


def _mail_code(scope: Construct, *, mail: SignUpMail, template: MailTemplate) -> sfn.IChainable:
    begin = sfn.Pass.jsonata(scope, "Prepare mail", assign={"mailsTried": 0})
    send = send_mail(
        scope,
        "Mail confirmation code",
        mail=mail,
        template=template,
        outputs={"requestId": "{% $states.context.Execution.Name %}"},
    )
    pause = sfn.Wait.jsonata(
        scope,
        "Pause before mailing again",
        time=sfn.WaitTime.duration(_MAIL_PAUSE),
        assign={"mailsTried": "{% $mailsTried + 1 %}"},
    )
    give_up = sfn.Fail.jsonata(
        scope,
        "Mail not sent",
        error=MAIL_NOT_SENT,
        cause="the sending limit was still reached after the last pause",
    )
    again = sfn.Choice.jsonata(scope, "Mail again?")
    again.when(sfn.Condition.jsonata(f"{{% $mailsTried < {_MAILS_TRIED_AT_MOST} %}}"), send)
    again.otherwise(give_up)
    send.add_catch(
        pause.next(again),
        errors=["SesV2.LimitExceededException", "SesV2.TooManyRequestsException"],
    )
    return begin.next(send)
