"""The sign-up without a coordinator: services that follow each other's events."""

from collections.abc import Sequence
from pathlib import Path

from aws_cdk import RemovalPolicy
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from constructs import Construct

from constructs_lib.choreography import AppEventBus, EventConsumer, QueueConsumer, Subscription
from constructs_lib.contracts import EventContract
from constructs_lib.orchestration import SignUpMail, passwordless_user_pool, users_table
from stacks import contracts
from stacks.operations import Operations

LAMBDAS_FOLDER = Path(__file__).parent.parent / "lambdas"

# The share of Cognito's 50 creations a second that a burst of sign-ups may take.
_MAX_CONCURRENCY = 5


class ChoreographedSignUp(Construct):
    """The outcome of ``SignUpWorkflow``, without confirmation, from ``SignUpRequested`` on.

    Each service has its queue, its decisions and its data to itself; people are welcomed where
    there is a ``mail_sender`` that SES has verified.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        app_bus: AppEventBus,
        operations: Operations,
        mail_sender: str | None,
    ) -> None:
        super().__init__(scope, id_)
        self._app_bus = app_bus
        self._operations = operations
        self.user_pool = passwordless_user_pool(
            self, "Identities", removal_policy=RemovalPolicy.DESTROY
        )
        self.profiles = users_table(self, "Profiles", removal_policy=RemovalPolicy.DESTROY)
        self.reservations = self._reserve_email().state_table
        self._create_identity()
        self._store_profile()
        if mail_sender is not None:
            self._send_welcome(SignUpMail(sender=mail_sender, confirmation=None))

    def _reserve_email(self) -> EventConsumer:
        service = self._service(
            "ReserveEmail",
            package="reserve_email",
            state_key="pk",
            follows=[
                contracts.SIGN_UP_REQUESTED,
                contracts.IDENTITY_NOT_CREATED,
                contracts.IDENTITY_DELETED,
            ],
            publishes=[
                contracts.EMAIL_RESERVED,
                contracts.SIGN_UP_REJECTED,
                contracts.SIGN_UP_FAILED,
            ],
        )
        service.state_table.grant(service.function, "dynamodb:DeleteItem")
        return service

    def _create_identity(self) -> None:
        service = self._service(
            "CreateIdentity",
            package="create_identity",
            state_key="userId",
            follows=[contracts.EMAIL_RESERVED, contracts.PROFILE_NOT_STORED],
            publishes=[
                contracts.IDENTITY_CREATED,
                contracts.IDENTITY_NOT_CREATED,
                contracts.IDENTITY_DELETED,
            ],
        )
        service.function.add_environment("USER_POOL_ID", self.user_pool.user_pool_id)
        self.user_pool.grant(
            service.function, "cognito-idp:AdminCreateUser", "cognito-idp:AdminDeleteUser"
        )

    def _store_profile(self) -> None:
        service = self._service(
            "StoreProfile",
            package="store_profile",
            state_key="userId",
            follows=[contracts.IDENTITY_CREATED],
            publishes=[contracts.USER_SIGNED_UP, contracts.PROFILE_NOT_STORED],
        )
        service.function.add_environment("PROFILES_TABLE_NAME", self.profiles.table_name)
        self.profiles.grant(
            service.function, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"
        )

    def _send_welcome(self, mail: SignUpMail) -> None:
        service = self._service(
            "SendWelcome",
            package="send_welcome",
            state_key="userId",
            follows=[contracts.USER_SIGNED_UP],
            publishes=[],
        )
        service.function.add_environment("USER_POOL_ID", self.user_pool.user_pool_id)
        service.function.add_environment("MAIL_SENDER", mail.sender)
        self.user_pool.grant(service.function, "cognito-idp:AdminGetUser")
        service.function.add_to_role_policy(
            iam.PolicyStatement(actions=["ses:SendEmail"], resources=[mail.identities_arn(self)])
        )
        service.function.add_to_role_policy(mail.deny_other_senders(self))

    def _service(
        self,
        id_: str,
        *,
        package: str,
        state_key: str,
        follows: Sequence[EventContract],
        publishes: Sequence[EventContract],
    ) -> EventConsumer:
        """A function that reads the events that it follows from a queue, and is watched."""
        consumer = EventConsumer(
            self,
            id_,
            code_folder=str(LAMBDAS_FOLDER),
            package=package,
            shared_packages=["event_models", "event_services"],
            state_key=state_key,
            removal_policy=RemovalPolicy.DESTROY,
        )
        fed = QueueConsumer(
            self, f"{id_}Messages", consumer=consumer, max_concurrency=_MAX_CONCURRENCY
        )
        subscription = Subscription(
            self,
            f"{id_}Events",
            event_bus=self._app_bus.event_bus,
            event_pattern=_any_of(follows),
            target=targets.SqsQueue(fed.queue),
        )
        if publishes:
            consumer.function.add_environment(
                "EVENT_BUS_NAME", self._app_bus.event_bus.event_bus_name
            )
            self._app_bus.grant_publish(
                consumer.function, sources=sorted({contract.source for contract in publishes})
            )
        title = package.replace("_", " ").capitalize()
        self._operations.watch_event_flow(
            self, f"{id_}EventsAlarms", title=title, flow=subscription
        )
        self._operations.watch_queue(
            self, f"{id_}MessagesAlarms", title=title, consumer=fed.consumer_queue
        )
        return consumer


def _any_of(follows: Sequence[EventContract]) -> dict[str, object]:
    """Events of these contracts that happen now.

    A replay repeats facts for those who keep count of them, not the steps of a sign-up.
    """
    patterns = [contract.pattern for contract in follows]
    asked = dict(patterns[0]) if len(patterns) == 1 else {"$or": patterns}
    return {**asked, "replay-name": [{"exists": False}]}
