"""A Python Lambda function that handles events."""

from collections.abc import Sequence

from aws_cdk import Duration, IgnoreMode, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_logs as logs
from constructs import Construct

from constructs_lib.choreography._queues import safe_queue
from constructs_lib.validation import require_match

#: Account and version of the public layer with Powertools for AWS Lambda (Python) and pydantic.
#: Source: aws-powertools/powertools-lambda-python, docs/index.md, "Lambda layer", as of its pull
#: request 7757 (read 2026-11-23).
POWERTOOLS_LAYER_ACCOUNT = "017000801446"
POWERTOOLS_LAYER_VERSION = 27


class EventConsumer(Construct):
    """Create a Lambda function for events, with what makes it safe under repeated delivery.

    The function (Python 3.13 on ARM, with the Powertools layer), its log group, its idempotency
    table (items expire) and its state table belong to the consumer alone: services that follow
    events share no data store. The function finds the tables' names in ``IDEMPOTENCY_TABLE_NAME``
    and ``STATE_TABLE_NAME``.

    EventBridge is done with an event once Lambda has taken it. What the function then fails with
    three times goes to ``dead_letter_queue``, with the error, and ``duet dead-letters redrive``
    gives it to the function again.

    Args:
        code_folder: Folder whose sub-folders are the functions' packages.
        package: The package to run; its entry is ``<package>.handler.handler``.
        state_key: Text partition key of the state table.
        shared_packages: Further packages of ``code_folder`` that the function imports, such as the
            models of events.
        timeout: Longest time one invocation may take.
        memory_mib: Memory in MiB, 128 to 10240.
        removal_policy: What becomes of the state table when the stack is deleted.
    Raises:
        ConfigError: ``package`` or a shared one is not a Python package name.
    Source: Lambda developer guide, "Capturing records of Lambda asynchronous invocations" (read
        2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        code_folder: str,
        package: str,
        state_key: str,
        shared_packages: Sequence[str] = (),
        timeout: Duration | None = None,
        memory_mib: int = 256,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, id_)
        _require_package("package", package)
        for shared in shared_packages:
            _require_package("shared_packages", shared)
        self.idempotency_table = self._table("Idempotency", "id", RemovalPolicy.DESTROY)
        self.state_table = self._table("State", state_key, removal_policy)
        log_group = logs.LogGroup(
            self,
            "Logs",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=RemovalPolicy.DESTROY,
        )
        # CDK's own role may write to every log group of the account.
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(role)
        self.function = lambda_.Function(
            self,
            "Resource",
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"{package}.handler.handler",
            code=_code(code_folder, (package, *shared_packages)),
            layers=[self._powertools_layer()],
            timeout=timeout or Duration.seconds(10),
            memory_size=memory_mib,
            tracing=lambda_.Tracing.ACTIVE,
            environment={
                "IDEMPOTENCY_TABLE_NAME": self.idempotency_table.table_name,
                "STATE_TABLE_NAME": self.state_table.table_name,
                "POWERTOOLS_SERVICE_NAME": package,
            },
            role=role,
            log_group=log_group,
        )
        self.dead_letter_queue = safe_queue(self, "DeadLetters")
        # A destination, not the function's own dead-letter queue: that one learns neither which
        # function failed nor how.
        self.function.configure_async_invoke(
            on_failure=destinations.SqsDestination(self.dead_letter_queue)
        )
        # The idempotency record is read, written and, after a failure, deleted.
        self.idempotency_table.grant(
            self.function,
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:UpdateItem",
            "dynamodb:DeleteItem",
        )
        self.state_table.grant(
            self.function, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"
        )

    def _table(self, id_: str, key: str, removal_policy: RemovalPolicy) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            id_,
            partition_key=dynamodb.Attribute(name=key, type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute="expiration" if id_ == "Idempotency" else None,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            removal_policy=removal_policy,
        )

    def _powertools_layer(self) -> lambda_.ILayerVersion:
        arn = (
            f"arn:{Stack.of(self).partition}:lambda:{Stack.of(self).region}:"
            f"{POWERTOOLS_LAYER_ACCOUNT}:layer:AWSLambdaPowertoolsPythonV3-python313-arm64:"
            f"{POWERTOOLS_LAYER_VERSION}"
        )
        return lambda_.LayerVersion.from_layer_version_arn(self, "Powertools", arn)


def _require_package(argument: str, package: str) -> None:
    require_match(
        argument,
        package,
        r"[a-z_][a-z0-9_]*",
        rule="be a Python package name",
        remedy="name a folder in code_folder, for example 'start_onboarding'",
    )


def _code(code_folder: str, packages: Sequence[str]) -> lambda_.AssetCode:
    """An asset of these packages alone: a change elsewhere does not redeploy the function."""
    kept = [pattern for package in packages for pattern in (f"!{package}", f"!{package}/*.py")]
    return lambda_.Code.from_asset(code_folder, exclude=["*", *kept], ignore_mode=IgnoreMode.GIT)
