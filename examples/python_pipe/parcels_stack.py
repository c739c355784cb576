"""Parcels that are ready, from a table's stream through a pipe to the API of a carrier."""

import json
from typing import Any

from aws_cdk import CfnParameter, Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_pipes as pipes
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs
from constructs import Construct

READY = {
    "eventName": ["INSERT", "MODIFY"],
    "dynamodb": {"NewImage": {"status": {"S": ["READY"]}}},
}


class ParcelsStack(Stack):
    """Table -> pipe (filter, enrichment) -> bus -> rule -> API destination."""

    def __init__(self, scope: Construct, construct_id: str, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        carrier_url = CfnParameter(
            self, "CarrierUrl", default="https://api.carrier.example.com/pickups"
        )
        table = dynamodb.Table(
            self,
            "Parcels",
            partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            stream=dynamodb.StreamViewType.NEW_IMAGE,
        )
        add_route = lambda_.Function(
            self,
            "AddRoute",
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler="index.handler",
            code=lambda_.Code.from_asset("handlers/add_route"),
        )
        bus = events.EventBus(self, "Bus")
        self._connect(table, add_route, bus)
        self._call_carrier(bus, carrier_url.value_as_string)

    def _connect(
        self, table: dynamodb.Table, enrichment: lambda_.Function, bus: events.EventBus
    ) -> None:
        role = iam.Role(self, "PipeRole", assumed_by=iam.ServicePrincipal("pipes.amazonaws.com"))
        table.grant_stream_read(role)
        enrichment.grant_invoke(role)
        bus.grant_put_events_to(role)
        pipes.CfnPipe(
            self,
            "ReadyParcels",
            role_arn=role.role_arn,
            source=str(table.table_stream_arn),
            source_parameters=pipes.CfnPipe.PipeSourceParametersProperty(
                dynamo_db_stream_parameters=pipes.CfnPipe.PipeSourceDynamoDBStreamParametersProperty(
                    starting_position="TRIM_HORIZON", batch_size=10, maximum_retry_attempts=3
                ),
                filter_criteria=pipes.CfnPipe.FilterCriteriaProperty(
                    filters=[pipes.CfnPipe.FilterProperty(pattern=json.dumps(READY))]
                ),
            ),
            enrichment=enrichment.function_arn,
            enrichment_parameters=pipes.CfnPipe.PipeEnrichmentParametersProperty(
                input_template=(
                    '{"id": <$.dynamodb.NewImage.id.S>, "zip": <$.dynamodb.NewImage.zip.S>}'
                )
            ),
            target=bus.event_bus_arn,
            target_parameters=pipes.CfnPipe.PipeTargetParametersProperty(
                event_bridge_event_bus_parameters=pipes.CfnPipe.PipeTargetEventBridgeEventBusParametersProperty(
                    source="parcels", detail_type="ParcelReady"
                )
            ),
        )

    def _call_carrier(self, bus: events.EventBus, url: str) -> None:
        key = secretsmanager.Secret(self, "CarrierKey")
        connection = events.Connection(
            self,
            "Carrier",
            authorization=events.Authorization.api_key("x-api-key", key.secret_value),
        )
        destination = events.ApiDestination(
            self, "Pickups", connection=connection, endpoint=url, rate_limit_per_second=10
        )
        events.Rule(
            self,
            "OrderPickup",
            event_bus=bus,
            event_pattern=events.EventPattern(source=["parcels"], detail_type=["ParcelReady"]),
            targets=[
                targets.ApiDestination(
                    destination,
                    event=events.RuleTargetInput.from_event_path("$.detail"),
                    dead_letter_queue=sqs.Queue(self, "MissedPickups"),
                    max_event_age=Duration.hours(2),
                )
            ],
        )
