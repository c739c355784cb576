"""What services that follow events have in common: reading a queue, deciding once, publishing."""

from event_services.decisions import Decisions
from event_services.event_publisher import EventPublisher
from event_services.event_service import EventService
from event_services.refused import Refused

__all__ = ["Decisions", "EventPublisher", "EventService", "Refused"]
