"""The user sign-up workflow."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from constructs_lib.orchestration import sign_up_states as states
from constructs_lib.orchestration.confirm_email import ConfirmEmail
from constructs_lib.orchestration.confirmation_states import confirm_email_step
from constructs_lib.orchestration.failure_notice import FailureNotice
from constructs_lib.orchestration.saga import Saga, SagaStep
from constructs_lib.orchestration.sign_up_mail import SignUpMail
from constructs_lib.orchestration.user_pool import passwordless_user_pool
from constructs_lib.orchestration.users_table import users_table
from constructs_lib.orchestration.workflow import Workflow
from constructs_lib.validation import require_event_source

#: What the steps, their retries and the way back may take.
_WORK_TIME = Duration.hours(1)


class SignUpWorkflow(Construct):
    """Sign a user up, whole or not at all.

    Check the request, reserve the e-mail address, create the identity, have the address confirmed,
    store the profile, announce ``UserSignedUp``, mail a welcome. A failure after the reservation
    undoes all that was done, publishes ``SignUpFailed``, notifies the operators and ends the
    execution red with the original error.

    Creates a Standard state machine with its role and log group, with ``mail`` a ``ConfirmEmail``
    workflow, and, unless the caller brings them, the users table and the user pool. ``event_bus``
    and ``failure_topic`` stay the caller's.

    Start it with ``{"email": "…", "name": "…"}``; the execution name is the request id and the
    idempotency key (Step Functions keeps it for 90 days). It ends in ``userId``, ``requestId`` and
    ``eventId``, or fails with ``SignUp.InvalidRequest``, ``SignUp.EmailTaken``,
    ``SignUp.NotConfirmed``, ``SignUp.MailNotSent`` or the error of the step that failed.

    Args:
        event_bus: Where ``UserSignedUp`` and ``SignUpFailed`` are published.
        event_source: The ``source`` of those events; must not start with ``aws.``.
        table: Users table with the text partition key ``pk`` and the time-to-live attribute
            ``expiresAt``; made when not given.
        user_pool: Where identities are created under their ``userId``; made when not given.
        mail: Sender and texts of the mails; without it no address is confirmed and nobody is
            welcomed.
        failure_topic: Operators' topic for failed sign-ups; refused requests are not failures.
        removal_policy: What becomes of a table and user pool made here when the stack is deleted.
    Raises:
        ConfigError: ``event_source`` starts with ``aws.`` or has other characters than AWS allows.
    Source: Step Functions quotas (execution names); EventBridge API reference, PutEvents
        (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        event_bus: events.IEventBus,
        event_source: str = "sign-up",
        table: dynamodb.ITable | None = None,
        user_pool: cognito.IUserPool | None = None,
        mail: SignUpMail | None = None,
        failure_topic: sns.ITopic | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, id_)
        require_event_source(event_source)
        self.event_source = event_source
        self.table = table or users_table(self, "Users", removal_policy=removal_policy)
        self.user_pool = user_pool or passwordless_user_pool(
            self, "Identities", removal_policy=removal_policy
        )
        confirmed_mail = mail if mail is not None and mail.confirmation is not None else None
        self.workflow = Workflow(
            self,
            "Workflow",
            definition=self._chain(event_bus, mail, failure_topic),
            timeout=_WORK_TIME if confirmed_mail is None else _time_with_wait(confirmed_mail),
        )
        self.state_machine = self.workflow.state_machine
        self.confirm_email = (
            ConfirmEmail(self, "Confirm", table=self.table, sign_up=self.state_machine)
            if confirmed_mail is not None
            else None
        )

    def _chain(
        self,
        event_bus: events.IEventBus,
        mail: SignUpMail | None,
        failure_topic: sns.ITopic | None,
    ) -> sfn.IChainable:
        saga = Saga(
            self,
            "Sign-up",
            steps=self._steps(event_bus, mail),
            on_failure=FailureNotice(
                self,
                "Sign-up failed",
                event_bus=event_bus,
                event_source=self.event_source,
                detail_type="SignUpFailed",
                topic=failure_topic,
                fields={"userId": "{% $userId %}"},
            ),
        )
        chain = states.prepare_user(self).next(saga.chain)
        if mail is not None and mail.welcome is not None:
            chain = chain.next(states.welcome(self, mail=mail, template=mail.welcome))
        return states.check_request(self, accepted=chain)

    def _steps(self, event_bus: events.IEventBus, mail: SignUpMail | None) -> list[SagaStep]:
        steps = [
            states.reserve_email(self, table=self.table),
            states.create_identity(self, user_pool=self.user_pool),
        ]
        if mail is not None and mail.confirmation is not None:
            steps += [
                confirm_email_step(self, table=self.table, mail=mail, template=mail.confirmation),
                states.mark_email_verified(self, user_pool=self.user_pool),
            ]
        return [
            *steps,
            states.store_profile(self, table=self.table),
            states.announce_sign_up(self, event_bus=event_bus, event_source=self.event_source),
        ]

    def grant_start_execution(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let ``grantee`` start sign-ups."""
        return self.state_machine.grant_start_execution(grantee)


def _time_with_wait(mail: SignUpMail) -> Duration:
    """The wait for the person and as long again: the execution's own timeout undoes nothing."""
    return _WORK_TIME.plus(mail.confirmation_timeout).plus(mail.confirmation_timeout)
