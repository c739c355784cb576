"""Services that follow each other's events: buses, subscriptions, archives, partners, consumers."""

from constructs_lib.choreography.consumer_queue import ConsumerQueue
from constructs_lib.choreography.event_archive import EventArchive
from constructs_lib.choreography.event_bus import AppEventBus
from constructs_lib.choreography.event_consumer import EventConsumer
from constructs_lib.choreography.partner_event_bus import PartnerEventBus
from constructs_lib.choreography.partner_sources import FRESHWORKS, PartnerSource
from constructs_lib.choreography.subscription import Subscription

__all__ = [
    "FRESHWORKS",
    "AppEventBus",
    "ConsumerQueue",
    "EventArchive",
    "EventConsumer",
    "PartnerEventBus",
    "PartnerSource",
    "Subscription",
]
