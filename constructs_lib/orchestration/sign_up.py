"""The user sign-up workflow."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from constructs_lib.observability.workflow_logs import WorkflowLogs
from constructs_lib.orchestration.sign_up_states import sign_up_chain
from constructs_lib.validation import require_match


class SignUpWorkflow(Construct):
    """Sign a user up: check, reserve the e-mail, create the identity, announce ``UserSignedUp``.

    Creates a Standard state machine with its role and log group, and, unless the caller brings
    them, the users table and the user pool. ``event_bus`` stays the caller's.

    Start it with ``{"email": "…", "name": "…"}``; the execution name is the request id and the
    idempotency key (Step Functions keeps it for 90 days). It ends in ``userId``, ``requestId`` and
    ``eventId``, or fails with ``SignUp.InvalidRequest``, ``SignUp.EmailTaken`` or, after everything
    was undone, the error of the step that failed.

    Args:
        event_bus: Where ``UserSignedUp`` is published.
        event_source: The ``source`` of those events; must not start with ``aws.``.
        table: Users table with the text partition key ``pk``; made when not given.
        user_pool: Where identities are created under their ``userId``; made when not given.
        timeout: Longest time one sign-up may take.
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
        timeout: Duration | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, id_)
        require_match(
            "event_source",
            event_source,
            r"(?!aws\.)[/.\-_A-Za-z0-9]{1,256}",
            rule="be 1 to 256 letters, digits, dots, slashes, hyphens or underscores "
            "and not start with 'aws.'",
            remedy="name the service that publishes, for example 'sign-up'",
        )
        self.event_source = event_source
        self.table = table or self._users_table(removal_policy)
        self.user_pool = user_pool or self._user_pool(removal_policy)
        self.state_machine = sfn.StateMachine(
            self,
            "Resource",
            definition_body=sfn.DefinitionBody.from_chainable(
                sign_up_chain(
                    self,
                    table=self.table,
                    user_pool=self.user_pool,
                    event_bus=event_bus,
                    event_source=event_source,
                )
            ),
            query_language=sfn.QueryLanguage.JSONATA,
            timeout=timeout or Duration.minutes(5),
            logs=WorkflowLogs(self, "Logs").log_options,
            tracing_enabled=True,
        )

    def grant_start_execution(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let ``grantee`` start sign-ups."""
        return self.state_machine.grant_start_execution(grantee)

    def _users_table(self, removal_policy: RemovalPolicy) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            "Users",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=removal_policy,
        )

    def _user_pool(self, removal_policy: RemovalPolicy) -> cognito.UserPool:
        return cognito.UserPool(
            self,
            "Identities",
            # Only the workflow makes users; Cognito's own sign-up ignores IAM.
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(username=True, email=True),
            sign_in_case_sensitive=False,
            # Users sign in with a mailed code: the workflow never sees or sets a password.
            sign_in_policy=cognito.SignInPolicy(
                allowed_first_auth_factors=cognito.AllowedFirstAuthFactors(
                    password=True, email_otp=True
                )
            ),
            feature_plan=cognito.FeaturePlan.ESSENTIALS,
            password_policy=cognito.PasswordPolicy(
                min_length=12,
                require_lowercase=True,
                require_uppercase=True,
                require_digits=True,
                require_symbols=True,
            ),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            removal_policy=removal_policy,
        )
