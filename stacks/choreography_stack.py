"""The example's bus and the services that follow its events."""

from pathlib import Path

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from constructs_lib.choreography import (
    AppEventBus,
    ConsumerQueue,
    EventConsumer,
    EventSchemas,
    Replay,
)
from constructs_lib.observability import AlarmTopic
from stacks.choreographed_sign_up import ChoreographedSignUp
from stacks.contracts import (
    CONTRACTS,
    SIGN_UP_FAILED,
    TICKET_TRIAGED,
    USER_SIGNED_UP,
    WITH_PERSONAL_DATA,
)
from stacks.operations import Operations

LAMBDAS_FOLDER = Path(__file__).parent.parent / "lambdas"


class ChoreographyStack(Stack):
    """The application's bus, and who follows it: sign-up, onboarding, analytics and support."""

    def __init__(self, scope: Construct, id_: str, *, mail_sender: str | None) -> None:
        super().__init__(scope, id_, description="Duet example: services that follow events")
        self.app_bus = AppEventBus(
            self,
            "AppBus",
            description="Sign-ups and triaged tickets",
            archive_retention_days=7,
            archive_pattern={"detail-type": [{"anything-but": WITH_PERSONAL_DATA}]},
        )
        self.event_bus = self.app_bus.event_bus
        self.operations = Operations(topic=AlarmTopic(self, "AlarmTopic").topic)
        sign_up = ChoreographedSignUp(
            self,
            "SignUp",
            app_bus=self.app_bus,
            operations=self.operations,
            mail_sender=mail_sender,
        )
        EventSchemas(self, "Schemas", contracts=CONTRACTS)

        onboarding = EventConsumer(
            self,
            "Onboarding",
            code_folder=str(LAMBDAS_FOLDER),
            package="start_onboarding",
            shared_packages=["event_models"],
            state_key="userId",
            removal_policy=RemovalPolicy.DESTROY,
        )
        onboarding_of_new_users = self.app_bus.subscribe(
            "OnboardingOfNewUsers",
            event_pattern=USER_SIGNED_UP,
            target=targets.LambdaFunction(onboarding.function),
        )

        analytics = ConsumerQueue(self, "Analytics")
        analytics_of_sign_ups = self.app_bus.subscribe(
            "AnalyticsOfSignUps",
            event_pattern=USER_SIGNED_UP,
            target=targets.SqsQueue(analytics.queue),
        )

        support = ConsumerQueue(self, "Support")
        support_of_triaged_tickets = self.app_bus.subscribe(
            "SupportOfTriagedTickets",
            event_pattern=TICKET_TRIAGED,
            target=targets.SqsQueue(support.queue),
        )
        # What a compensation could not undo waits for a person.
        support_of_remains = self.app_bus.subscribe(
            "SupportOfRemains",
            event_pattern={
                **SIGN_UP_FAILED.pattern,
                "detail": {"notUndone": {"Step": [{"exists": True}]}},
            },
            target=targets.SqsQueue(support.queue),
        )

        watch = self.operations
        for title, flow in (
            ("Onboarding of new users", onboarding_of_new_users),
            ("Analytics of sign-ups", analytics_of_sign_ups),
            ("Support of triaged tickets", support_of_triaged_tickets),
            ("Support of sign-ups not undone", support_of_remains),
        ):
            watch.watch_event_flow(self, f"{flow.node.id}Alarms", title=title, flow=flow)
        watch.watch_queue(self, "AnalyticsAlarms", title="Analytics", consumer=analytics)
        watch.watch_queue(self, "SupportAlarms", title="Support", consumer=support)
        watch.watch_function(self, "OnboardingAlarms", title="Onboarding", consumer=onboarding)

        CfnOutput(self, "AlarmTopicArn", value=watch.topic.topic_arn)
        CfnOutput(self, "AppBusArn", value=self.event_bus.event_bus_arn)
        if self.app_bus.archive is not None:
            replay = Replay(self, "Replay", archive=self.app_bus.archive)
            watch.watch_workflow(
                self, "ReplayAlarms", title="Replay", state_machine=replay.state_machine
            )
            CfnOutput(self, "ArchiveArn", value=self.app_bus.archive.archive.archive_arn)
            CfnOutput(self, "ReplayWorkflowArn", value=replay.state_machine.state_machine_arn)
        CfnOutput(self, "OnboardingTableName", value=onboarding.state_table.table_name)
        CfnOutput(self, "AnalyticsQueueUrl", value=analytics.queue.queue_url)
        CfnOutput(self, "SupportQueueUrl", value=support.queue.queue_url)
        CfnOutput(self, "ChoreographedUserPoolId", value=sign_up.user_pool.user_pool_id)
        CfnOutput(self, "ProfilesTableName", value=sign_up.profiles.table_name)
        CfnOutput(self, "ReservationsTableName", value=sign_up.reservations.table_name)
