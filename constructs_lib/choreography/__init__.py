"""Services that follow each other's events: buses, subscriptions, archives, partners, consumers."""

from constructs_lib.choreography.api_endpoint import ApiEndpoint
from constructs_lib.choreography.consumer_queue import ConsumerQueue
from constructs_lib.choreography.event_archive import EventArchive
from constructs_lib.choreography.event_bus import AppEventBus
from constructs_lib.choreography.event_consumer import EventConsumer
from constructs_lib.choreography.event_schemas import EventSchemas
from constructs_lib.choreography.log_group_target import LogGroupTarget
from constructs_lib.choreography.partner_event_bus import PartnerEventBus
from constructs_lib.choreography.pipe_target import PipeTarget
from constructs_lib.choreography.queue_consumer import QueueConsumer
from constructs_lib.choreography.queue_pipe import QueuePipe
from constructs_lib.choreography.replay import Replay
from constructs_lib.choreography.stream_pipe import StreamPipe
from constructs_lib.choreography.stream_reading import StreamReading
from constructs_lib.choreography.subscription import Subscription
from constructs_lib.partners import (
    AUTH0,
    DATADOG,
    FRESHWORKS,
    KNOWN_PARTNERS,
    MONGODB,
    OKTA,
    SALESFORCE,
    SHOPIFY,
    STRIPE,
    PartnerSource,
)

__all__ = [
    "AUTH0",
    "DATADOG",
    "FRESHWORKS",
    "KNOWN_PARTNERS",
    "MONGODB",
    "OKTA",
    "SALESFORCE",
    "SHOPIFY",
    "STRIPE",
    "ApiEndpoint",
    "AppEventBus",
    "ConsumerQueue",
    "EventArchive",
    "EventConsumer",
    "EventSchemas",
    "LogGroupTarget",
    "PartnerEventBus",
    "PartnerSource",
    "PipeTarget",
    "QueueConsumer",
    "QueuePipe",
    "Replay",
    "StreamPipe",
    "StreamReading",
    "Subscription",
]
