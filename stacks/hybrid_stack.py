"""The example's way from a partner's event through a workflow back to the bus."""

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from constructs import Construct

from constructs_lib.choreography import FRESHWORKS, PartnerEventBus
from constructs_lib.hybrid import WorkflowTrigger
from constructs_lib.orchestration import TicketTriage


class HybridStack(Stack):
    """Freshdesk tickets start the triage workflow, which publishes on ``event_bus``."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        event_bus: events.IEventBus,
        users_table: dynamodb.ITable,
        freshdesk_event_source_name: str | None,
    ) -> None:
        super().__init__(scope, id_, description="Duet example: partner events start workflows")
        freshdesk = PartnerEventBus(
            self,
            "Freshdesk",
            partner=FRESHWORKS,
            event_source_name=freshdesk_event_source_name,
            archive_retention_days=7,
        )
        triage = TicketTriage(
            self,
            "Triage",
            table=users_table,
            event_bus=event_bus,
            removal_policy=RemovalPolicy.DESTROY,
        )
        WorkflowTrigger(
            self,
            "TriageOfNewTickets",
            event_bus=freshdesk.event_bus,
            event_pattern=freshdesk.event_pattern(),
            state_machine=triage.state_machine,
            workflow_input=TicketTriage.input_from_event(),
            description="Each Freshdesk ticket is triaged",
        )

        CfnOutput(self, "PartnerBusName", value=freshdesk.event_bus.event_bus_name)
        CfnOutput(self, "TriageStateMachineArn", value=triage.state_machine.state_machine_arn)
