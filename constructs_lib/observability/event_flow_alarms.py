"""The alarms of the way of events to one consumer."""

from aws_cdk import aws_sns as sns
from constructs import Construct

from constructs_lib.observability._alarm_rules import DEAD_LETTER_RULES, RULE_RULES
from constructs_lib.observability._metrics import add_alarms, require_titles, rule_dimensions
from constructs_lib.observability.event_flow import EventFlow
from constructs_lib.validation import require_between

_LATEST_MILLISECONDS = 24 * 60 * 60 * 1000


class EventFlowAlarms(Construct):
    """Tell ``topic`` when events to one consumer fail, get lost, are throttled, come late or wait.

    Creates four alarms a rule, in ``alarms`` by ``FailedInvocations``, ``EventsLost``,
    ``Throttled`` and ``Late`` (with ``2`` behind for the second rule, and so on), and two of the
    dead-letter queue by ``DeadLetters`` and ``DeadLettersExpire``. Rules, queue and topic stay the
    caller's.

    Args:
        flow: The subscription, with the targets that it has by now.
        topic: Where alarms go; an ``AlarmTopic``'s, or any that CloudWatch may publish on.
        title: What the business calls the flow, first in each alarm's description.
        late_after_milliseconds: From the event's arrival on the bus to the consumer's success, 1 to
            86,400,000 (EventBridge tries for 24 hours).
    Raises:
        ConfigError: ``title`` is empty or longer than 100 characters, or
            ``late_after_milliseconds`` is out of range.
    Source: EventBridge user guide, "Monitoring Amazon EventBridge", "Best practices for monitoring
        event delivery" (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        flow: EventFlow,
        topic: sns.ITopic,
        title: str,
        late_after_milliseconds: int = 30_000,
    ) -> None:
        require_titles("title", [title])
        require_between(
            "late_after_milliseconds",
            late_after_milliseconds,
            1,
            _LATEST_MILLISECONDS,
            remedy="30,000 is thirty seconds",
        )
        super().__init__(scope, id_)
        self.alarms = add_alarms(
            self,
            DEAD_LETTER_RULES,
            title=title,
            dimensions={"QueueName": flow.dead_letter_queue.queue_name},
            topic=topic,
        )
        for number, rule in enumerate(flow.rules, start=1):
            self.alarms |= add_alarms(
                self,
                RULE_RULES,
                title=title,
                dimensions=rule_dimensions(rule),
                topic=topic,
                thresholds={"Late": late_after_milliseconds},
                suffix="" if number == 1 else str(number),
            )
