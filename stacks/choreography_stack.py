"""The example's bus and the services that follow its events."""

from pathlib import Path

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from constructs_lib.choreography import AppEventBus, ConsumerQueue, EventConsumer

LAMBDAS_FOLDER = Path(__file__).parent.parent / "lambdas"


class ChoreographyStack(Stack):
    """The application's bus; onboarding, analytics and support follow what happens on it."""

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_, description="Duet example: services that follow events")
        self.app_bus = AppEventBus(
            self, "AppBus", description="Sign-ups and triaged tickets", archive_retention_days=7
        )
        self.event_bus = self.app_bus.event_bus
        user_signed_up = events.EventPattern(detail_type=["UserSignedUp"])

        onboarding = EventConsumer(
            self,
            "Onboarding",
            code_folder=str(LAMBDAS_FOLDER),
            package="start_onboarding",
            state_key="userId",
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.app_bus.subscribe(
            "OnboardingOfNewUsers",
            event_pattern=user_signed_up,
            target=targets.LambdaFunction(onboarding.function),
        )

        analytics = ConsumerQueue(self, "Analytics")
        self.app_bus.subscribe(
            "AnalyticsOfSignUps",
            event_pattern=user_signed_up,
            target=targets.SqsQueue(analytics.queue),
        )

        support = ConsumerQueue(self, "Support")
        self.app_bus.subscribe(
            "SupportOfTriagedTickets",
            event_pattern=events.EventPattern(detail_type=["TicketTriaged"]),
            target=targets.SqsQueue(support.queue),
        )

        CfnOutput(self, "AppBusArn", value=self.event_bus.event_bus_arn)
        if self.app_bus.archive is not None:
            CfnOutput(self, "ArchiveArn", value=self.app_bus.archive.archive.archive_arn)
        CfnOutput(self, "OnboardingTableName", value=onboarding.state_table.table_name)
        CfnOutput(self, "AnalyticsQueueUrl", value=analytics.queue.queue_url)
        CfnOutput(self, "SupportQueueUrl", value=support.queue.queue_url)
