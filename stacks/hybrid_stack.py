"""The example's way from a partner's event through a workflow back to the bus."""

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from constructs_lib.choreography import FRESHWORKS, ApiEndpoint, PartnerEventBus, Subscription
from constructs_lib.hybrid import WorkflowTrigger
from constructs_lib.orchestration import TicketTriage
from stacks.contracts import USER_SIGNED_UP
from stacks.operations import Operations

# The slowest that EventBridge offers; a plan that bears less answers 429, which is tried again.
_CRM_CALLS_PER_SECOND = 1


class HybridStack(Stack):
    """Freshdesk tickets start the triage workflow, which publishes on ``event_bus``.

    New users become contacts in Freshdesk where there is a ``crm_endpoint``, for example
    ``https://acme.freshdesk.com/api/v2/contacts``. The secret ``crm_secret_name`` is the operator's
    and holds, as ``authorization``, the header of that name: ``Basic`` and the Base64 of the API
    key, a colon and an ``X``.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        event_bus: events.IEventBus,
        users_table: dynamodb.ITable,
        operations: Operations,
        freshdesk_event_source_name: str | None,
        crm_endpoint: str | None,
        crm_secret_name: str,
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
        trigger = WorkflowTrigger(
            self,
            "TriageOfNewTickets",
            event_bus=freshdesk.event_bus,
            event_pattern=freshdesk.event_pattern(detail={"ticket": {"id": events.Match.exists()}}),
            state_machine=triage.state_machine,
            workflow_input=TicketTriage.input_from_event(),
            description="Each Freshdesk ticket is triaged",
        )

        operations.watch_workflow(
            self, "TriageAlarms", title="Ticket triage", state_machine=triage.state_machine
        )
        operations.watch_event_flow(
            self, "TriageOfNewTicketsAlarms", title="Freshdesk tickets", flow=trigger.subscription
        )
        if crm_endpoint is not None:
            crm = self._crm(crm_endpoint, crm_secret_name)
            contacts = Subscription(
                self,
                "ContactsOfNewUsers",
                event_bus=event_bus,
                # The CRM keeps its contacts: who replays the past does not mean them.
                event_pattern={
                    **USER_SIGNED_UP.pattern,
                    "replay-name": [{"exists": False}],
                },
                target=crm.target(
                    event=_contact(),
                    header_parameters={"X-Correlation-Id": "$.detail.correlationId"},
                ),
                description="Each new user becomes a contact in the CRM",
            )
            operations.watch_event_flow(
                self, "ContactsOfNewUsersAlarms", title="CRM contacts", flow=contacts
            )
            CfnOutput(self, "CrmApiDestinationName", value=crm.api_destination.api_destination_name)

        CfnOutput(self, "PartnerBusName", value=freshdesk.event_bus.event_bus_name)
        CfnOutput(self, "TriageStateMachineArn", value=triage.state_machine.state_machine_arn)

    def _crm(self, endpoint: str, secret_name: str) -> ApiEndpoint:
        secret = secretsmanager.Secret.from_secret_name_v2(self, "CrmSecret", secret_name)
        return ApiEndpoint(
            self,
            "Crm",
            endpoint=endpoint,
            # Freshdesk's key is the user name of basic authentication, and DescribeConnection shows
            # user names: the whole header is the secret.
            authorization=events.Authorization.api_key(
                "Authorization", secret.secret_value_from_json("authorization")
            ),
            rate_limit_per_second=_CRM_CALLS_PER_SECOND,
            description="Freshdesk contacts",
        )


def _contact() -> events.RuleTargetInput:
    """A contact without personal data: Freshdesk wants a name, and takes each external id once.

    EventBridge tries a duplicate that is refused with 409 again for a day; it then ends in the
    dead-letter queue, where it may be deleted. Inference: 409 is what Freshdesk answers.
    """
    user_id = events.EventField.from_path("$.detail.userId")
    return events.RuleTargetInput.from_object(
        {"name": f"User {user_id}", "unique_external_id": user_id}
    )
